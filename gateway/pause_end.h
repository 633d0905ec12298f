// When a pause ends, as a person writes it: a span from now ("90m", "2h", "1d"), the next such time of the day
// ("07:30", in the zone that times are shown in), or a time of RFC 3339 with its offset. Pure. Private to the root.
#pragma once

#include <chrono>
#include <expected>
#include <string>
#include <string_view>

#include "gateway/clock/clock.h"

namespace titip::gateway {

std::expected<clock::WallTime, std::string> after_span(std::string_view span, clock::WallTime now);
std::expected<clock::WallTime, std::string> next_time(std::string_view time, clock::WallTime now,
                                                      std::chrono::minutes utc_offset);

}  // namespace titip::gateway
