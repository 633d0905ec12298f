// Log-ins: expired, refused, renewed; a facility's trouble is its own.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include "storage/kept_login.h"
#include "tests/gateway/delivery/world.h"

namespace titip::delivery {
namespace {

using namespace std::chrono_literals;
using storage::Outcome;
using storage::State;
using tests::Mood;
using tests::person;
using tests::World;
using tests::WorldOptions;

constexpr auto first_facility = "0905R002";
constexpr auto other_facility = "0905R003";
constexpr auto bare_facility = "0905R004";

storage::SubmissionId dose_of(World& world, int number, std::string_view facility) {
  return world.accept({.nik = person(number)}, "vaksin/simpan", facility);
}
void keep_login(World& world, std::string_view facility, const std::string& password) {
  const storage::KeptLogin kept{std::string(facility), password};
  const auto name = storage::login_object_name(world.sealer(), "pcare-vaksin", facility);
  world.put_object(std::string(storage::login_kind), name,
                   world.sealer().seal_object(storage::login_kind, name, encode(kept)).bytes);
}

TEST(LogIn, an_expired_one_costs_one_log_in_and_no_attempt) {
  World world;
  world.server.logged_in = false;
  std::vector<storage::SubmissionId> ids;
  for (int number = 0; number < 10; ++number) ids.push_back(dose_of(world, number, first_facility));
  world.start();
  EXPECT_EQ(world.server.logins, 1);
  for (const auto& id : ids) {
    EXPECT_EQ(world.state(id), State::delivered);
    EXPECT_EQ(world.load(id).submission.attempts, 1U);
  }
}

TEST(LogIn, uses_what_the_clinic_was_let_in_with_before_what_the_config_says) {
  World world;
  world.server.logged_in = false;
  world.server.password = "newest";
  keep_login(world, first_facility, "newest");
  const auto id = dose_of(world, 1, first_facility);
  world.start();
  EXPECT_EQ(world.state(id), State::delivered);
  EXPECT_EQ(world.server.logins, 1);
}

TEST(LogIn, refused_credentials_pause_that_facility_alone) {
  World world;
  world.start();
  world.server.password = "changed";
  world.server.next_writes = {Mood::credentials_refused};
  const auto refused = dose_of(world, 1, first_facility);
  const auto waits = dose_of(world, 2, first_facility);
  const auto other = dose_of(world, 3, other_facility);
  EXPECT_EQ(world.state(other), State::delivered);
  EXPECT_EQ(world.state(refused), State::queued);
  EXPECT_EQ(world.state(waits), State::queued);
  EXPECT_EQ(world.load(refused).submission.attempts, 0U);
  EXPECT_TRUE(world.metrics().contains("titip_facilities_paused{destination=\"pcare-vaksin\"} 1"));
  world.pass(14min);
  EXPECT_EQ(world.writes(), 2U);
  EXPECT_EQ(world.server.logins, 0);
  // A few times a day at most: accounts lock.
  world.pass(24h);
  EXPECT_GE(world.server.logins, 3);
  EXPECT_LE(world.server.logins, 10);
  EXPECT_EQ(world.state(refused), State::queued);
  EXPECT_EQ(world.load(refused).submission.attempts, 0U);
}

TEST(LogIn, a_newer_credential_ends_the_pause) {
  World world;
  world.start();
  world.server.next_writes = {Mood::credentials_refused};
  const auto id = dose_of(world, 1, first_facility);
  EXPECT_EQ(world.state(id), State::queued);
  world.pass(1min);
  keep_login(world, first_facility, "right");
  world.dispatcher().credentials_renewed(first_facility);
  world.run();
  EXPECT_EQ(world.state(id), State::delivered);
}

TEST(LogIn, without_any_credentials_the_facility_waits_for_a_person) {
  World world;
  world.server.logged_in = false;
  const auto id = dose_of(world, 1, bare_facility);
  world.start();
  EXPECT_EQ(world.state(id), State::queued);
  world.pass(1h);
  EXPECT_EQ(world.server.logins, 0);
  world.server.logged_in = true;
  world.dispatcher().credentials_renewed(bare_facility);
  world.run();
  EXPECT_EQ(world.state(id), State::delivered);
}

// Against a server that lets in and forgets at once: slower and slower, and neither records nor accounts suffer.
TEST(LogIn, log_ins_that_lead_nowhere_do_not_become_a_storm) {
  struct Row {
    const char* name;
    bool forgets;
  };
  for (const auto& row : {Row{"accepted and forgotten", true}, Row{"no clear answer", false}}) {
    World world;
    world.server.logged_in = false;
    world.server.forgets_logins = row.forgets;
    if (!row.forgets) {
      world.transport().server = [&](const client::OutboundRequest& request) -> std::optional<rules::Exchange> {
        if (request.target != "/login") return world.server(request);
        ++world.server.logins;
        return tests::national(200, 429, "Too many requests");
      };
    }
    const auto id = dose_of(world, 1, first_facility);
    world.start();
    world.pass(1h);
    EXPECT_GE(world.server.logins, 5) << row.name;
    EXPECT_LE(world.server.logins, 16) << row.name;
    EXPECT_EQ(world.state(id), State::queued) << row.name;
    EXPECT_EQ(world.load(id).submission.attempts, 0U) << row.name;
    world.server.forgets_logins = false;
    world.transport().server = [&](const auto& request) { return world.server(request); };
    world.pass(20min);
    EXPECT_EQ(world.state(id), State::delivered) << row.name;
  }
}

TEST(LogIn, a_question_that_finds_the_log_in_expired_is_asked_again_after_one) {
  World world;
  world.start();
  world.server.next_writes = {Mood::lose_reply};
  const auto id = dose_of(world, 1, first_facility);
  bool expired = true;
  world.transport().server = [&](const client::OutboundRequest& request) -> std::optional<rules::Exchange> {
    if (request.target == "/login") expired = false;
    if (expired) return tests::national(401, 401, "Sesi login telah berakhir");
    return world.server(request);
  };
  world.pass(1min);
  EXPECT_EQ(world.state(id), State::delivered);
  EXPECT_EQ(world.server.logins, 1);
  EXPECT_EQ(world.writes(), 1U);
}

// Only records of a paused facility wait: whether the server serves again must show all the same.
TEST(LogIn, a_paused_facility_does_not_keep_the_breaker_half_open) {
  World world;
  world.start();
  world.server.next_writes = {Mood::credentials_refused};
  const auto id = dose_of(world, 1, first_facility);
  world.pass(1min);  // the breaker forgets that call
  world.server.mood = Mood::refuse;
  for (int i = 0; i < 6; ++i)
    world.upstream().send_read({"GET", "/referensi/alasan", {}, {}}, {}, client::Upstream::Asker::somebody,
                               [](const auto&) {});
  world.run();
  ASSERT_EQ(world.breaker(), rules::BreakerState::open);
  world.server.mood = Mood::serve;
  EXPECT_TRUE(world.pass_until([&] { return world.breaker() == rules::BreakerState::closed; }, 1min));
  EXPECT_EQ(world.state(id), State::queued);
}

TEST(LogIn, waits_while_the_server_is_down) {
  World world;
  world.server.logged_in = false;
  world.server.mood = Mood::refuse;
  for (int number = 0; number < 10; ++number) dose_of(world, number, first_facility);
  world.start();
  world.pass(1h);
  EXPECT_EQ(world.server.logins, 0);
  world.server.mood = Mood::serve;
  world.pass(10min);
  EXPECT_EQ(world.server.logins, 1);
  EXPECT_EQ(world.server.effects().size(), 10U);
}

}  // namespace
}  // namespace titip::delivery
