// Dates in a fixed offset: Indonesia's zones (WIB +7, WITA +8, WIT +9) have no summer time. Pure.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

#include "gateway/clock/clock.h"

namespace titip::clock {

// "2026-08-15" of that instant at that offset.
std::string local_date(WallTime at, std::chrono::minutes utc_offset);
// The beginning of that day at that offset; nothing if it is no day, or not written like "2026-08-15".
std::optional<WallTime> beginning_of(std::string_view date, std::chrono::minutes utc_offset);
// The last millisecond of "2026-08-15" at that offset; nothing if there is no such day.
std::optional<WallTime> end_of_day(std::string_view date, std::chrono::minutes utc_offset);
// "09:12".
std::string local_hour_minute(WallTime at, std::chrono::minutes utc_offset);
// RFC 3339 in UTC with milliseconds: "2026-08-15T02:12:03.004Z".
std::string rfc3339(WallTime at);
// "WIB", "WITA", "WIT".
std::optional<std::chrono::minutes> zone_offset(std::string_view zone);
std::string_view zone_name(std::chrono::minutes utc_offset);  // "WIB", …, or "UTC" for anything else

}  // namespace titip::clock
