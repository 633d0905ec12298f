// How many records a filter fits: from the store's own counts where these know (state, destination, facility, day and
// outcome rule), which takes the same time at ten records and at ten million; else by looking at them, with progress.
// Blocking, any thread that may wait.
#pragma once

#include <cstdint>

#include "gateway/admin/upkeep.h"

namespace titip::admin {

// Whether the counts can tell.
bool counts_know(const QueueWords& words);

struct CountedRecords {
  std::uint64_t records = 0;
  bool from_counts = false;
  bool stopped = false;  // it was told not to go on
};
storage::Result<CountedRecords> count_records(const QueueWords& words, const Doors& doors, Telling& telling);

}  // namespace titip::admin
