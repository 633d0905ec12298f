#include "upstream/rules/trial.h"

#include <gtest/gtest.h>

namespace titip::rules {
namespace {

using namespace std::chrono_literals;

TEST(Trial, IsGivenUpSoonerThanAnyOtherCallUntilOnlySlownessIsLeft) {
  struct Row {
    const char* name;
    std::chrono::milliseconds longest;
    std::uint32_t hung;
    std::chrono::milliseconds time;
  };
  const Row rows[] = {
      {"the first", 30s, 0, 8s},           {"after one that hung", 30s, 1, 16s},   {"after two", 30s, 2, 30s},
      {"after many", 30s, 1'000'000, 30s}, {"no longer than any call", 5s, 0, 5s}, {"a patient gateway", 120s, 3, 64s},
      {"to the end", 120s, 4, 120s},
  };
  for (const auto& row : rows) EXPECT_EQ(trial_time(row.longest, row.hung), row.time) << row.name;
}

}  // namespace
}  // namespace titip::rules
