#include "upstream/rules/deadlines.h"

#include <algorithm>
#include <cmath>

namespace titip::rules {
namespace {

using WallTime = std::chrono::sys_time<std::chrono::milliseconds>;

// A minute is over with its last millisecond.
WallTime end_of(std::int64_t minute) {
  return WallTime(std::chrono::minutes(minute + 1));
}

}  // namespace

DeadlineOutlook outlook(const DeadlineMinutes& pending, WallTime now, double per_second, double share) {
  DeadlineOutlook found;
  const double pace = per_second * std::clamp(share, 0.0, 1.0);
  double sent = 0;
  std::uint64_t late = 0;
  for (const auto& [minute, count] : pending) {
    if (end_of(minute) <= now) {
      found.missed += count;
      continue;
    }
    found.waiting += count;
    if (!found.next_minute) found.next_minute = minute;
    const double left = std::chrono::duration<double>(end_of(minute) - now).count() * pace - sent;
    const double in_time = std::clamp(std::floor(left), 0.0, static_cast<double>(count));
    sent += in_time;
    late += count - static_cast<std::uint64_t>(in_time);
  }
  if (found.waiting == 0) {
    found.will_miss = 0;
  } else if (per_second > 0) {
    found.will_miss = late;
  }
  return found;
}

std::uint64_t missed_between(const DeadlineMinutes& pending, WallTime before, WallTime now) {
  std::uint64_t missed = 0;
  for (const auto& [minute, count] : pending)
    if (end_of(minute) > before && end_of(minute) <= now) missed += count;
  return missed;
}

}  // namespace titip::rules
