#include "upstream/rules/retry_budget.h"

#include <gtest/gtest.h>

namespace titip::rules {
namespace {

TEST(RetryBudget, Table) {
  const struct {
    const char* name;
    RetryBudgetOptions options;
    std::uint32_t in_flight, retries;
    bool may;
  } rows[] = {
      {"nothing in flight", {}, 0, 0, true},
      {"the third of three", {}, 2, 2, true},
      {"a fourth among few", {}, 3, 3, false},
      {"a fourth among nineteen others", {}, 19, 3, true},
      {"a fourth among eighteen others", {}, 18, 3, false},
      {"a fifth of a hundred", {}, 99, 19, true},
      {"more than a fifth", {}, 99, 20, false},
      {"none allowed", {.share = 0, .always = 0}, 1000, 0, false},
      {"all allowed", {.share = 1, .always = 0}, 5, 5, true},
  };
  for (const auto& row : rows) EXPECT_EQ(may_retry(row.options, row.in_flight, row.retries), row.may) << row.name;
}

}  // namespace
}  // namespace titip::rules
