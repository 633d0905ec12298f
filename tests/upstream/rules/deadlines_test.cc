#include "upstream/rules/deadlines.h"

#include <gtest/gtest.h>

namespace titip::rules {
namespace {

using namespace std::chrono_literals;

constexpr std::int64_t tonight = 27'151'259;  // 2021-08-16 23:59 in Jakarta
const auto midnight = std::chrono::sys_time<std::chrono::milliseconds>(std::chrono::minutes(tonight + 1));

TEST(Deadlines, outlook) {
  using Count = std::optional<std::uint64_t>;
  const struct {
    const char* name;
    DeadlineMinutes pending;
    std::chrono::milliseconds left;  // until midnight
    double per_second;
    double share;
    std::uint64_t waiting;
    std::uint64_t missed;
    Count will_miss;
  } rows[] = {
      {"nobody", {}, 1h, 0, 0.5, 0, 0, 0},
      {"time enough", {{tonight, 100}}, 1h, 1, 0.5, 100, 0, 0},
      {"just enough", {{tonight, 1800}}, 1h, 1, 0.5, 1800, 0, 0},
      {"some are late", {{tonight, 1900}}, 1h, 1, 0.5, 1900, 0, 100},
      {"all of it for them", {{tonight, 1900}}, 1h, 1, 1, 1900, 0, 0},
      {"a moment before midnight", {{tonight, 3}}, 1ms, 1, 0.5, 3, 0, 3},
      {"at midnight", {{tonight, 3}}, 0ms, 1, 0.5, 0, 3, 0},
      {"nothing is being sent", {{tonight, 3}}, 1h, 0, 0.5, 3, 0, {}},
      {"nothing is being sent, and it is over", {{tonight, 3}}, -1h, 0, 0.5, 0, 3, 0},
      {"yesterday's are missed, tomorrow's have time", {{tonight - 1440, 2}, {tonight + 1440, 5}}, 1h, 1, 0.5, 5, 2, 0},
      {"the nearer go first", {{tonight, 1800}, {tonight + 60, 1900}}, 1h, 1, 0.5, 3700, 0, 100},
      {"who is late takes nobody's time", {{tonight, 9000}, {tonight + 60, 1800}}, 1h, 1, 0.5, 10'800, 0, 7200},
  };
  for (const auto& row : rows) {
    const auto found = outlook(row.pending, midnight - row.left, row.per_second, row.share);
    EXPECT_EQ(found.waiting, row.waiting) << row.name;
    EXPECT_EQ(found.missed, row.missed) << row.name;
    EXPECT_EQ(found.will_miss, row.will_miss) << row.name;
    EXPECT_EQ(found.next_minute.has_value(), row.waiting > 0) << row.name;
  }
}

TEST(Deadlines, each_is_missed_once) {
  const DeadlineMinutes pending{{tonight - 1440, 2}, {tonight, 3}, {tonight + 1440, 5}};
  EXPECT_EQ(missed_between(pending, midnight - 1min, midnight - 1ms), 0U);
  EXPECT_EQ(missed_between(pending, midnight - 1ms, midnight), 3U);
  EXPECT_EQ(missed_between(pending, midnight, midnight + 1min), 0U);
  EXPECT_EQ(missed_between(pending, midnight - 48h, midnight + 48h), 10U);
}

}  // namespace
}  // namespace titip::rules
