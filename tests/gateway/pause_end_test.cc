#include "gateway/pause_end.h"

#include <gtest/gtest.h>

namespace titip::gateway {
namespace {

using namespace std::chrono_literals;

// 2021-09-01 08:00 WIB.
constexpr clock::WallTime now{std::chrono::milliseconds(1'630'458'000'000)};

TEST(PauseEnd, SpanTable) {
  const struct {
    const char* text;
    std::chrono::seconds span;  // 0: refused
  } rows[] = {{"45s", 45s},   {"90m", 90min}, {"2h", 2h},  {"1d", 24h}, {"0m", 0s},          {"m", 0s},
              {"", 0s},       {"2", 0s},      {"-1h", 0s}, {"2 h", 0s}, {"1w", 0s},          {"1.5h", 0s},
              {"10001d", 0s}, {"2hh", 0s},    {"+2h", 0s}, {"2h ", 0s}, {"99999999999h", 0s}};
  for (const auto& row : rows) {
    const auto at = after_span(row.text, now);
    EXPECT_EQ(at.has_value(), row.span > 0s) << row.text;
    if (at) EXPECT_EQ(*at, now + row.span) << row.text;
    if (!at) EXPECT_TRUE(at.error().contains("90m")) << row.text;
  }
}

TEST(PauseEnd, TimeTable) {
  const struct {
    const char* text;
    std::chrono::seconds after;  // 0: refused
  } rows[] = {{"08:01", 1min},
              {"08:00", 24h},
              {"07:30", 23h + 30min},
              {"23:59", 15h + 59min},
              {"2021-09-01T09:00+07:00", 1h},
              {"2021-09-01T09:00:30+07:00", 1h + 30s},
              {"2021-09-01 09:00+07:00", 1h},
              {"2021-09-01T02:00Z", 1h},
              {"2021-08-31T23:30-03:30", 2h},
              {"2021-09-01T09:00", 0s},
              {"2021-02-30T09:00Z", 0s},
              {"2021-13-01T09:00Z", 0s},
              {"24:00", 0s},
              {"12:60", 0s},
              {"8:00", 0s},
              {"08:00 ", 0s},
              {"", 0s},
              {"tomorrow", 0s}};
  for (const auto& row : rows) {
    const auto at = next_time(row.text, now, 7h);
    EXPECT_EQ(at.has_value(), row.after > 0s) << row.text;
    if (at) EXPECT_EQ(*at, now + row.after) << row.text;
    if (!at) EXPECT_TRUE(at.error().contains("07:30")) << row.text;
  }
}

}  // namespace
}  // namespace titip::gateway
