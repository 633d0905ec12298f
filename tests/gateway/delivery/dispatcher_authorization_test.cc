// Which password an attempt carries where every request brings its own, and who waits when the server refuses it.
#include <gtest/gtest.h>

#include <set>

#include "tests/gateway/delivery/world.h"
#include "tests/gateway/signing.h"
#include "upstream/scheme/base64.h"

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
const std::string third_users = "Basic ZG9rdGVyOnJhaGFzaWE6MDk1";

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
  at.world.dispatcher().authorization_accepted(facility, {"", new_one});
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

// One user's dead password is that user's trouble.
TEST(Authorization, a_dead_password_lets_the_same_facilitys_other_users_go_on) {
  GuardedWorld at;
  at.let_in = {colleagues};
  at.world.start();
  std::vector<storage::SubmissionId> theirs;
  std::vector<storage::SubmissionId> others;
  for (int number = 0; number < 30; ++number) theirs.push_back(at.dose(number, old_one));
  EXPECT_TRUE(at.world.metrics().contains("titip_facilities_paused{destination=\"pcare-vaksin\"} 1"))
      << "nobody else's password is known to be taken";
  for (int number = 30; number < 60; ++number) others.push_back(at.dose(number, colleagues));
  for (const auto& id : others) EXPECT_EQ(at.world.state(id), State::delivered);
  EXPECT_EQ(at.refused, 1);
  EXPECT_TRUE(at.world.metrics().contains("titip_facilities_paused{destination=\"pcare-vaksin\"} 0"));
  at.world.pass(12h);
  EXPECT_EQ(at.world.state(at.dose(99, colleagues)), State::delivered);
  EXPECT_GE(at.refused, 4);
  EXPECT_LE(at.refused, 8) << "accounts lock";
  for (const auto& id : theirs) {
    EXPECT_EQ(at.world.state(id), State::queued);
    EXPECT_EQ(at.world.load(id).submission.attempts, 0U);
  }
}

// Also where both stand in one backlog, whoever comes first.
TEST(Authorization, a_backlog_of_several_users_is_delivered_but_for_the_dead_password) {
  GuardedWorld at;
  at.let_in = {colleagues, third_users};
  at.world.server.mood = tests::Mood::refuse;
  std::vector<storage::SubmissionId> theirs;
  std::vector<storage::SubmissionId> others;
  for (int number = 0; number < 200; ++number) {
    const bool dead = number % 4 != 0;
    (dead ? theirs : others).push_back(at.dose(number, dead ? old_one : number % 8 == 0 ? colleagues : third_users));
  }
  at.world.server.mood = tests::Mood::serve;
  at.world.start();
  at.world.pass(1min);
  for (const auto& id : others) EXPECT_EQ(at.world.state(id), State::delivered);
  for (const auto& id : theirs) EXPECT_EQ(at.world.state(id), State::queued);
  EXPECT_LE(at.refused, 8) << "as many as were under way when the first came back";
  at.let_in.insert(old_one);  // somebody has unlocked the account
  at.world.pass(15min);
  for (const auto& id : theirs) EXPECT_EQ(at.world.state(id), State::delivered);
}

TEST(Authorization, a_newer_password_in_the_queue_is_tried_at_once_and_brings_the_older_records_along) {
  GuardedWorld at;
  at.let_in = {new_one};
  at.world.start();
  std::vector<storage::SubmissionId> ids;
  for (int number = 0; number < 20; ++number) ids.push_back(at.dose(number, old_one));
  at.world.pass(1min);
  EXPECT_EQ(at.refused, 1);
  ids.push_back(at.dose(20, new_one));
  for (const auto& id : ids) EXPECT_EQ(at.world.state(id), State::delivered) << "without a read, and without waiting";
  EXPECT_EQ(at.refused, 1);
  EXPECT_EQ(at.world.server.effects().size(), 21U);
}

TEST(Authorization, a_newer_password_that_is_dead_too_is_tried_once) {
  GuardedWorld at;
  at.world.start();
  at.dose(0, old_one);
  at.dose(1, new_one);
  for (int number = 2; number < 20; ++number) at.dose(number, number % 2 == 0 ? old_one : new_one);
  at.world.pass(14min);
  EXPECT_EQ(at.refused, 2);
}

// A secret that is wrong is refused with everybody's password.
TEST(Authorization, so_many_users_refused_are_the_facility_refused) {
  GuardedWorld at;
  at.world.start();
  for (int number = 0; number < 40; ++number)
    at.dose(number, "Basic " + scheme::to_base64("user" + std::to_string(number) + ":x:095"));
  at.world.pass(14min);
  EXPECT_EQ(at.refused, 3);
  EXPECT_TRUE(at.world.metrics().contains("titip_facilities_paused{destination=\"pcare-vaksin\"} 1"));
  at.world.pass(24h);
  EXPECT_LE(at.refused, 30);
}

TEST(Authorization, three_dead_passwords_do_not_keep_the_fourth_user_out) {
  GuardedWorld at;
  at.let_in = {colleagues};
  at.world.start();
  for (int number = 0; number < 30; ++number)
    at.dose(number, "Basic " + scheme::to_base64("user" + std::to_string(number % 3) + ":x:095"));
  const auto fourth = at.dose(90, colleagues);
  at.world.pass(14min);
  EXPECT_EQ(at.world.state(fourth), State::queued) << "so many refused are the facility refused";
  at.world.pass(1min);
  EXPECT_EQ(at.world.state(fourth), State::delivered);
  at.world.pass(1h);
  EXPECT_EQ(at.world.state(at.dose(91, colleagues)), State::delivered);
}

// An account that somebody unlocks is found, one user after the other.
TEST(Authorization, users_of_a_refused_facility_take_turns) {
  GuardedWorld at;
  at.world.start();
  const auto password = [](int user) { return "Basic " + scheme::to_base64("user" + std::to_string(user) + ":x:095"); };
  std::vector<storage::SubmissionId> ids;
  for (int number = 0; number < 5; ++number) ids.push_back(at.dose(number, password(number)));
  at.world.pass(24h);
  const std::set<std::string> tried(at.carried.begin(), at.carried.end());
  EXPECT_EQ(tried.size(), 5U);
  at.let_in = {password(4)};
  at.world.pass(48h);
  EXPECT_EQ(at.world.state(ids[4]), State::delivered);
}

TEST(Authorization, what_is_refused_for_a_day_is_held_and_says_why) {
  GuardedWorld at;
  at.let_in = {colleagues};
  at.world.start();
  const auto first = at.dose(1, old_one);
  const auto second = at.dose(2, old_one);
  at.world.clinics_send(scheme::encode(scheme::Credentials{"", colleagues}));
  const auto behind = at.world.accept({.nik = tests::person(1), .batch = "B2", .number = 2});
  at.world.pass(23h);
  EXPECT_EQ(at.world.state(first), State::queued);
  at.world.pass(8h);
  const auto held = at.world.load(first).submission;
  EXPECT_EQ(held.state, State::held);
  EXPECT_EQ(held.hold_reason, storage::HoldReason::credentials);
  EXPECT_EQ(held.attempts, 0U);
  EXPECT_EQ(at.world.state(second), State::queued) << "it waits for a newer password";
  EXPECT_EQ(at.world.state(behind), State::queued) << "in order";
  at.let_in.insert(new_one);
  at.dose(3, new_one);
  EXPECT_EQ(at.world.state(second), State::delivered);
  storage::Transition release;
  release.id = first;
  release.expected_state = State::held;
  release.expected_version = held.version;
  release.event = storage::Event::release;
  at.world.change(release);
  EXPECT_EQ(at.world.state(first), State::delivered) << "with the one that the server took";
  EXPECT_EQ(at.world.state(behind), State::delivered);
}

TEST(Authorization, a_restart_does_not_begin_the_day_anew) {
  GuardedWorld at;
  at.world.start();
  const auto id = at.dose(1, old_one);
  for (int life = 0; life < 7 && at.world.state(id) == State::queued; ++life) {
    at.world.pass(5h);
    at.world.kill();
    at.serve();
    at.world.start();
  }
  EXPECT_EQ(at.world.load(id).submission.hold_reason, storage::HoldReason::credentials);
}

// A question carries the password too.
TEST(Authorization, an_unknown_outcome_is_not_asked_after_again_and_again_with_a_dead_password) {
  GuardedWorld at;
  at.let_in = {old_one, colleagues};
  at.world.server.next_writes = {tests::Mood::lose_reply};
  at.world.start();
  const auto id = at.dose(1, old_one);
  EXPECT_EQ(at.world.state(id), State::unknown);
  at.let_in = {colleagues};
  at.world.pass(2h);
  EXPECT_LE(at.refused, 5);
  EXPECT_EQ(at.world.state(at.dose(2, colleagues)), State::delivered);
  at.let_in.insert(new_one);
  at.dose(3, new_one);
  at.world.pass(6min);
  EXPECT_EQ(at.world.state(id), State::delivered);
  EXPECT_EQ(at.world.server.effects_of(tests::person(1)).size(), 1U);
}

TEST(Authorization, a_health_read_goes_with_whom_the_server_let_in) {
  GuardedWorld at;
  at.let_in = {new_one};
  at.world.start();
  EXPECT_EQ(at.world.dispatcher().health_credentials(), std::nullopt);
  at.dose(1, new_one);
  const LetIn known{facility, {"", new_one}};
  EXPECT_EQ(at.world.dispatcher().health_credentials(), known);
  at.world.kill();
  at.serve();
  at.world.start();
  EXPECT_EQ(at.world.dispatcher().health_credentials(), known) << "it was written down";
  at.world.dispatcher().health_read_refused(known);
  at.world.run();
  EXPECT_EQ(at.world.dispatcher().health_credentials(), std::nullopt);
  at.world.kill();
  at.serve();
  at.world.start();
  EXPECT_EQ(at.world.dispatcher().health_credentials(), std::nullopt) << "and erased";
}

}  // namespace
}  // namespace titip::delivery
