#include "upstream/rules/window.h"

#include <gtest/gtest.h>

#include <chrono>
#include <map>
#include <string>

namespace titip::rules {
namespace {

// A script: s = served with the window in full use, i = served while almost idle, x = not served, o = refused as too
// much with the window in full use, O = one of those in flight with the last o, r = restart.
std::uint32_t play(Window& window, const std::string& script) {
  for (const char step : script) {
    switch (step) {
      case 's':
        window.served(window.size(), {}, {});
        break;
      case 'i':
        window.served(1, {}, {});
        break;
      case 'x':
        window.not_served(1, false, {});
        break;
      case 'o':
      case 'O':
        window.not_served(window.size(), true, {});
        break;
      default:
        window.restart();
        break;
    }
  }
  return window.size();
}

std::string times(std::size_t n, char step) {
  return std::string(n, step);
}

TEST(Window, Table) {
  const struct {
    const char* name;
    WindowOptions options;
    std::string script;
    std::uint32_t size;
  } rows[] = {
      {"starts small", {}, "", 2},
      {"slow start: one more for each success", {}, "sss", 5},
      {"up to the cap", {}, times(30, 's'), 32},
      {"never above the cap", {}, times(500, 's'), 32},
      {"no growth while it is not used", {}, times(500, 'i'), 3},
      {"the first failure halves", {}, times(8, 's') + "x", 5},
      {"then growth is one for each full window", {}, times(8, 's') + "x" + times(6, 's'), 6},
      {"a single failure costs one nth", {}, times(8, 's') + "x" + times(6, 's') + "x", 5},
      {"one in twenty does not throttle",
       {.initial = 2, .cap = 8},
       times(6, 's') + "x" + times(200, 's') + "x" + times(19, 's') + "x" + times(19, 's'),
       8},
      {"never below one", {}, times(100, 'x'), 1},
      {"grows again from one", {}, times(100, 'x') + "ss", 2},
      {"restart: back to the initial window", {}, times(30, 's') + "r", 2},
      {"restart: slow start to half of what was good", {}, times(30, 's') + "r" + times(14, 's'), 16},
      {"restart: slower from there", {}, times(30, 's') + "r" + times(14 + 16, 's'), 16},
      {"restart: slower, but it grows", {}, times(30, 's') + "r" + times(14 + 18, 's'), 17},
      {"an outage at the very start is no verdict", {}, "xxr" + times(14, 's'), 16},
      {"refused in a slow start: it halves, and the place stays empty", {}, times(14, 's') + "o", 7},
      {"until another call is served", {}, times(14, 's') + "os", 8},
      {"what was in flight with it counts no more, but each leaves its place empty", {}, times(14, 's') + "oOOOOO", 2},
      {"and each call served opens one", {}, times(14, 's') + "oOOOOO" + times(6, 's'), 8},
      {"refused later: a tenth less", {}, times(14, 's') + "o" + times(60, 's') + "o" + times(1, 's'), 12},
      {"a burst of refusals brings it to one", {}, times(14, 's') + times(60, 'o'), 1},
      {"… and what is served brings it back as fast as ever",
       {},
       times(14, 's') + times(60, 'o') + times(1 + 2 + 3 + 4 + 5 + 6 + 7 + 8, 's'),
       8},
      {"initial 0 is 1", {.initial = 0, .cap = 0}, "", 1},
      {"a cap below the initial window is that window", {.initial = 5, .cap = 2}, "sss", 5},
  };
  for (const auto& row : rows) {
    Window window(row.options);
    EXPECT_EQ(play(window, row.script), row.size) << row.name;
  }
}

// A server that bears so many calls a second, each of 200 ms, and refuses what comes above at once.
struct Limited {
  std::uint32_t a_second;
  std::uint64_t served = 0;
  std::uint64_t refused = 0;

  void serve(Window& window, std::chrono::seconds how_long) {
    using namespace std::chrono_literals;
    std::multimap<std::chrono::milliseconds, bool> in_flight;  // when it ends, and whether served
    auto now = 0ms;
    std::uint32_t this_second = 0;
    for (auto end = std::chrono::milliseconds(how_long); now < end;) {
      while (in_flight.size() < window.size()) {
        const bool serves = ++this_second <= a_second;
        in_flight.emplace(now + (serves ? 150ms + (now % 101) : 20ms), serves);
      }
      const auto [at, serves] = *in_flight.begin();
      if (at / 1s != now / 1s) this_second = 0;
      now = at;
      const auto before = static_cast<std::uint32_t>(in_flight.size());
      in_flight.erase(in_flight.begin());
      serves ? window.served(before, 200ms, {}) : window.not_served(before, true, {});
      ++(serves ? served : refused);
    }
  }
};

TEST(Window, UsesWhatTheServerBearsAndIsHardlyEverRefused) {
  for (const std::uint32_t a_second : {30U, 50U, 100U}) {
    Window window({});
    Limited server{a_second};
    server.serve(window, std::chrono::seconds(60));  // finds it
    server.served = server.refused = 0;
    server.serve(window, std::chrono::seconds(600));
    const auto all = static_cast<double>(server.served + server.refused);
    EXPECT_LT(static_cast<double>(server.refused) / all, 0.01) << a_second;
    EXPECT_GT(static_cast<double>(server.served), 0.85 * 600 * a_second) << a_second;
  }
}

TEST(Window, ASlowStartThatOvershootsDoesNotSpoilWhatFollows) {
  Window window({.initial = 2, .cap = 200});
  Limited server{50};
  server.serve(window, std::chrono::seconds(15));
  server.served = server.refused = 0;
  server.serve(window, std::chrono::seconds(60));
  EXPECT_GT(server.served, 60U * 42U);
  EXPECT_LT(server.refused, 60U) << "two in a hundred while it still settles";
}

TEST(Window, FindsThatTheServerBearsMore) {
  Window window({});
  Limited slow{30};
  slow.serve(window, std::chrono::seconds(120));
  ASSERT_LE(window.size(), 7U);
  Limited faster{100};
  faster.serve(window, std::chrono::seconds(180));
  EXPECT_GE(window.size(), 15U);
}

}  // namespace
}  // namespace titip::rules
