// What the writer is asked to do for upkeep, one record or key at a time. Plain data, private to storage; the door's
// own words for it stand in upkeep.h.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>

#include "storage/submission.h"

namespace titip::storage {

// Idempotency and natural keys live so long after their submission was settled, whatever retention says: clinics resend
// after months, and the server would take a second record.
inline constexpr std::chrono::days shortest_key_life{90};

struct EraseRecord {
  SubmissionId id;
};

// Looked at again inside the commit: what does not meet the conditions (any more) is left alone.
struct RetainRecord {
  SubmissionId id;
  WallTime settled_before{};
  std::optional<WallTime> keys_before{};
};
struct RetainedRecord {
  bool erased = false;
  std::uint64_t bytes = 0;
};
bool may_lose_content(const Submission& submission, WallTime settled_before);
bool may_lose_keys(const Submission& submission, WallTime keys_before);

// An idempotency key; it goes if its submission was settled before.
struct FreeKey {
  Digest key{};
  WallTime settled_before{};
};

// Of damage that was met (quarantine.h).
struct SetApart {
  bool newly = false;
};

}  // namespace titip::storage
