#include "gateway/clock/local_date.h"

#include <fmt/format.h>

#include <array>
#include <charconv>
#include <utility>

namespace titip::clock {
namespace {

using std::chrono::days;
using std::chrono::floor;

constexpr std::array zones{std::pair<std::string_view, int>{"WIB", 7}, std::pair<std::string_view, int>{"WITA", 8},
                           std::pair<std::string_view, int>{"WIT", 9}};

}  // namespace

std::string local_date(WallTime at, std::chrono::minutes utc_offset) {
  const std::chrono::year_month_day date{floor<days>(at + utc_offset)};
  return fmt::format("{:04}-{:02}-{:02}", static_cast<int>(date.year()), static_cast<unsigned>(date.month()),
                     static_cast<unsigned>(date.day()));
}

std::optional<WallTime> beginning_of(std::string_view date, std::chrono::minutes utc_offset) {
  if (date.size() != 10 || date[4] != '-' || date[7] != '-') return std::nullopt;
  const auto number = [date](std::size_t at, std::size_t size) {
    unsigned value = 0;
    const auto* end = date.data() + at + size;
    const auto read = std::from_chars(date.data() + at, end, value);
    return read.ec == std::errc() && read.ptr == end ? std::optional(value) : std::nullopt;
  };
  const auto year = number(0, 4);
  const auto month = number(5, 2);
  const auto day = number(8, 2);
  if (!year || !month || !day) return std::nullopt;
  const std::chrono::year_month_day whole{std::chrono::year(static_cast<int>(*year)), std::chrono::month(*month),
                                          std::chrono::day(*day)};
  if (!whole.ok()) return std::nullopt;
  return WallTime(std::chrono::sys_days(whole)) - utc_offset;
}

std::optional<WallTime> end_of_day(std::string_view date, std::chrono::minutes utc_offset) {
  const auto begins = beginning_of(date, utc_offset);
  if (!begins) return std::nullopt;
  return *begins + days(1) - std::chrono::milliseconds(1);
}

std::string local_hour_minute(WallTime at, std::chrono::minutes utc_offset) {
  const auto local = at + utc_offset;
  const std::chrono::hh_mm_ss time{local - floor<days>(local)};
  return fmt::format("{:02}:{:02}", time.hours().count(), time.minutes().count());
}

std::string rfc3339(WallTime at) {
  const std::chrono::hh_mm_ss time{at - floor<days>(at)};
  return fmt::format("{}T{:02}:{:02}:{:02}.{:03}Z", local_date(at, {}), time.hours().count(), time.minutes().count(),
                     time.seconds().count(), time.subseconds().count());
}

std::optional<std::chrono::minutes> zone_offset(std::string_view zone) {
  for (const auto& [name, hours] : zones)
    if (name == zone) return std::chrono::hours(hours);
  return std::nullopt;
}

std::string_view zone_name(std::chrono::minutes utc_offset) {
  for (const auto& [name, hours] : zones)
    if (std::chrono::minutes(std::chrono::hours(hours)) == utc_offset) return name;
  return "UTC";
}

}  // namespace titip::clock
