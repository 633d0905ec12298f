// The settle rule: what becomes of a record after an attempt or a probe. Pure: (record, what came of it, policy, now)
// in, a settlement for storage out. The state table (storage/state_table.h) says which moves exist; this says which is
// made.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>

#include "storage/store.h"
#include "upstream/profile/profile.h"
#include "upstream/rules/backoff.h"
#include "upstream/rules/classify.h"
#include "upstream/rules/maximum_age.h"
#include "upstream/rules/probe.h"
#include "upstream/rules/read_back.h"

namespace titip::delivery {

struct SettlePolicy {
  rules::BackoffOptions backoff;
  std::chrono::milliseconds late_apply_wait{120'000};  // how long a server may take to apply what it did not answer
  std::chrono::milliseconds maximum_unknown_age{86'400'000};  // then a person must look, but not before it was asked
  std::uint32_t minimum_probes = 5;                           // so often: an outage asks nothing and proves nothing
  std::uint32_t maximum_unknown_attempts = 5;
  rules::ReadBackOptions read_back{};
  rules::MaximumAgeOptions maximum_age{};  // of what is put off again and again; by the clock of served time
};

struct AttemptEnd {
  storage::WallTime opened_at{};
  storage::WallTime ended_at{};
  const profile::Route& route;
  bool breaker_closed = true;                         // after counting this attempt
  double uniform = 0;                                 // [0, 1), for the jitter
  std::optional<std::chrono::milliseconds> served{};  // what the facility's clock of served time shows, if it is known
};

// After a send. The note and the reply are sealed and added by the caller.
storage::Settlement settle_send(const storage::Submission& record, const rules::Classified& classified,
                                const AttemptEnd& end, int http_status, std::chrono::seconds retry_after,
                                const SettlePolicy& policy);

// After a probe. `may_decide`: the read started after the late-apply wait, so that "not there" means never applied.
// `decides_at`: when such a read may start, if it was too early.
storage::Settlement settle_probe(const storage::Submission& record, rules::ProbeResult result, const AttemptEnd& end,
                                 bool may_decide, storage::WallTime decides_at, const SettlePolicy& policy);

// Whether a queued or deferred record is not tried again but expires: it could have been sent for longer than the
// maximum age since it was first put off, and was tried often.
bool has_expired(const storage::Submission& record, std::optional<std::chrono::milliseconds> served,
                 const SettlePolicy& policy);

// When the first probe after an unknown attempt is due: soon, because a lost reply is the common case and "found" may
// settle at any time.
storage::WallTime first_probe_at(storage::WallTime ended_at, const SettlePolicy& policy);

}  // namespace titip::delivery
