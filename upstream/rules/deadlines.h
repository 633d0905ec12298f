// How the pending records stand towards their deadlines: how many still have one ahead, how many missed theirs, and how
// many will at the present pace. Earliest deadline first, which is how they are sent, so that whoever cannot be in time
// is counted once. Nobody can say it while nothing is being sent. Pure; time is an argument.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>

namespace titip::rules {

using DeadlineMinutes = std::map<std::int64_t, std::uint64_t>;  // minute since 1970 of the deadline: how many have it

struct DeadlineOutlook {
  std::uint64_t waiting = 0;                // their deadline is still ahead
  std::optional<std::int64_t> next_minute;  // the nearest of those
  std::uint64_t missed = 0;                 // pending, and it is over
  std::optional<std::uint64_t> will_miss;   // of those that wait; nothing: nobody knows
};

// `per_second`: sends of any kind at present; 0: none, or not known. `share`: how much of it deadlines may take.
DeadlineOutlook outlook(const DeadlineMinutes& pending, std::chrono::sys_time<std::chrono::milliseconds> now,
                        double per_second, double share);

// Of those pending a moment ago, how many missed their deadline in between.
std::uint64_t missed_between(const DeadlineMinutes& pending, std::chrono::sys_time<std::chrono::milliseconds> before,
                             std::chrono::sys_time<std::chrono::milliseconds> now);

}  // namespace titip::rules
