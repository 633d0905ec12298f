// Calendar dates in the server's own time zone, which has no summer time: a fixed offset from UTC. Pure; any thread.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

namespace titip::pcare_sim {

using WallTime = std::chrono::system_clock::time_point;

// "YYYY-MM-DD", and such a day exists.
bool is_date(std::string_view text);

// "2021-08-16"
std::string date_text(WallTime at, std::chrono::minutes utc_offset);

// "2021-08-16T09:30:00.123+07:00"
std::string stamp_text(WallTime at, std::chrono::minutes utc_offset);

// "+07:00"; up to 14 hours either way.
std::optional<std::chrono::minutes> parse_utc_offset(std::string_view text);

}  // namespace titip::pcare_sim
