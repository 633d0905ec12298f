// Which password an attempt carries where every request brings its own, and who waits when the server refuses it.
#include <gtest/gtest.h>

#include <set>

#include "tests/gateway/delivery/world.h"
#include "tests/gateway/signing.h"

namespace titip::delivery {
namespace {

using namespace std::chrono_literals;
using storage::State;
using tests::World;
using tests::WorldOptions;

constexpr auto facility = "0905R002";

// "Basic " and Base64 of petugas:PASSWORD:095, and of another user's.
const std::string old_one = "Basic cGV0dWdhczpsYW1hOjA5NQ==";
const std::string new_one = "Basic cGV0dWdhczpiYXJ1OjA5NQ==";
const std::string colleagues = "Basic YmlkYW46cmFoYXNpYTowOTU=";

// The server lets in whoever sends one of these.
class GuardedWorld {
 public:
  GuardedWorld() : world(options()) { serve(); }
  void serve() {
    world.facilities().add(tests::signing_facility(facility));
    world.transport().server = [this](const client::OutboundRequest& call) -> std::optional<rules::Exchange> {
      const std::string sent(tests::header(call, "X-authorization"));
      if (call.method != "GET") carried.push_back(sent);
      if (let_in.contains(sent)) return world.server(call);
      ++refused;
      return tests::national(401, 401, "Username atau password salah");
    };
  }
  storage::SubmissionId dose(int number, const std::string& authorization) {
    world.clinics_send(scheme::encode(scheme::Credentials{"", authorization}));
    return world.accept({.nik = tests::person(number)});
  }

  static WorldOptions options() {
    WorldOptions options;
    options.profile = [](profile::Profile& profile) {
      profile.scheme = tests::signing_profile().scheme;
      for (auto& rule : profile.rules)
        if (rule.outcome == profile::RuleOutcome::login_expired)
          rule.outcome = profile::RuleOutcome::credentials_refused;
    };
    return options;
  }

  World world;
  std::set<std::string> let_in;
  std::vector<std::string> carried;  // by writes, in order
  int refused = 0;
};

TEST(Authorization, a_record_goes_with_its_own) {
  GuardedWorld at;
  at.let_in = {old_one, new_one, colleagues};
  at.world.start();
  at.dose(1, new_one);
  at.dose(2, old_one);
  at.dose(3, colleagues);
  EXPECT_EQ(at.carried, (std::vector{new_one, old_one, colleagues}));
}

TEST(Authorization, a_refused_one_is_replaced_by_what_the_server_took_since) {
  GuardedWorld at;
  at.let_in = {new_one};
  at.world.start();
  at.dose(1, new_one);
  const auto id = at.dose(2, old_one);
  EXPECT_EQ(at.world.state(id), State::delivered);
  EXPECT_EQ(at.carried, (std::vector{new_one, old_one, new_one}));
  EXPECT_EQ(at.world.load(id).submission.attempts, 1U) << "what was refused burnt nothing";
  EXPECT_EQ(at.world.state(at.dose(3, old_one)), State::delivered);
  EXPECT_EQ(at.refused, 1) << "and is not tried again";
}

TEST(Authorization, another_users_is_not_theirs) {
  GuardedWorld at;
  at.let_in = {colleagues};
  at.world.start();
  at.dose(1, colleagues);
  const auto id = at.dose(2, old_one);
  at.world.pass(10min);
  EXPECT_EQ(at.world.state(id), State::queued);
  EXPECT_EQ(at.refused, 1);
}

TEST(Authorization, one_that_was_taken_on_a_read_ends_the_pause) {
  GuardedWorld at;
  at.let_in = {new_one};
  at.world.start();
  const auto id = at.dose(1, old_one);
  at.world.pass(5min);
  EXPECT_EQ(at.world.state(id), State::queued);
  EXPECT_EQ(at.refused, 1);
  at.world.dispatcher().authorization_accepted(facility, new_one);
  at.world.run();
  EXPECT_EQ(at.world.state(id), State::delivered);
  EXPECT_EQ(at.carried, (std::vector{old_one, new_one}));
}

TEST(Authorization, what_was_taken_outlives_the_process) {
  GuardedWorld at;
  at.let_in = {new_one};
  at.world.start();
  at.dose(1, new_one);
  at.world.kill();
  at.serve();
  at.world.start();
  const auto id = at.dose(2, old_one);
  at.world.pass(1min);
  EXPECT_EQ(at.world.state(id), State::delivered);
  EXPECT_EQ(at.carried, (std::vector{new_one, old_one, new_one}));
}

TEST(Authorization, one_that_is_refused_later_is_no_help) {
  GuardedWorld at;
  at.let_in = {new_one};
  at.world.start();
  at.dose(1, new_one);
  at.let_in = {};
  const auto id = at.dose(2, new_one);
  at.world.pass(10min);
  EXPECT_EQ(at.world.state(id), State::queued);
  EXPECT_EQ(at.refused, 1);
  EXPECT_EQ(at.world.load(id).submission.attempts, 0U);
}

}  // namespace
}  // namespace titip::delivery
