// Records whose open mark is on stable storage before the window has a place for them: they go the moment one is free,
// and where they must not go after all they are back in the queue as if nobody had touched them.
#include <gtest/gtest.h>

#include "tests/gateway/delivery/world.h"

namespace titip::delivery {
namespace {

using namespace std::chrono_literals;
using storage::State;
using tests::in_state;
using tests::Mood;
using tests::person;
using tests::World;
using tests::WorldOptions;

class MarkedAhead : public testing::Test {
 protected:
  static WorldOptions options() {
    WorldOptions made;
    made.upstream.window = {.initial = 2, .cap = 2};
    made.upstream.breaker.minimum_calls = 2;
    made.marks_ahead.least = 2;
    return made;
  }
  void SetUp() override {
    world.server.mood = Mood::silence;
    for (int number = 0; number < 10; ++number) ids.push_back(world.accept({.nik = person(number)}));
    world.start();
    ASSERT_EQ(world.transport().waiting().size(), 2U) << "no more than the window at the server";
    ASSERT_EQ(in_state(world, State::in_flight), 4U);
  }
  void answer(rules::Exchange exchange) { world.transport().answer(0, std::move(exchange)); }

  World world{options()};
  std::vector<storage::SubmissionId> ids;
};

TEST_F(MarkedAhead, who_is_marked_goes_when_a_place_is_free_before_the_store_has_done_anything) {
  world.store().open_error = storage::Error::overloaded;
  for (const auto writes : {3U, 4U, 4U}) {
    answer(tests::national(201, 201, "CREATED"));
    EXPECT_EQ(world.writes(), writes);
    world.run();
  }
  world.store().open_error.reset();
  world.pass(1s);
  EXPECT_EQ(world.writes(), 5U) << "the next two have marks of their own first";
  EXPECT_EQ(world.transport().waiting().size(), 2U);
}

TEST_F(MarkedAhead, when_the_breaker_opens_nobody_in_line_is_sent_or_loses_an_attempt) {
  answer(rules::Failure::connection_reset);
  answer(rules::Failure::connection_reset);
  world.run();
  ASSERT_EQ(world.breaker(), rules::BreakerState::open);
  EXPECT_EQ(world.writes(), 2U) << "the first that is not served makes the window smaller";
  EXPECT_EQ(in_state(world, State::in_flight), 0U);
  const auto fourth = world.load(ids[3]);
  EXPECT_EQ(fourth.submission.attempts, 0U);
  ASSERT_EQ(fourth.attempts.size(), 1U);
  EXPECT_EQ(fourth.attempts[0].outcome, storage::Outcome::not_sent);
}

TEST_F(MarkedAhead, a_gate_shuts_in_front_of_those_in_line) {
  world.dispatcher().gate(true, "maintenance");
  answer(tests::national(201, 201, "CREATED"));
  world.run();
  EXPECT_EQ(world.writes(), 2U);
  answer(tests::national(201, 201, "CREATED"));
  world.run();
  EXPECT_EQ(world.writes(), 2U);
  EXPECT_EQ(in_state(world, State::in_flight), 0U);
  world.dispatcher().gate(false, "over");
  world.run();
  EXPECT_EQ(world.transport().waiting().size(), 2U);
}

TEST_F(MarkedAhead, a_stop_lets_go_of_those_in_line_and_waits_for_those_at_the_server) {
  bool stopped = false;
  world.dispatcher().stop([&] { stopped = true; });
  world.run();
  EXPECT_FALSE(stopped);
  EXPECT_EQ(in_state(world, State::in_flight), 2U);
  answer(tests::national(201, 201, "CREATED"));
  answer(tests::national(201, 201, "CREATED"));
  world.run();
  EXPECT_TRUE(stopped);
  EXPECT_EQ(world.writes(), 2U);
  EXPECT_EQ(in_state(world, State::in_flight), 0U);
}

TEST_F(MarkedAhead, after_a_crash_those_in_line_are_in_doubt_like_any_that_was_marked) {
  world.kill();
  EXPECT_EQ(in_state(world, State::unknown), 4U);
  world.server.mood = Mood::serve;
  world.start();
  world.pass(10min);
  EXPECT_EQ(in_state(world, State::delivered), 10U);
  EXPECT_EQ(world.server.effects().size(), 10U) << "each once";
}

}  // namespace
}  // namespace titip::delivery
