// What a filling disk means. Pure: the decision from what is free, what the ballast holds, and what was decided before;
// space_watch.h acts on it. With hysteresis, so that a disk at a mark does not flap. Any thread.
//
// Three marks. Below the floor new submissions are refused and space is made, while there is still plenty for the
// outcomes of old ones. Below the critical mark (something else is filling the disk) the ballast is given up, so that
// settlements, flushes and a start still find room. The ballast comes back when there is room for it above the floor.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>

#include "metrics/words/said.h"

namespace titip::storage {

struct DiskLimits {
  std::uint64_t floor_bytes = 0;  // 0: nothing is watched
  std::uint64_t critical_bytes = 0;
  std::uint64_t ballast_bytes = 0;
};
// The critical mark is a quarter of the floor.
DiskLimits limits_of(std::uint64_t floor_bytes, std::uint64_t ballast_bytes);

enum class DiskState : std::uint8_t { ok, low, critical, unreadable };

struct DiskView {
  std::optional<std::uint64_t> free_bytes;  // none: the file system does not say
  std::uint64_t ballast_bytes = 0;          // what the ballast holds now
};

struct DiskDecision {
  DiskState state = DiskState::ok;
  bool drop_ballast = false;
  bool make_ballast = false;
  bool accepting() const { return state == DiskState::ok; }
  // Payloads of what is delivered are erased at once, and their space is given back by force.
  bool make_room() const { return state == DiskState::low || state == DiskState::critical; }
  bool operator==(const DiskDecision&) const = default;
};

DiskDecision decide(DiskState before, const DiskView& view, const DiskLimits& limits);

// When to look again: as often as `shortest` near the floor and while anything is wrong, five times as rarely where not
// even a fast disk (4 GiB/s) could be filled down to the floor meanwhile. An idle gateway wakes nobody for nothing.
std::chrono::milliseconds look_again_after(DiskState state, std::uint64_t free_bytes, const DiskLimits& limits,
                                           std::chrono::milliseconds shortest);

// Why new submissions are refused: one sentence; empty while they are taken.
words::Said refusal_of(DiskState state, const DiskView& view, const DiskLimits& limits);

}  // namespace titip::storage
