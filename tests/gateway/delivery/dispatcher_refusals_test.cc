// Credentials refused for many facilities at once: how that begins, lasts and ends.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <vector>

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

// The first four were paused before anybody could know; when the server lets facilities in again, they go on too.
TEST(Refusals, of_everybody_are_forgiven_when_the_server_lets_in_again) {
  WorldOptions options;
  options.facilities = 12;
  World world(options);
  for (int i = 0; i < 120; ++i) world.accept({.nik = person(i)}, "vaksin/simpan", fmt::format("F{:03}", i % 12));
  world.server.mood = Mood::credentials_refused;
  world.start();
  ASSERT_TRUE(world.pass_until([&] { return world.breaker() == rules::BreakerState::open; }, 1min));
  EXPECT_TRUE(world.metrics().contains("titip_facilities_paused{destination=\"pcare-vaksin\"} 4"));
  // Long enough for the breaker to try facility after facility: none is paused for it.
  world.pass(30min);
  EXPECT_EQ(in_state(world, State::delivered), 0U);
  EXPECT_LE(world.writes(), 60U);
  world.server.mood = Mood::serve;
  EXPECT_TRUE(world.pass_until([&] { return in_state(world, State::delivered) == 120U; }, 5min))
      << in_state(world, State::delivered) << " delivered";
  EXPECT_TRUE(world.metrics().contains("titip_facilities_paused{destination=\"pcare-vaksin\"} 0"));
}

// Five facilities whose passwords really changed, beside as many that work: they look like mass trouble at first, but
// are not forgiven again and again. Accounts lock.
TEST(Refusals, of_some_for_good_do_not_become_a_storm) {
  WorldOptions options;
  options.facilities = 10;
  World world(options);
  std::vector<std::size_t> refused(4);  // by quarter hour
  const auto began = world.clock.steady();
  world.transport().server = [&](const client::OutboundRequest& request) -> std::optional<rules::Exchange> {
    const auto facility = tests::header(request, "x-kdppk");
    const bool bad = facility >= "F000" && facility < "F005";
    if (!bad || request.method == "GET") return world.server(request);
    ++refused.at(static_cast<std::size_t>((world.clock.steady() - began) / 15min));
    return tests::national(401, 401, "x-kdppk tidak dikenal");
  };
  for (int i = 0; i < 50; ++i) world.accept({.nik = person(i)}, "vaksin/simpan", fmt::format("F{:03}", i % 10));
  world.start();
  for (int i = 0; i < 350; ++i) {  // for an hour a record of somebody else every ten seconds
    world.accept({.nik = person(1'000 + i)}, "vaksin/simpan", fmt::format("F{:03}", 5 + i % 5));
    world.pass(10s);
  }
  world.pass(1min);
  EXPECT_EQ(in_state(world, State::delivered), 25U + 350U) << "the others go on";
  // Five records each. Forgiven every time it would be 90 and more in every quarter.
  EXPECT_LE(refused[0], 80U);
  for (std::size_t quarter = 1; quarter < 4; ++quarter) EXPECT_LE(refused[quarter], 40U) << quarter;
}

}  // namespace
}  // namespace titip::delivery
