// What a damaged record, a store that cannot read for a moment, or a treacherous answer must not do: stop others,
// strand an attempt, deliver a stale value, or send twice.
#include <gtest/gtest.h>

#include <chrono>
#include <deque>

#include "storage/keys.h"
#include "tests/gateway/delivery/world.h"
#include "upstream/rules/breaker.h"

namespace titip::tests {
namespace {

using namespace std::chrono_literals;
using storage::State;

constexpr auto person = "3300000000000001";

TEST(Damage, one_damaged_person_stops_nobody_else) {
  World world;
  const auto bad = world.accept({.nik = "3300000000000009"});
  std::vector<storage::SubmissionId> good;
  for (int i = 1; i < 6; ++i) good.push_back(world.accept({.nik = "330000000000001" + std::to_string(i)}));
  world.damage_head(bad);
  world.start();
  world.pass(1min);
  for (const auto& id : good) EXPECT_EQ(world.state(id), State::delivered);
  EXPECT_EQ(world.state(bad), State::queued) << "it stays as it is, for a person or the next start";
  EXPECT_LT(world.timers_run, 100U) << "and is not asked for over and over";
}

TEST(Lease, nothing_is_sent_before_there_is_one) {
  World world;
  world.store().claim_error = storage::Error::overloaded;
  const auto id = world.accept({});
  world.start();
  world.pass(10s);
  EXPECT_EQ(world.writes(), 0U);
  world.store().claim_error.reset();
  world.pass(2s);
  EXPECT_EQ(world.state(id), State::delivered);
}

TEST(Lease, who_is_fenced_off_sends_nothing_until_he_holds_one_again) {
  World world;
  world.store().claims_too_high = 1;
  const auto id = world.accept({});
  world.start();
  world.pass(10s);
  EXPECT_EQ(world.writes(), 0U);
  EXPECT_EQ(world.state(id), State::queued);
  EXPECT_LT(world.timers_run, 100U) << "and does not try over and over";
  world.store().claims_too_high = 0;
  world.pass(2s);
  EXPECT_EQ(world.state(id), State::delivered);
}

TEST(Damage, an_outcome_the_store_cannot_take_now_is_brought_again) {
  World world;
  world.start();
  world.server.next_writes = {Mood::silence};
  const auto id = world.accept({.batch = "B1"});
  const auto behind = world.accept({.batch = "B2"}, "vaksin/ubah");
  const auto head = world.damage_head(id);
  world.server.apply(world.transport().seen[0]);
  world.transport().answer(0, national(201, 201, "CREATED"));
  world.run();
  world.heal_head(head);
  world.pass(1min);
  EXPECT_EQ(world.state(id), State::delivered);
  EXPECT_EQ(world.state(behind), State::delivered);
}

// A damaged record in flight when an outage comes must not keep the breaker from closing.
TEST(Damage, a_damaged_record_in_flight_does_not_hold_the_destination) {
  World world;
  world.start();
  world.server.next_writes = {Mood::silence};
  const auto bad = world.accept({.batch = "B1"});
  world.damage_head(bad);
  world.transport().answer(0, national(201, 201, "CREATED"));
  world.run();
  world.server.mood = Mood::refuse;
  std::vector<storage::SubmissionId> good;
  for (int i = 1; i < 9; ++i) good.push_back(world.accept({.nik = "330000000000001" + std::to_string(i)}));
  world.pass(1min);
  EXPECT_NE(world.breaker(), rules::BreakerState::closed);
  world.server.mood = Mood::serve;
  world.pass(30min);
  for (const auto& id : good) EXPECT_EQ(world.state(id), State::delivered);
}

// The values of an update may have stood there before it: found early, it is not over.
TEST(Damage, an_update_found_early_waits_for_its_own_late_apply) {
  World world;
  world.start();
  world.accept({.batch = "B1"});
  world.server.next_writes = {Mood::swallow};
  const auto again = world.accept({.batch = "B1"}, "vaksin/ubah");
  const auto lost = world.transport().seen.back();
  const auto next = world.accept({.batch = "B2"}, "vaksin/ubah");
  world.pass(3s);
  EXPECT_EQ(world.state(again), State::unknown);
  world.server.apply(lost);
  world.pass(10min);
  EXPECT_EQ(world.state(again), State::delivered);
  EXPECT_EQ(world.state(next), State::delivered);
  EXPECT_EQ(world.server.effects_of(person).back(), "B2");
}

TEST(Damage, a_refused_read_is_not_an_absence) {
  World world;
  world.start();
  world.server.next_writes = {Mood::lose_reply};
  const auto id = world.accept({.batch = "B1"});
  world.server.next_reads = std::deque<Mood>(20, Mood::silence);
  for (int i = 0; i < 60; ++i) {
    world.pass(1s);
    while (!world.transport().waiting().empty()) {
      world.transport().answer(0, national(404, 404, "You are not registered for this service"));
      world.run();
    }
  }
  world.server.next_reads.clear();
  world.pass(20min);
  EXPECT_EQ(world.state(id), State::delivered);
  EXPECT_EQ(world.server.effects().size(), 1U);
}

TEST(Damage, an_outage_of_more_than_a_day_holds_nothing_unasked) {
  World world;
  world.start();
  world.server.next_writes = {Mood::swallow};
  world.server.mood = Mood::refuse;
  const auto id = world.accept({.batch = "B1"});
  world.pass(30h);
  world.kill();
  world.server.mood = Mood::serve;
  world.start();
  world.pass(30min);
  EXPECT_EQ(world.state(id), State::delivered);
}

TEST(Damage, a_log_in_that_met_a_busy_store_is_tried_again_soon) {
  World world;
  world.start();
  world.server.logged_in = false;
  world.store().object_error = storage::Error::overloaded;
  const auto id = world.accept({.batch = "B1"});
  world.run();
  world.store().object_error.reset();
  EXPECT_TRUE(world.pass_until([&] { return world.state(id) == State::delivered; }, 10s));
}

}  // namespace
}  // namespace titip::tests
