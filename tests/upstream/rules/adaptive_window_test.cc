#include "upstream/rules/adaptive_window.h"

#include <gtest/gtest.h>

namespace titip::rules {
namespace {

using namespace std::chrono_literals;

// A server that serves `capacity` at a time in 100 ms each and makes the rest queue: the more there are in flight, the
// longer a call takes. Plays `calls` of them and gives the window it ends with.
struct Server {
  std::uint32_t capacity;
  std::uint32_t fails_above;  // in flight beyond this are not served
};

SteadyTime play(Concurrency& window, const Server& server, int calls, SteadyTime now) {
  for (int i = 0; i < calls; ++i) {
    const std::uint32_t in_flight = window.size();
    const auto round_trip = 100ms * std::max(in_flight, server.capacity) / server.capacity;
    now += round_trip / in_flight;
    if (in_flight > server.fails_above) {
      window.not_served(in_flight, true, now);
    } else {
      window.served(in_flight, std::chrono::milliseconds(round_trip), now);
    }
  }
  return now;
}

TEST(AdaptiveWindow, FindsWhatTheServerBears) {
  const struct {
    const char* name;
    Server server;
    std::uint32_t at_least, at_most;
  } rows[] = {
      {"bears everything", {.capacity = 100, .fails_above = 100}, 32, 32},
      {"one at a time", {.capacity = 1, .fails_above = 1}, 1, 2},
      {"refuses above eight", {.capacity = 100, .fails_above = 8}, 6, 9},
      {"refuses above twenty", {.capacity = 100, .fails_above = 20}, 16, 21},
  };
  for (const auto& row : rows) {
    AdaptiveWindow window({});
    play(window, row.server, 5000, SteadyTime(1s));
    EXPECT_GE(window.size(), row.at_least) << row.name;
    EXPECT_LE(window.size(), row.at_most) << row.name;
  }
}

TEST(AdaptiveWindow, ASuddenSlownessShrinksIt) {
  AdaptiveWindow window({});
  const auto later = play(window, {.capacity = 100, .fails_above = 100}, 3000, SteadyTime(1s));
  ASSERT_EQ(window.size(), 32U);
  window.served(32, 3000ms, later + 200ms);
  EXPECT_LT(window.size(), 32U);
}

TEST(AdaptiveWindow, DoesNotGrowWhileItIsNotUsed) {
  AdaptiveWindow window({.initial = 4});
  for (int i = 1; i < 500; ++i) window.served(1, 100ms, SteadyTime(i * 100ms));
  EXPECT_EQ(window.size(), 4U);
}

TEST(AdaptiveWindow, ComesBackQuicklyToHalfOfWhatWasGood) {
  AdaptiveWindow window({});
  auto now = play(window, {.capacity = 100, .fails_above = 100}, 3000, SteadyTime(1s));
  window.restart();
  EXPECT_EQ(window.size(), 1U);
  now = play(window, {.capacity = 100, .fails_above = 100}, 20, now);
  EXPECT_GE(window.size(), 15U);
}

TEST(AdaptiveWindow, FailuresAloneNeverBringItBelowOne) {
  AdaptiveWindow window({.initial = 0, .cap = 0});
  EXPECT_EQ(window.size(), 1U);
  for (int i = 1; i < 100; ++i) window.not_served(1, true, SteadyTime(i * 1s));
  EXPECT_EQ(window.size(), 1U);
}

}  // namespace
}  // namespace titip::rules
