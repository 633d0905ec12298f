#include "storage/disk_guard.h"

#include <algorithm>

#include "storage/free_space.h"

namespace titip::storage {
namespace {

// What must be free before a mark counts as left behind.
std::uint64_t well_above(std::uint64_t mark) {
  return mark + mark / 8;
}

DiskState state_of(DiskState before, std::uint64_t free, const DiskLimits& limits) {
  const bool was_critical = before == DiskState::critical;
  if (free < (was_critical ? well_above(limits.critical_bytes) : limits.critical_bytes)) return DiskState::critical;
  const bool was_low = before == DiskState::low || was_critical;
  if (free < (was_low ? well_above(limits.floor_bytes) : limits.floor_bytes)) return DiskState::low;
  return DiskState::ok;
}

}  // namespace

DiskLimits limits_of(std::uint64_t floor_bytes, std::uint64_t ballast_bytes) {
  return {floor_bytes, floor_bytes / 4, ballast_bytes};
}

DiskDecision decide(DiskState before, const DiskView& view, const DiskLimits& limits) {
  DiskDecision decision;
  if (limits.floor_bytes == 0) return decision;
  if (!view.free_bytes) {
    decision.state = DiskState::unreadable;
    return decision;
  }
  decision.state = state_of(before, *view.free_bytes, limits);
  const bool missing = view.ballast_bytes < limits.ballast_bytes;
  // Making it must not lead below the floor again.
  const std::uint64_t needed = well_above(limits.floor_bytes) + (limits.ballast_bytes - view.ballast_bytes);
  decision.make_ballast = decision.state == DiskState::ok && missing && *view.free_bytes >= needed;
  decision.drop_ballast = decision.state == DiskState::critical && view.ballast_bytes > 0;
  return decision;
}

std::chrono::milliseconds look_again_after(DiskState state, std::uint64_t free_bytes, const DiskLimits& limits,
                                           std::chrono::milliseconds shortest) {
  constexpr std::uint64_t filled_each_ms = (4ULL << 30U) / 1000;
  if (state != DiskState::ok || free_bytes <= limits.floor_bytes) return shortest;
  const auto longest = 5 * shortest;
  const auto is_full_in_ms = (free_bytes - limits.floor_bytes) / filled_each_ms;
  if (is_full_in_ms >= static_cast<std::uint64_t>(longest.count())) return longest;
  return std::max(shortest, std::chrono::milliseconds(is_full_in_ms));
}

words::Said refusal_of(DiskState state, const DiskView& view, const DiskLimits& limits) {
  switch (state) {
    case DiskState::ok:
      return {};
    case DiskState::unreadable:
      return words::text(
          "the free space of the data directory's disk cannot be read; see whether the disk is still there");
    case DiskState::low:
    case DiskState::critical:
      return words::said("only {} are free on the data directory's disk and the floor is {}; free some space",
                         size_text(view.free_bytes.value_or(0)), size_text(limits.floor_bytes));
  }
  return {};
}

}  // namespace titip::storage
