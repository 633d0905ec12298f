// What tests of the dispatcher's drains share: a backlog over 20 facilities, and its drain begun.
#pragma once

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <string>

#include "tests/gateway/delivery/world.h"

namespace titip::tests {

inline WorldOptions roomy() {
  WorldOptions options;
  options.upstream.window.initial = options.upstream.window.cap = 64;
  options.surge.minimum = 1'000'000;  // what is tested is the drain
  options.surge.sample = 1'000'000;
  options.facilities = 20;
  return options;
}

// A backlog over 20 facilities behind a gate, accepted before whatever comes now.
inline void pile_up(World& world, int count) {
  world.dispatcher().gate(true, "an outage of the clinic's network");
  for (int i = 0; i < count; ++i) world.accept({.nik = person(i)}, "vaksin/simpan", fmt::format("F{:03}", i % 20));
  world.pass(std::chrono::seconds(1));
}

inline void begin(World& world, delivery::DrainPlan plan) {
  const auto answer = world.order_drain({delivery::DrainOrder::What::start, plan});
  ASSERT_FALSE(answer.refused) << answer.refused->sentence.english();
  ASSERT_TRUE(answer.kept);
  world.dispatcher().gate(false, "");
}

inline delivery::DrainState state(World& world) {
  return world.drain_stands->state(world.clock.wall());
}

}  // namespace titip::tests
