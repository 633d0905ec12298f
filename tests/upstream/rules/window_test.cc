#include "upstream/rules/window.h"

#include <gtest/gtest.h>

#include <string>

namespace titip::rules {
namespace {

// A script: s = served with the window in full use, i = served while almost idle, x = not served, r = restart.
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
        window.not_served({});
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
      {"initial 0 is 1", {.initial = 0, .cap = 0}, "", 1},
      {"a cap below the initial window is that window", {.initial = 5, .cap = 2}, "sss", 5},
  };
  for (const auto& row : rows) {
    Window window(row.options);
    EXPECT_EQ(play(window, row.script), row.size) << row.name;
  }
}

}  // namespace
}  // namespace titip::rules
