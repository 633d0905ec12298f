// A drain over the end of the process: it is known before anything is sent.
#include "tests/gateway/delivery/drained.h"

namespace titip::delivery {
namespace {

using namespace std::chrono_literals;
using namespace tests;
using storage::State;
using What = DrainOrder::What;

TEST(DrainRestart, goes_on_over_a_restart) {
  World world(roomy());
  world.start();
  pile_up(world, 200);
  begin(world, {.canary = 10, .per_second = 10});
  world.pass(8s);
  const auto counted = world.drain_stands->settled_so_far();
  EXPECT_GT(counted, 45U) << "written down every few seconds";
  world.kill();
  world.drain_stands.reset();
  const auto before = world.writes();
  EXPECT_EQ(before, 0U) << "the transport is the new process's";
  world.start();
  ASSERT_TRUE(world.drain_stands);
  EXPECT_EQ(state(world), DrainState::running) << "the canary was over";
  EXPECT_LE(world.drain_stands->settled_so_far(), counted);
  EXPECT_GE(world.drain_stands->settled_so_far() + 40, counted) << "behind by a few seconds at most";
  world.pass(5s);
  EXPECT_LE(world.writes(), 52U) << "at its pace";
  world.pass(1min);
  EXPECT_EQ(in_state(world, State::delivered), 200U);
  EXPECT_EQ(world.server.effects().size(), 200U);
  EXPECT_EQ(state(world), DrainState::done);
}

TEST(DrainRestart, a_paused_one_is_known_before_anything_is_sent) {
  World world(roomy());
  world.start();
  pile_up(world, 100);
  world.order_drain({What::start, {}});
  world.order_drain({What::pause, {}, "over the weekend"});
  for (int lives = 0; lives < 3; ++lives) {
    world.kill();
    world.store().object_error = storage::Error::overloaded;  // it cannot be read at once
    world.start();
    world.pass(10s);
    EXPECT_EQ(world.writes(), 0U);
    world.store().object_error.reset();
    world.pass(1h);
    EXPECT_EQ(world.writes(), 0U);
    EXPECT_EQ(world.drain_stands->reason().english(), "over the weekend");
    world.accept({.nik = person(1000 + lives)}, "vaksin/simpan", "F001");
    world.pass(1s);
    EXPECT_EQ(world.writes(), 1U) << "who comes today goes on";
  }
  world.order_drain({What::resume});
  world.pass(1min);
  EXPECT_EQ(in_state(world, State::delivered), 103U);
}

TEST(DrainRestart, a_fresh_record_that_was_deferred_goes_on_after_a_restart) {
  World world(roomy());
  world.start();
  pile_up(world, 100);
  world.order_drain({What::start, {}});
  world.order_drain({What::pause, {}, "over the weekend"});
  world.dispatcher().gate(false, "");
  world.server.next_writes = {Mood::busy_without_wait};
  const auto today = world.accept({.nik = person(1000)}, "vaksin/simpan", "F001");
  ASSERT_EQ(world.state(today), State::deferred);
  world.kill();
  world.start();
  world.pass(6min);
  EXPECT_EQ(world.state(today), State::delivered);
  EXPECT_EQ(world.writes(), 1U);
}

TEST(DrainRestart, a_store_that_takes_nothing_is_told_again) {
  World world(roomy());
  world.start();
  pile_up(world, 50);
  world.store().put_error = storage::Error::overloaded;
  const auto answer = world.order_drain({What::start, {.canary = 0, .per_second = 1}});
  EXPECT_FALSE(answer.refused);
  EXPECT_FALSE(answer.kept) << "and whoever ordered it is told so";
  world.dispatcher().gate(false, "");
  world.pass(10s);
  EXPECT_LE(world.writes(), 11U) << "it holds all the same";
  EXPECT_FALSE(world.drain());
  world.store().put_error.reset();
  world.pass(2s);
  ASSERT_TRUE(world.drain());
  EXPECT_GE(world.drain()->settled_so_far(), 9U) << "the newest word, not the first";
}

TEST(DrainRestart, one_that_cannot_be_read_is_a_gate) {
  World world(roomy());
  for (int i = 0; i < 5; ++i) world.accept({.nik = person(i)});
  world.put_object(std::string(drain_kind), "pcare-vaksin", "rubbish");
  world.start();
  world.pass(10min);
  EXPECT_EQ(world.writes(), 0U);
  EXPECT_EQ(world.surged, std::vector<std::string>{"all of them"}) << "made durable and shown like any gate";
  EXPECT_FALSE(world.order_drain({What::cancel}).refused);
  world.dispatcher().gate(false, "");
  world.kill();
  world.start();
  world.pass(1min);
  EXPECT_EQ(in_state(world, State::delivered), 5U);
}

}  // namespace
}  // namespace titip::delivery
