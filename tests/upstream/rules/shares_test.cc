#include "upstream/rules/shares.h"

#include <gtest/gtest.h>

#include <array>

namespace titip::rules {
namespace {

std::array<int, 3> deal(Shares& shares, const Waiting& waiting, int sends) {
  std::array<int, 3> dealt{};
  for (int i = 0; i < sends; ++i) {
    const auto which = shares.next(waiting);
    if (!which) continue;
    shares.sent(*which, waiting);
    ++dealt[static_cast<std::size_t>(*which)];
  }
  return dealt;
}

TEST(Shares, Table) {
  const struct {
    const char* name;
    SharesOptions options;
    Waiting waiting;
    std::array<int, 3> of_a_thousand;  // deadline, fresh, backlog
  } rows[] = {
      {"nobody waits", {}, {}, {0, 0, 0}},
      {"only backlog", {}, {.backlog = true}, {0, 0, 1000}},
      {"only fresh", {}, {.fresh = true}, {0, 1000, 0}},
      {"only deadlines", {}, {.deadline = true}, {1000, 0, 0}},
      {"fresh and backlog", {}, {.fresh = true, .backlog = true}, {0, 300, 700}},
      {"deadlines take half", {}, {.deadline = true, .backlog = true}, {500, 0, 500}},
      {"all three", {}, {.deadline = true, .fresh = true, .backlog = true}, {500, 150, 350}},
      {"half for the desk", {.fresh = 0.5}, {.fresh = true, .backlog = true}, {0, 500, 500}},
      {"no share for the desk", {.fresh = 0}, {.fresh = true, .backlog = true}, {0, 0, 1000}},
      {"deadlines without a limit", {.deadline_at_most = 1}, {.deadline = true, .fresh = true}, {1000, 0, 0}},
  };
  for (const auto& row : rows) {
    Shares shares(row.options);
    const auto dealt = deal(shares, row.waiting, 1000);
    for (std::size_t i = 0; i < 3; ++i) EXPECT_NEAR(dealt[i], row.of_a_thousand[i], 2) << row.name << ", class " << i;
  }
}

TEST(Shares, NobodyWaitsLongForItsShare) {
  Shares shares({});
  const Waiting all{.deadline = true, .fresh = true, .backlog = true};
  std::array<int, 3> since{};
  for (int i = 0; i < 10'000; ++i) {
    const auto which = static_cast<std::size_t>(*shares.next(all));
    shares.sent(SendClass{static_cast<std::uint8_t>(which)}, all);
    for (std::size_t c = 0; c < 3; ++c) {
      since[c] = c == which ? 0 : since[c] + 1;
      ASSERT_LE(since[c], 8) << "class " << c;
    }
  }
}

TEST(Shares, ALongRuleOfOneClassIsNotPaidBack) {
  Shares shares({});
  deal(shares, {.backlog = true}, 100'000);
  const auto dealt = deal(shares, {.fresh = true, .backlog = true}, 100);
  EXPECT_NEAR(dealt[1], 30, 6);
  EXPECT_NEAR(dealt[2], 70, 6);
}

}  // namespace
}  // namespace titip::rules
