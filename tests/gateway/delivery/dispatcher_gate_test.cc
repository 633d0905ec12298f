// A gate: nothing new is sent while it is shut, everything else goes on, and it opens without a restart.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include "tests/gateway/delivery/world.h"

namespace titip::delivery {
namespace {

using namespace std::chrono_literals;
using rules::BreakerState;
using storage::Outcome;
using storage::State;
using tests::Mood;
using tests::person;
using tests::World;

TEST(Gate, shut_before_the_start_nothing_is_sent_until_it_opens) {
  World world;
  const auto first = world.accept({.nik = person(1)});
  world.dispatcher().gate(true, "restored");
  world.start();
  const auto second = world.accept({.nik = person(2)});
  world.pass(1h);
  EXPECT_EQ(world.writes(), 0U);
  EXPECT_EQ(world.state(first), State::queued);
  EXPECT_EQ(world.state(second), State::queued);
  EXPECT_LT(world.timers_run, 1000U) << "a shut gate is waited for, not asked again and again";

  world.dispatcher().gate(false, "");
  world.pass(1s);
  EXPECT_EQ(world.state(first), State::delivered);
  EXPECT_EQ(world.state(second), State::delivered);
  EXPECT_EQ(world.load(first).submission.attempts, 1U);
}

TEST(Gate, unknown_records_are_asked_after_and_settle_behind_it) {
  World world;
  world.start();
  world.server.next_writes = {Mood::lose_reply, Mood::swallow};
  const auto landed = world.accept({.nik = person(1)});
  const auto lost = world.accept({.nik = person(2)});
  ASSERT_EQ(world.state(landed), State::unknown);
  ASSERT_EQ(world.state(lost), State::unknown);
  world.dispatcher().gate(true, "a person looks");
  world.pass(10min);
  EXPECT_EQ(world.state(landed), State::delivered) << "it was found";
  EXPECT_EQ(world.state(lost), State::deferred) << "it was not found, and may not be sent again";
  EXPECT_EQ(world.writes(), 2U);
  EXPECT_GE(world.probes(), 2U);

  world.dispatcher().gate(false, "");
  world.pass(1min);
  EXPECT_EQ(world.state(lost), State::delivered);
  EXPECT_EQ(world.writes(), 3U);
  EXPECT_EQ(world.server.effects().size(), 2U);
}

TEST(Gate, what_is_in_flight_ends_and_nothing_follows) {
  World world;
  world.start();
  world.server.next_writes = {Mood::silence};
  const auto flying = world.accept({.nik = person(1)});
  const auto behind = world.accept({.nik = person(1), .batch = "B2"});
  ASSERT_EQ(world.transport().waiting().size(), 1U);
  world.dispatcher().gate(true, "a person looks");
  world.transport().answer(0, tests::national(201, 201, "OK"));
  world.pass(10min);
  EXPECT_EQ(world.state(flying), State::delivered);
  EXPECT_EQ(world.state(behind), State::queued);
  world.dispatcher().gate(false, "");
  world.pass(1s);
  EXPECT_EQ(world.state(behind), State::delivered);
}

// Steps through an accept and shuts the gate after each step in turn: wherever it falls, nothing leaves afterwards.
TEST(Gate, shut_at_any_moment_nothing_leaves_and_nothing_is_counted) {
  int shut_after = 0;
  for (bool at_rest = false; !at_rest; ++shut_after) {
    World world;
    const auto id = world.accept({.nik = person(1)});
    world.dispatcher().start();
    for (int steps = 0; steps < shut_after && !at_rest; ++steps) at_rest = !world.step();
    if (world.writes() > 0) break;  // it has left: too late
    world.dispatcher().gate(true, "a person looks");
    world.pass(10min);
    EXPECT_EQ(world.writes(), 0U) << "shut after " << shut_after << " steps";
    EXPECT_EQ(world.state(id), State::queued);
    EXPECT_EQ(world.load(id).submission.attempts, 0U);
    world.dispatcher().gate(false, "");
    world.pass(1min);
    EXPECT_EQ(world.state(id), State::delivered) << "shut after " << shut_after << " steps";
  }
  EXPECT_GE(shut_after, 3) << "the moments between peeking, marking and sending were tried";
}

TEST(Gate, the_breaker_closes_behind_it_by_health_reads) {
  World world;
  world.server.mood = Mood::refuse;
  std::vector<storage::SubmissionId> ids;
  for (int number = 0; number < 20; ++number) ids.push_back(world.accept({.nik = person(number)}));
  world.start();
  ASSERT_TRUE(world.pass_until([&] { return world.breaker() == BreakerState::open; }, 1min));
  world.dispatcher().gate(true, "a person looks");
  const auto writes = world.writes();
  world.server.mood = Mood::serve;
  EXPECT_TRUE(world.pass_until([&] { return world.breaker() == BreakerState::closed; }, 10min));
  EXPECT_EQ(world.writes(), writes);
  world.dispatcher().gate(false, "");
  world.pass(10min);
  for (const auto& id : ids) EXPECT_EQ(world.state(id), State::delivered);
  EXPECT_EQ(world.server.effects().size(), 20U);
}

TEST(Gate, shut_twice_or_opened_twice_is_the_same_as_once) {
  World world;
  world.start();
  world.dispatcher().gate(false, "");
  const auto id = world.accept({});
  EXPECT_EQ(world.state(id), State::delivered);
  world.dispatcher().gate(true, "one");
  world.dispatcher().gate(true, "two");
  const auto other = world.accept({.nik = person(2)});
  world.pass(1min);
  EXPECT_EQ(world.state(other), State::queued);
  world.dispatcher().gate(false, "");
  world.pass(1s);
  EXPECT_EQ(world.state(other), State::delivered);
}

}  // namespace
}  // namespace titip::delivery
