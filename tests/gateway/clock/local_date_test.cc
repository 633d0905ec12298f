#include "gateway/clock/local_date.h"

#include <gtest/gtest.h>

namespace titip::clock {
namespace {

using namespace std::chrono_literals;

WallTime utc(int year, unsigned month, unsigned day, std::chrono::milliseconds time = 0ms) {
  return std::chrono::sys_days(std::chrono::year(year) / std::chrono::month(month) / std::chrono::day(day)) + time;
}

TEST(LocalDate, the_day_changes_at_local_midnight) {
  struct Row {
    const char* name;
    WallTime at;
    std::chrono::minutes offset;
    const char* date;
    const char* time;
  };
  const Row rows[] = {
      {"UTC", utc(2021, 8, 15, 9h + 12min), 0min, "2021-08-15", "09:12"},
      {"WIB, last minute of the day", utc(2021, 8, 15, 16h + 59min + 59s + 999ms), 7h, "2021-08-15", "23:59"},
      {"WIB, midnight", utc(2021, 8, 15, 17h), 7h, "2021-08-16", "00:00"},
      {"WIT, already tomorrow", utc(2021, 8, 15, 16h), 9h, "2021-08-16", "01:00"},
      {"end of the year", utc(2021, 12, 31, 18h), 7h, "2022-01-01", "01:00"},
      {"29 February", utc(2024, 2, 28, 17h), 7h, "2024-02-29", "00:00"},
      {"no 29 February", utc(2023, 2, 28, 17h), 7h, "2023-03-01", "00:00"},
      {"before the epoch", utc(1969, 12, 31, 23h), 0min, "1969-12-31", "23:00"},
  };
  for (const auto& row : rows) {
    EXPECT_EQ(local_date(row.at, row.offset), row.date) << row.name;
    EXPECT_EQ(local_hour_minute(row.at, row.offset), row.time) << row.name;
  }
}

TEST(LocalDate, a_day_ends_with_its_last_millisecond) {
  const struct {
    const char* date;
    std::chrono::minutes offset;
    std::optional<WallTime> end;
  } rows[] = {
      {"2021-08-16", 7h, utc(2021, 8, 16, 17h - 1ms)},
      {"2021-08-16", 9h, utc(2021, 8, 16, 15h - 1ms)},
      {"2021-12-31", 0min, utc(2022, 1, 1, -1ms)},
      {"2024-02-29", 7h, utc(2024, 2, 29, 17h - 1ms)},
      {"2023-02-29", 7h, {}},
      {"2021-13-01", 7h, {}},
      {"2021-00-01", 7h, {}},
      {"2021-08-32", 7h, {}},
      {"2021-8-16", 7h, {}},
      {"2021/08/16", 7h, {}},
      {"+021-08-16", 7h, {}},
      {"2021-08-1x", 7h, {}},
      {"2021-08-16 ", 7h, {}},
      {"", 7h, {}},
  };
  for (const auto& row : rows) {
    EXPECT_EQ(end_of_day(row.date, row.offset), row.end) << row.date;
    if (row.end) EXPECT_EQ(local_date(*row.end, row.offset), row.date);
    if (row.end) EXPECT_NE(local_date(*row.end + 1ms, row.offset), row.date);
  }
}

TEST(LocalDate, rfc3339_has_milliseconds_and_utc) {
  EXPECT_EQ(rfc3339(utc(2026, 8, 15, 2h + 12min + 3s + 4ms)), "2026-08-15T02:12:03.004Z");
  EXPECT_EQ(rfc3339(utc(1970, 1, 1)), "1970-01-01T00:00:00.000Z");
}

TEST(LocalDate, zones_by_name_and_back) {
  for (const auto* name : {"WIB", "WITA", "WIT"}) {
    ASSERT_TRUE(zone_offset(name)) << name;
    EXPECT_EQ(zone_name(*zone_offset(name)), name);
  }
  EXPECT_EQ(zone_offset("WIB"), std::chrono::minutes(420));
  for (const auto* name : {"", "wib", "UTC", "WIBB"}) EXPECT_FALSE(zone_offset(name)) << name;
  EXPECT_EQ(zone_name(0min), "UTC");
  EXPECT_EQ(zone_name(450min), "UTC");
}

TEST(LocalDate, a_day_begins_at_local_midnight) {
  struct Row {
    const char* name;
    const char* date;
    std::chrono::minutes offset;
    std::optional<WallTime> beginning;
  };
  const Row rows[] = {
      {"UTC", "2021-08-15", 0min, utc(2021, 8, 15)},
      {"WIB", "2021-08-15", 7h, utc(2021, 8, 14, 17h)},
      {"WIT, the first of a year", "2022-01-01", 9h, utc(2021, 12, 31, 15h)},
      {"29 February", "2024-02-29", 7h, utc(2024, 2, 28, 17h)},
      {"no 29 February", "2023-02-29", 7h, std::nullopt},
      {"a 13th month", "2023-13-01", 7h, std::nullopt},
      {"day 0", "2023-01-00", 7h, std::nullopt},
      {"the other order", "15-08-2021", 7h, std::nullopt},
      {"short", "2021-8-15", 7h, std::nullopt},
      {"with a time", "2021-08-15T00:00", 7h, std::nullopt},
      {"signs", "2021--8-15", 7h, std::nullopt},
      {"a sign", "2021-+8-15", 7h, std::nullopt},
      {"letters", "2021-0x-15", 7h, std::nullopt},
      {"nothing", "", 7h, std::nullopt},
  };
  for (const auto& row : rows) EXPECT_EQ(beginning_of(row.date, row.offset), row.beginning) << row.name;
}

}  // namespace
}  // namespace titip::clock
