#include "upstream/rules/maximum_age.h"

#include <gtest/gtest.h>

namespace titip::rules {
namespace {

using namespace std::chrono_literals;
using Reading = std::optional<std::chrono::milliseconds>;

TEST(MaximumAge, table) {
  const struct {
    const char* name;
    Reading since;
    Reading now;
    std::uint32_t tries;
    bool too_old;
  } rows[] = {
      {"never put off", {}, 1000h, 9, false},
      {"the clock is not known yet", 0h, {}, 9, false},
      {"young", 10h, 20h, 9, false},
      {"just as old as may be", 10h, 34h, 9, false},
      {"a moment older", 10h, 34h + 1ms, 9, true},
      {"old, tried too seldom", 10h, 100h, 4, false},
      {"old, tried just often enough", 10h, 100h, 5, true},
      {"never tried at all", 0h, 1000h, 0, false},
      {"the clock was set back by a restart", 50h, 10h, 9, false},
  };
  for (const auto& row : rows)
    EXPECT_EQ(is_too_old({.age = 24h, .minimum_tries = 5}, row.since, row.now, row.tries), row.too_old) << row.name;
}

}  // namespace
}  // namespace titip::rules
