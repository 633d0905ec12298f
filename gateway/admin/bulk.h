// Runs a bulk action: a batch at a time, with a rest after each, so that no clinic waits for it. What it has done is in
// the store before the next batch begins, so it goes on after a kill -9 where it was, and counts each record once.
// Blocking, any thread that may wait. Invariant: one job at a time in a store.
#pragma once

#include <chrono>
#include <cstddef>
#include <expected>
#include <optional>

#include "gateway/admin/bulk_job.h"
#include "gateway/admin/upkeep.h"

namespace titip::admin {

struct BulkPace {
  std::size_t batch = 10;             // records a commit: whoever comes meanwhile waits for it
  std::size_t examine = 10'000;       // looked at by one read
  std::chrono::milliseconds rest{5};  // after a batch, and twice as long as it took
  std::size_t writer_is_busy = 64;    // calls that wait for the writer: then it waits too
  std::chrono::milliseconds busy_rest{100};
};

// The job in the store, and the version of its object; a job that cannot be read is an error.
struct KeptJob {
  BulkJob job;
  std::uint64_t version = 0;
};
std::expected<std::optional<KeptJob>, Ended> read_job(const Doors& doors);
// Whether one was cut short: begun, and neither stopped nor done.
bool has_unfinished_job(storage::Store& store);
// Nothing: somebody else changed it. `refused`: of the batch before.
storage::Result<std::optional<std::uint64_t>> keep_job(const BulkJob& job, std::uint64_t version,
                                                       const std::string& refused, const Doors& doors);

// Until it is done, stopped or hindered.
Ended run_job(KeptJob kept, const Doors& doors, Telling& telling, const BulkPace& pace = {});

// How it stands, in a sentence and as JSON, with those that were refused, a page behind `after`.
Ended tell_job(const BulkJob& job, const Doors& doors, const std::string& after = {});
// Takes away whoever a former job was refused.
storage::Result<void> forget_refused(const Doors& doors);

}  // namespace titip::admin
