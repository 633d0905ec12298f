// What may be asked of the store that changes it: accepts, attempts, settlements, transitions, objects. Plain data.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "storage/state_table.h"
#include "storage/submission.h"

namespace titip::storage {

// --- accept -------------------------------------------------------------------------------------------------------

enum class OnConflict : std::uint8_t { refuse, queue_behind };

// So many requirements, keys it provides and references has one record at most, each; whoever fills them in sees to it.
inline constexpr std::size_t most_keys_of_a_record = 64;

struct NewSubmission {
  Submission submission;  // position, version, state and what follows from them are the store's to set
  Sealed payload;
  std::optional<Digest> idempotency_key;  // keyed hash over facility, destination and the client's key
  OnConflict on_conflict = OnConflict::refuse;
  // The requirement key, or the reference, of the record this one takes back (a DELETE). Is that record still ours to
  // cancel, both end cancelled in this batch, dependants too; otherwise this one queues behind it, remembers the key,
  // and frees what it took back when it is delivered.
  std::optional<Digest> takes_back{};
  // The rejected or expired record that this one is the edited repetition of: it is named there, and enters at the end
  // of its key.
  std::optional<SubmissionId> replaces{};
  // When whoever sent it gives up waiting. What is not with the engine by then is refused as `too_late`, so that it is
  // not stored behind the back of one who sends it again. A batch goes by the earliest of its members.
  std::optional<SteadyTime> answer_by{};
  // Its facility has as many pending as it may: what would be a new record is refused as `over_quota`, unless it takes
  // one back that waits. What is in custody already is answered as ever.
  bool beyond_quota = false;
};

// The verdict table of ARCHITECTURE.md, "Accept".
enum class VerdictKind : std::uint8_t {
  accepted,         // a new submission is in custody
  replayed,         // `submission` is the one already in custody
  key_reused,       // the idempotency key stands for `submission`, which has another fingerprint
  conflict,         // the natural key stands for `submission`, which has another body, and the route refuses
  not_replaceable,  // `submission` is what should be replaced; it is not rejected or expired, or was replaced before
};
std::string_view name(VerdictKind kind);

struct Verdict {
  VerdictKind kind = VerdictKind::accepted;
  Submission submission;                  // the new one, or the one that stands in the way
  std::vector<SubmissionId> cancelled{};  // by taking back: the target and its dependants
  bool is_front = false;                  // accepted, and may go at once: nothing of its ordering key goes before it
};

// --- delivery -----------------------------------------------------------------------------------------------------

// A compare-and-set answer. Unless it is `yes` nothing was written.
enum class Applied : std::uint8_t {
  yes,
  stale,   // state or version had moved on, or the table refuses
  fenced,  // the lease it was done under is not held any more
};

struct OpenAttempt {
  SubmissionId id;
  std::uint32_t expected_version = 0;
  Attempt attempt;          // opened_at, patched; it becomes the open mark. The number is the store's to set
  std::uint64_t epoch = 0;  // of the lease the sender holds
};

// What a reference stands for, once the national server has said its number.
struct Resolved {
  Digest reference{};             // keyed hash of the provisional number
  Sealed value;                   // the real number, sealed under the record's data key as "reference"
  std::optional<Digest> alias{};  // keyed hash of the real number: it names the same thing from now on
};

// A record that enters custody in the commit of the change it tells of (a callback): neither is ever there without the
// other. It is an ordinary record from then on. Left out: if the changed record does not stand in `when` after it, or
// if `most_due` records of its lane are due already, so that one receiver that is gone for good cannot fill the store.
struct News {
  State when = State::rejected;
  NewSubmission submission;
  std::uint64_t most_due = 0;
};

// Ends an attempt or a probe. One batch: the attempt's line, the state, the counters, the due index, resolved
// references, released or cancelled dependants, the key's next head.
struct Settlement {
  SubmissionId id;
  std::uint32_t expected_version = 0;
  Event event = Event::deferred;
  Attempt attempt;  // ended_at, outcome, rule, http_status, note; no ended_at: no line is kept
  bool counts_as_attempt = false;
  std::optional<WallTime> due_at;  // where the new state is queued, deferred or unknown
  HoldReason hold_reason = HoldReason::none;
  std::uint32_t backoff_steps = 0;                         // the new value
  std::optional<std::chrono::milliseconds> aging_since{};  // the new value
  Sealed reply{};           // the national reply to keep (delivered, rejected); empty: keep what is there
  std::uint64_t epoch = 0;  // of the lease the sender holds
  std::vector<Resolved> resolved{};
  // Delivered, and a reference is still without its number: when to read it back.
  std::optional<WallTime> read_back_at{};
  std::vector<News> news{};
};

// What a read-back of a delivered record brought: numbers, or when to look again.
struct ReadBack {
  SubmissionId id;
  std::uint32_t expected_version = 0;
  std::vector<Resolved> resolved{};
  std::optional<WallTime> again_at{};  // none: no further read; what is still unresolved holds its dependants
  std::uint64_t epoch = 0;
};

struct Transition {
  SubmissionId id;
  State expected_state = State::queued;
  std::uint32_t expected_version = 0;
  Event event = Event::hold;
  HoldReason hold_reason = HoldReason::none;
  std::optional<WallTime> due_at;
  std::vector<Resolved> resolved{};  // a person says it landed, and under which number
  std::vector<News> news{};
};

struct Changed {
  Applied applied = Applied::stale;
  std::uint32_t version = 0;  // after the change
  State state = State::queued;
  std::vector<SubmissionId> cancelled{};  // dependants that went with it
  std::uint32_t news_taken = 0;           // of what came with it
  std::uint32_t news_left_out = 0;        // that should have been taken in, but its lane was full
};

// --- objects ------------------------------------------------------------------------------------------------------

// A small versioned sealed record: a gate, a verifier, an outage.
struct Object {
  std::uint64_t version = 0;
  std::string bytes;
};
struct PutObject {
  std::string kind;
  std::string name;                               // must not be personal: hash it if it is
  std::optional<std::uint64_t> expected_version;  // none: whatever is there; 0: must be new
  std::string bytes;                              // empty: erase
};

// --- leases -------------------------------------------------------------------------------------------------------

// Work is owned by shards of the ordering keys, under a lease with an epoch. The embedded store gives all of them to
// whoever asks, under the epoch of this opening, and never takes them back.
struct Lease {
  Shards shards;
  std::uint64_t epoch = 0;
  std::optional<WallTime> expires_at;  // none: never by time
};

}  // namespace titip::storage
