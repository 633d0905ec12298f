#include "storage/facility_pending.h"

#include <algorithm>
#include <mutex>
#include <utility>

#include "storage/facilities.h"
#include "storage/keys.h"

namespace titip::storage {

bool FacilityPending::take(std::string_view key, std::uint64_t pending) {
  const auto parsed = keys::fine_key(key);
  if (!parsed) return false;
  const std::unique_lock lock(mutex_);
  auto found = lanes_.find(parsed->lane);
  if (found == lanes_.end() && pending == 0) return true;
  OfLane& of = found != lanes_.end() ? found->second : lane(parsed->lane, key);
  if (of.facility == nullptr) return true;
  // Nearly always the newest, which is the last.
  const auto newest =
      std::find_if(of.days.rbegin(), of.days.rend(), [&](const Day& d) { return d.day == parsed->day; });
  if (newest == of.days.rend()) {
    if (pending > 0) of.days.push_back({parsed->day, pending});
    *of.facility += pending;
    return true;
  }
  *of.facility += pending - newest->pending;  // what it was is in the sum: it never wraps around
  newest->pending = pending;
  if (pending == 0) of.days.erase(std::next(newest).base());
  return true;
}

FacilityPending::OfLane& FacilityPending::lane(std::string_view lane, std::string_view key) {
  OfLane& made = lanes_[std::string(lane)];
  const auto row = keys::parse_counts(key);
  if (row && row->destination != callback_destination) made.facility = &by_facility_[row->facility];
  return made;
}

std::uint64_t FacilityPending::of(std::string_view facility) const {
  const std::shared_lock lock(mutex_);
  const auto found = by_facility_.find(facility);
  return found == by_facility_.end() ? 0 : found->second;
}

}  // namespace titip::storage
