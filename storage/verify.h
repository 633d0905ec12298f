// A whole look at one moment of the store: every value decodes, and everything that is kept beside the records (counts,
// lines, due index, keys, requirements, timelines, payloads, the audit's chain) says of them what they are, no more and
// no less.
//
// How: one walk over the records in the order of their ids adds up what there must be; one walk over every other family
// looks its entries' records up, refuses what is not theirs, and counts what is. Only where too few were counted a last
// walk over the records names whose is missing. So a sound store is read about once.
//
// Blocking, minutes for millions; any thread, one snapshot. Memory: 256 entries at a time with their records, one
// number a lane and destination, the counts by lane of one day, 8 bytes for each row of counts by day or minute: some
// tens of megabytes, however many records there are.
//
// Words of VerifyReport::Problem::kind:
//   damaged (a value does not decode), unreadable (the engine refuses a part of a family), count_differs,
//   record_missing (fewer records than positions given out), position_differs, head_stray, head_differs, head_missing,
//   front_differs, requirement_differs, replaced_differs, audit_broken; and FAMILY_missing (a record has no entry
//   there), FAMILY_stray (an entry no record stands for), with the names of kv.h.
#pragma once

#include <functional>

#include "storage/kv.h"
#include "storage/store.h"

namespace titip::storage {

// `stopping` is asked all the time; once it says yes the answer is `unavailable`. Both may be empty.
Result<VerifyReport> verify(const KvReader& kv, const std::function<void(Progress)>& progress,
                            const std::function<bool()>& stopping);

}  // namespace titip::storage
