// The maximum age: it counts only while a record could have been sent, and over a restart.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include "tests/gateway/delivery/world.h"

namespace titip::delivery {
namespace {

using namespace std::chrono_literals;
using rules::BreakerState;
using storage::State;
using tests::Mood;
using tests::World;
using tests::WorldOptions;

constexpr auto unlucky = "3300000000000001";  // the server puts off whatever is about this person

std::string person(int number) {
  return fmt::format("33000001{:08}", number);
}

WorldOptions an_hour() {
  WorldOptions options;
  options.settle.maximum_age.age = 1h;
  options.facilities = 1;
  return options;
}

const bool for_ever = true;

void put_off_the_unlucky(World& world, const bool& lasts = for_ever) {
  world.transport().server = [&world,
                              &lasts](const client::OutboundRequest& request) -> std::optional<rules::Exchange> {
    if (lasts && request.method == "POST" && request.body.contains(unlucky))
      return tests::national(429, 429, "Too many requests");
    return world.server(request);
  };
}

TEST(MaximumAge, what_a_server_that_is_up_puts_off_for_ever_expires) {
  World world(an_hour());
  put_off_the_unlucky(world);
  world.start();
  const auto id = world.accept({.nik = unlucky, .batch = "B1"});
  const auto behind = world.accept({.nik = person(1)});
  EXPECT_EQ(world.state(behind), State::delivered);
  world.pass(59min);
  EXPECT_EQ(world.state(id), State::deferred);
  world.pass(3min);
  EXPECT_EQ(world.state(id), State::expired);
  const auto expired = world.load(id).submission;
  EXPECT_GE(expired.attempts, 5U);
  EXPECT_EQ(expired.outcome_rule, "too-many-requests") << "why it was put off stays known";
  const auto writes = world.writes();
  world.pass(24h);
  EXPECT_EQ(world.writes(), writes);
  EXPECT_EQ(world.counts().by_state[static_cast<std::size_t>(State::expired)], 1U);
}

TEST(MaximumAge, it_holds_its_person_up_no_longer) {
  World world(an_hour());
  bool lasts = true;
  put_off_the_unlucky(world, lasts);
  world.start();
  const auto first = world.accept({.nik = unlucky, .batch = "B1"});
  const auto second = world.accept({.nik = unlucky, .batch = "B2"});
  world.pass(55min);
  EXPECT_EQ(world.state(second), State::queued);
  world.pass(10min);
  EXPECT_EQ(world.state(first), State::expired);
  EXPECT_EQ(world.state(second), State::deferred) << "it is as old in the queue, but was not tried before";
  world.pass(30min);
  EXPECT_EQ(world.state(second), State::deferred);
  lasts = false;
  world.pass(2min);
  EXPECT_EQ(world.state(second), State::delivered);
}

TEST(MaximumAge, an_outage_of_a_week_expires_nothing) {
  World world(an_hour());
  bool lasts = true;
  put_off_the_unlucky(world, lasts);
  world.start();
  const auto id = world.accept({.nik = unlucky});
  world.pass(30min);
  ASSERT_GE(world.load(id).submission.attempts, 5U);
  world.server.mood = Mood::refuse;
  lasts = false;
  for (int number = 0; number < 20; ++number) world.accept({.nik = person(number)});
  ASSERT_TRUE(world.pass_until([&] { return world.breaker() == BreakerState::open; }, 1min));
  world.pass(7 * 24h);
  EXPECT_EQ(world.counts().by_state[static_cast<std::size_t>(State::expired)], 0U);
  lasts = true;
  world.server.mood = Mood::serve;
  world.pass(20min);
  EXPECT_EQ(world.counts().by_state[static_cast<std::size_t>(State::delivered)], 20U);
  EXPECT_EQ(world.state(id), State::deferred) << "fifty minutes of it could have been used";
  world.pass(20min);
  EXPECT_EQ(world.state(id), State::expired);
}

TEST(MaximumAge, nothing_ages_behind_a_gate) {
  for (const bool of_facility : {false, true}) {
    World world(an_hour());
    put_off_the_unlucky(world);
    world.start();
    const auto id = world.accept({.nik = unlucky}, "vaksin/simpan", "F000");
    world.pass(30min);
    const auto gate = [&](bool shut) {
      of_facility ? world.dispatcher().gate_facility("F000", shut, "a person looks")
                  : world.dispatcher().gate(shut, "a person looks");
    };
    gate(true);
    world.pass(48h);
    gate(false);
    world.pass(20min);
    EXPECT_EQ(world.state(id), State::deferred) << of_facility;
    world.pass(20min);
    EXPECT_EQ(world.state(id), State::expired) << of_facility;
  }
}

// Its pace decides when a record of the backlog may go, not the server.
TEST(MaximumAge, nothing_ages_while_a_drain_keeps_it_back) {
  World world(an_hour());
  put_off_the_unlucky(world);
  world.start();
  const auto id = world.accept({.nik = unlucky});
  world.pass(30min);
  ASSERT_EQ(world.state(id), State::deferred);
  ASSERT_FALSE(world.order_drain({DrainOrder::What::start, {.canary = 0, .per_second = 0.01}}).refused);
  world.pass(48h);
  EXPECT_EQ(world.state(id), State::deferred);
  ASSERT_FALSE(world.order_drain({DrainOrder::What::cancel}).refused);
  world.pass(20min);
  EXPECT_EQ(world.state(id), State::deferred) << "fifty minutes of it could have been used";
  world.pass(30min);
  EXPECT_EQ(world.state(id), State::expired);
}

// Accounts lock, so a paused facility is tried a few times a day: its records wait for a person, and do not age.
TEST(MaximumAge, nothing_ages_while_credentials_are_refused) {
  World world(an_hour());
  bool refused = false;
  world.transport().server = [&](const client::OutboundRequest& request) -> std::optional<rules::Exchange> {
    if (refused && request.method == "POST") return tests::national(401, 401, "x-kdppk tidak dikenal");
    if (request.method == "POST" && request.body.contains(unlucky))
      return tests::national(429, 429, "Too many requests");
    return world.server(request);
  };
  world.start();
  const auto id = world.accept({.nik = unlucky}, "vaksin/simpan", "F000");
  world.pass(30min);
  refused = true;
  world.accept({.nik = person(1)}, "vaksin/simpan", "F000");
  world.pass(24h);
  refused = false;
  world.dispatcher().credentials_renewed("F000");
  world.pass(20min);
  EXPECT_EQ(world.state(id), State::deferred);
  world.pass(20min);
  EXPECT_EQ(world.state(id), State::expired);
}

TEST(MaximumAge, a_restart_in_the_middle_neither_forgets_nor_doubles) {
  World world(an_hour());
  put_off_the_unlucky(world);
  world.start();
  const auto id = world.accept({.nik = unlucky});
  world.pass(40min);
  world.kill();
  world.clock.advance(10h);  // nobody was there
  put_off_the_unlucky(world);
  world.start();
  world.pass(18min);
  EXPECT_EQ(world.state(id), State::deferred);
  world.pass(6min);
  EXPECT_EQ(world.state(id), State::expired) << "of the forty minutes one at most is forgotten";
}

// Long after the last note, because nothing was put off meanwhile: the first age that begins has its clock kept.
TEST(MaximumAge, a_crash_soon_after_the_first_refusal_does_not_set_the_clock_back_for_days) {
  World world(an_hour());
  put_off_the_unlucky(world);
  world.start();
  world.pass(50h);
  const auto id = world.accept({.nik = unlucky});
  world.pass(10s);
  world.kill();
  put_off_the_unlucky(world);
  world.start();
  world.pass(64min);
  EXPECT_EQ(world.state(id), State::expired);
}

// Killed again and again: the clock falls behind a little each time, and never runs ahead.
TEST(MaximumAge, many_restarts_never_make_it_older) {
  World world(an_hour());
  put_off_the_unlucky(world);
  world.start();
  const auto id = world.accept({.nik = unlucky});
  for (int life = 0; life < 11; ++life) {
    world.pass(5min);
    ASSERT_EQ(world.state(id), State::deferred) << life;
    world.kill();
    world.clock.advance(1h);
    put_off_the_unlucky(world);
    world.start();
  }
  world.pass(25min);
  EXPECT_EQ(world.state(id), State::expired);
}

// Without its note nobody knows how old anything is: nothing expires until it has been read.
TEST(MaximumAge, a_clock_that_cannot_be_read_expires_nothing) {
  World world(an_hour());
  world.put_object(std::string(served_kind), "pcare-vaksin", "damaged");
  put_off_the_unlucky(world);
  world.start();
  const auto id = world.accept({.nik = unlucky});
  world.pass(59min);
  EXPECT_EQ(world.state(id), State::deferred);
  world.pass(5min);
  EXPECT_EQ(world.state(id), State::expired) << "it begins anew";
}

}  // namespace
}  // namespace titip::delivery
