// What is kept beside the records only to be quick (the counts, and the last position given out) can be computed from
// them. Where a row of it cannot be read, an open computes that row anew, instead of refusing a store whose submissions
// are all there. The damaged bytes are set apart in the quarantine, as others are.
//
// A store from before those who need attention were counted gets their row likewise.
//
// Blocking, one thread, at open only. A sound store costs one look at the rows a Ledger reads; a damaged row one walk
// over all records. Rows that can be read stay as they are: a damaged record is still counted in them. May be cut short
// and run again. What it writes is not counted as a commit: it must not make up for one that is missing.
#pragma once

#include <cstddef>
#include <expected>

#include "storage/kv.h"
#include "storage/not_opened.h"
#include "storage/submission.h"

namespace titip::storage {

// How many were computed anew. The error is a sentence.
std::expected<std::size_t, NotOpened> mend(Kv& kv, WallTime now);

}  // namespace titip::storage
