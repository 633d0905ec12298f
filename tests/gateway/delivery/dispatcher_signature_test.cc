// Delivery to a service of the scheme bpjs_signature: signed afresh at every attempt, replies opened before they are
// judged, and what happens where there is nothing to sign with or the server refuses it.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <set>

#include "storage/kept_reply.h"
#include "tests/gateway/delivery/world.h"
#include "tests/gateway/signing.h"

namespace titip::delivery {
namespace {

using namespace std::chrono_literals;
using scheme::Consumer;
using storage::Outcome;
using storage::State;
using tests::clinic;
using tests::Mood;
using tests::person;
using tests::World;
using tests::WorldOptions;

constexpr auto facility = "0905R002";
constexpr auto other_facility = "0905R003";
const Consumer other{"10002", "another clinic's secret"};

// The server knows both clinics, refuses whoever did not sign for this very second, and seals what it says.
class SignedWorld {
 public:
  SignedWorld() : world(options()) {
    world.facilities().add(tests::signing_facility(facility));
    world.facilities().add(tests::signing_facility(other_facility, other));
    serve();
  }
  void serve() {
    world.transport().server = [this](const client::OutboundRequest& call) -> std::optional<rules::Exchange> {
      for (const auto& consumer : {known, other}) {
        if (!tests::is_signed(call, consumer, world.clock.wall())) continue;
        timestamps.emplace_back(tests::header(call, "X-timestamp"));
        auto exchange = world.server(call);
        if (exchange) exchange = tests::sealed(world.profile(), call, consumer, *std::move(exchange));
        return exchange;
      }
      refused += call.target == world.profile().health_read ? 0 : 1;  // nobody signs those here
      return tests::national(401, 401, "Unauthorized");
    };
  }
  storage::SubmissionId dose(int number, std::string_view of = facility) {
    return world.accept({.nik = person(number)}, "vaksin/simpan", of);
  }
  std::string last_header(std::string_view name) {
    return std::string(tests::header(world.transport().seen.back(), name));
  }

  static WorldOptions options() {
    WorldOptions options;
    options.credentials = scheme::encode(scheme::Credentials{"key-1", tests::clinic_authorization});
    options.profile = [](profile::Profile& profile) {
      profile.scheme = tests::signing_profile().scheme;
      for (auto& rule : profile.rules)  // any other 401: the facility's credentials
        if (rule.outcome == profile::RuleOutcome::login_expired)
          rule.outcome = profile::RuleOutcome::credentials_refused;
    };
    return options;
  }

  World world;
  Consumer known = clinic;  // as the server knows the first clinic
  std::vector<std::string> timestamps;
  int refused = 0;
};

TEST(Signature, a_sealed_reply_is_judged_and_kept_open) {
  SignedWorld at;
  at.world.start();
  const auto id = at.dose(1);
  EXPECT_EQ(at.world.state(id), State::delivered);
  EXPECT_EQ(at.last_header("user_key"), "key-1");
  EXPECT_EQ(at.last_header("X-authorization"), tests::clinic_authorization);
  EXPECT_EQ(at.last_header("x-kdppk"), "");
  EXPECT_EQ(at.refused, 0);

  at.world.transport().server = [&at](const client::OutboundRequest& call) -> std::optional<rules::Exchange> {
    const auto plain = tests::national(201, 201, "CREATED", R"({"field":"noUrut","message":"A1"})");
    return tests::sealed(at.world.profile(), call, clinic, plain);
  };
  const auto numbered = at.world.load(at.dose(2));
  const auto& record = numbered.submission;
  const auto key = at.world.sealer().unwrap(record.id, record.wrapped_key);
  const auto kept = storage::decode_kept_reply(*at.world.sealer().open(*key, record.id, "reply", numbered.reply));
  ASSERT_TRUE(kept);
  EXPECT_TRUE(kept->body.contains(R"({"field":"noUrut","message":"A1"})")) << kept->body;
}

TEST(Signature, every_attempt_and_every_question_has_its_own_time) {
  SignedWorld at;
  at.world.start();
  at.world.server.next_writes = {Mood::busy_without_wait, Mood::lose_reply};
  const auto id = at.dose(1);
  EXPECT_TRUE(at.world.pass_until([&] { return at.world.state(id) == State::delivered; }, 10min));
  EXPECT_EQ(at.world.outcomes(id), (std::vector{Outcome::deferred, Outcome::unknown, Outcome::found}));
  EXPECT_EQ(std::set(at.timestamps.begin(), at.timestamps.end()).size(), at.timestamps.size());
  EXPECT_GE(at.timestamps.size(), 3U);
  EXPECT_EQ(at.refused, 0);
}

TEST(Signature, a_secret_rotated_in_the_middle_of_a_backlog_loses_nothing) {
  SignedWorld at;
  at.world.server.mood = Mood::refuse;
  at.world.start();
  std::vector<storage::SubmissionId> ids;
  for (int number = 0; number < 20; ++number) ids.push_back(at.dose(number));
  at.world.pass(10min);
  at.known.secret = "the next secret";
  auto rotated = tests::signing_facility(facility, at.known);
  rotated.former_secret = clinic.secret;
  at.world.facilities().add(rotated);
  at.world.server.mood = Mood::serve;
  at.world.pass(10min);
  for (const auto& id : ids) EXPECT_EQ(at.world.state(id), State::delivered);
  EXPECT_EQ(at.world.server.effects().size(), 20U);
  EXPECT_EQ(at.refused, 0);
}

TEST(Signature, without_a_secret_a_facility_waits_burns_nothing_and_goes_on_by_itself) {
  SignedWorld at;
  at.world.facilities().add(tests::signing_facility(facility, {clinic.id, ""}));
  at.world.start();
  const auto waits = at.dose(1);
  const auto goes = at.dose(2, other_facility);
  at.world.pass(1h);
  EXPECT_EQ(at.world.state(goes), State::delivered);
  EXPECT_EQ(at.world.state(waits), State::queued);
  EXPECT_EQ(at.world.load(waits).submission.attempts, 0U);
  EXPECT_TRUE(at.world.load(waits).attempts.empty());
  EXPECT_TRUE(at.world.metrics().contains("titip_facilities_paused{destination=\"pcare-vaksin\"} 1"));
  at.world.facilities().add(tests::signing_facility(facility));
  at.world.pass(1min);
  EXPECT_EQ(at.world.state(waits), State::delivered);
  EXPECT_TRUE(at.world.metrics().contains("titip_facilities_paused{destination=\"pcare-vaksin\"} 0"));
}

TEST(Signature, a_question_without_a_secret_waits_too) {
  SignedWorld at;
  at.world.start();
  at.world.server.next_writes = {Mood::lose_reply};
  const auto id = at.dose(1);
  EXPECT_EQ(at.world.state(id), State::unknown);
  at.world.facilities().add(tests::signing_facility(facility, {clinic.id, ""}));
  at.world.pass(1h);
  EXPECT_EQ(at.world.state(id), State::unknown);
  EXPECT_EQ(at.world.probes(), 0U);
  at.world.facilities().add(tests::signing_facility(facility));
  at.world.pass(2min);
  EXPECT_EQ(at.world.state(id), State::delivered);
  EXPECT_EQ(at.world.server.effects().size(), 1U);
}

// Accounts lock: after a pause one record tries whether the server lets the facility in again.
TEST(Signature, refused_credentials_pause_the_facility_and_are_tried_one_at_a_time) {
  SignedWorld at;
  at.known.secret = "changed at the server";
  at.world.start();
  std::vector<storage::SubmissionId> ids{at.dose(0)};
  const auto goes = at.dose(99, other_facility);
  EXPECT_EQ(at.refused, 1);
  for (int number = 1; number < 20; ++number) ids.push_back(at.dose(number));
  at.world.pass(14min);
  EXPECT_EQ(at.world.state(goes), State::delivered);
  EXPECT_EQ(at.refused, 1);
  at.world.pass(24h);
  EXPECT_GE(at.refused, 4);
  EXPECT_LE(at.refused, 12);
  for (const auto& id : ids) {
    EXPECT_EQ(at.world.state(id), State::queued);
    EXPECT_EQ(at.world.load(id).submission.attempts, 0U);
  }
  EXPECT_EQ(at.world.server.logins, 0);
  at.known = clinic;
  at.world.pass(7h);
  for (const auto& id : ids) EXPECT_EQ(at.world.state(id), State::delivered);
  EXPECT_EQ(at.world.server.effects().size(), 21U);
}

TEST(Signature, a_new_secret_ends_the_pause) {
  SignedWorld at;
  at.known.secret = "changed at the server";
  at.world.start();
  const auto id = at.dose(1);
  at.world.pass(5min);
  EXPECT_EQ(at.refused, 1);
  auto renamed = tests::signing_facility(facility);
  renamed.name = "the same secret";
  at.world.facilities().add(renamed);
  at.world.pass(2min);
  EXPECT_EQ(at.refused, 1);
  at.world.facilities().add(tests::signing_facility(facility, at.known));
  at.world.pass(1min);
  EXPECT_EQ(at.world.state(id), State::delivered);
  EXPECT_EQ(at.world.load(id).submission.attempts, 1U);
}

}  // namespace
}  // namespace titip::delivery
