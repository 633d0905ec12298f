// How long a trial may take: a call that is made while the breaker is half-open. Everybody waits for it, so a server
// that hangs again must not hold them for as long as a call may take while all is well. But one that is only slow must
// still be let back: so each trial in a row that hung may take twice as long, until the call's own time-out is the
// shorter. What a write that was cut short came to is unknown, as after any time-out. Pure.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>

namespace titip::rules {

// Longer than a healthy server needs and longer than anybody at a desk waits; with the pause after it (15 s) the
// server is looked at again within half a minute.
inline constexpr std::chrono::milliseconds trial_answers_within{8'000};

// `hung`: trials in a row that no answer came to in time. `longest`: any call's time-out.
constexpr std::chrono::milliseconds trial_time(std::chrono::milliseconds longest, std::uint32_t hung) {
  const auto doubled = trial_answers_within * (std::int64_t{1} << std::min(hung, 16U));
  return std::min(longest, std::chrono::milliseconds(doubled));
}

}  // namespace titip::rules
