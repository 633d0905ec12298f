// Power cuts in the middle of what keeps a store in order: retention, backup, restore; and what a restore after a drain
// sends. Each round is one such cut, what is left of it inspected, and the same thing run again to its end.
#pragma once

#include <cstdint>

namespace titip::crash {

struct UpkeepCrashes {
  std::uint64_t first_seed = 1;
  std::uint64_t rounds = 0;
  bool tell = false;
  // A control that must be caught: after the restore what was pending is queued again, not asked after.
  bool restore_requeues = false;
};

// Exit status, see process_crashes.h.
int run_upkeep(const UpkeepCrashes& wanted);

}  // namespace titip::crash
