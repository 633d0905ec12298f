// Deadlines: whether any is near, how many were missed, and what becomes of a record whose deadline is over.
#include <algorithm>
#include <utility>

#include "gateway/delivery/work.h"
#include "metrics/log.h"
#include "upstream/rules/deadlines.h"

namespace titip::delivery {

// Once a minute, from the store's counts: no record is read for it.
void Dispatcher::look_at_deadlines() {
  const auto steady = doors_.clock.steady();
  sends_per_second_.store(can_be_sent_to() ? throughput_.per_second(steady) : 0, std::memory_order_relaxed);
  if (deadlines_look_again_ && steady < *deadlines_look_again_) return;
  const auto now = doors_.clock.wall();
  const auto pending = counted().pending_by_deadline;
  // And just when one passes: what is settled after it was missed all the same.
  auto again = std::chrono::milliseconds(std::chrono::minutes(1));
  if (const auto nearest = rules::outlook(pending, now, 0, 1).next_minute)
    again = std::min(again, std::chrono::milliseconds(storage::WallTime(std::chrono::minutes(*nearest + 1)) - now));
  deadlines_look_again_ = steady + again;
  const auto before = std::exchange(deadlines_looked_at_, now).value_or(now);
  if (const auto missed = rules::missed_between(pending, before, now); missed > 0) {
    doors_.probes.deadlines_missed.add(static_cast<double>(missed));
    metrics::log(metrics::Level::warning, "deadlines_missed",
                 {{metrics::Field::destination, options_.destination},
                  {metrics::Field::count, static_cast<std::int64_t>(missed)}});
  }
  const auto minute_of = [](storage::WallTime at) {
    return std::chrono::floor<std::chrono::minutes>(at).time_since_epoch().count();
  };
  // What was missed is in no hurry any more.
  const auto next = pending.lower_bound(minute_of(now));
  deadlines_near_ = next != pending.end() && next->first <= minute_of(now + options_.deadline_near);
  if (deadlines_near_) lanes_.look_again(Ring::deadline);
}

// The route says whether a record that missed its deadline waits for a person; else the server decides.
bool Dispatcher::holds_for_deadline(const WorkPtr& work) const {
  const auto& rule = work->route->deadline;
  return rule && rule->when_missed == profile::WhenMissed::hold && work->record.deadline &&
         *work->record.deadline < doors_.clock.wall();
}

}  // namespace titip::delivery
