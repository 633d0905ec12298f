// The storage door: durable custody of submissions. Abstract and asynchronous; every call is a batch; no engine's type
// crosses it. The same contract tests run on every engine.
//
// Threads: every call may come from any thread and returns at once. An answer runs on the caller's `Home`, which the
// engine enters once per commit with all answers due there. A Home must outlive the store's close().
// Errors of the world are values (Error); a broken invariant aborts.
// Invariant: an answer to accept, open_attempts, settle, transition or put_object that is not an Error comes only after
// the change is on stable storage.
#pragma once

#include <cstddef>
#include <cstdint>
#include <expected>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "storage/state_table.h"
#include "storage/submission.h"

namespace titip::storage {

enum class Error : std::uint8_t {
  unavailable,  // nothing happened (store unhealthy or closing)
  in_doubt,     // may or may not be durable: repeat with the same ids, or close the connection
  overloaded,   // nothing happened: the queue of the writer is full
  corrupt,      // the record does not decode, or fails its checksum
};
std::string_view name(Error error);

template <class T>
using Result = std::expected<T, Error>;
template <class T>
using Done = std::move_only_function<void(Result<T>)>;

// Where answers run: a loop posts them to itself, a test runs them in place.
class Home {
 public:
  virtual ~Home() = default;
  virtual void post(std::move_only_function<void()> work) = 0;
};

// --- accept -------------------------------------------------------------------------------------------------------

enum class OnConflict : std::uint8_t { refuse, queue_behind };

struct NewSubmission {
  Submission submission;  // position, version and state are the store's to set
  Sealed payload;
  std::optional<Digest> idempotency_key;  // keyed hash over facility, destination and the client's key
  OnConflict on_conflict = OnConflict::refuse;
};

// The verdict table of ARCHITECTURE.md, "Accept".
enum class VerdictKind : std::uint8_t {
  accepted,    // a new submission is in custody
  replayed,    // `submission` is the one already in custody
  key_reused,  // the idempotency key stands for `submission`, which has another fingerprint
  conflict,    // the natural key stands for `submission`, which has another body, and the route refuses
};
std::string_view name(VerdictKind kind);

struct Verdict {
  VerdictKind kind = VerdictKind::accepted;
  Submission submission;  // the new one, or the one that stands in the way
};

// --- delivery -----------------------------------------------------------------------------------------------------

// A lane is what fairness is dealt over: one facility's due records for one destination.
struct Lane {
  std::string destination;
  std::string facility;
  auto operator<=>(const Lane&) const = default;
};

// `send`: queued and deferred heads. `probe`: unknown records.
enum class DueClass : std::uint8_t { send = 0, probe = 1 };

struct DueQuery {
  Lane lane;
  DueClass due_class = DueClass::send;
  WallTime now{};
  std::size_t limit = 0;
};

struct Due {
  Submission submission;
  Sealed payload;
};

struct DueBatch {
  std::vector<Due> items;               // due_at <= now, oldest due first; at most one per ordering key
  std::optional<WallTime> next_due_at;  // of the first record that is not due yet
};

// A compare-and-set answer: `stale` means state or version had moved on, or the table refuses; nothing was written.
enum class Applied : std::uint8_t { yes, stale };

struct OpenAttempt {
  SubmissionId id;
  std::uint32_t expected_version = 0;
  Attempt attempt;  // opened_at, patched; it becomes the open mark. The number is the store's to set
};

// Ends an attempt or a probe. One batch: the attempt's line, the state, the counters, the due index, the key's next
// head.
struct Settlement {
  SubmissionId id;
  std::uint32_t expected_version = 0;
  Event event = Event::deferred;
  Attempt attempt;  // ended_at, outcome, rule, http_status, note; no ended_at: no line is kept
  bool counts_as_attempt = false;
  std::optional<WallTime> due_at;  // where the new state is queued, deferred or unknown
  HoldReason hold_reason = HoldReason::none;
  std::uint32_t backoff_steps = 0;  // the new value
  Sealed reply;                     // the national reply to keep (delivered, rejected); empty: keep what is there
};

struct Transition {
  SubmissionId id;
  State expected_state = State::queued;
  std::uint32_t expected_version = 0;
  Event event = Event::hold;
  HoldReason hold_reason = HoldReason::none;
  std::optional<WallTime> due_at;
};

struct Changed {
  Applied applied = Applied::stale;
  std::uint32_t version = 0;  // after the change
  State state = State::queued;
};

// Told after each commit that made something due. Spurious notices are allowed, missing ones are not.
struct CommitNotice {
  std::vector<Lane> lanes;  // lanes that gained a due record, or one that is due earlier
};

// --- reading ------------------------------------------------------------------------------------------------------

struct LoadRequest {
  SubmissionId id;
  bool payload = false;
  bool reply = false;
  bool attempts = false;
};

struct Loaded {
  Submission submission;
  Sealed payload;
  Sealed reply;
  std::vector<Attempt> attempts;  // oldest first
};

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

// Kept incrementally, never by scanning. `accepted` is the sequence of accepts, independent of the per-state counts, so
// that accepted - sum(by_state) is a true ledger difference.
struct DestinationCounts {
  std::uint64_t accepted = 0;
  std::array<std::uint64_t, 11> by_state{};  // index: State
  std::uint64_t payload_bytes_pending = 0;
};
struct Counts {
  std::map<std::string, DestinationCounts, std::less<>> destinations;
};

struct Health {
  bool writable = false;  // settlements are taken; accepts too unless disk_low
  bool disk_low = false;  // free space below the floor: accepts are refused, settlements go on
  std::string why_not;    // one sentence, empty while accepts are taken
  std::uint64_t last_position = 0;
  std::uint64_t epoch = 0;              // counted up at every open
  std::size_t writer_queue = 0;         // calls waiting for the writer
  std::size_t found_open_attempts = 0;  // attempts that were open when this store was opened
};

class Store {
 public:
  virtual ~Store() = default;

  // One verdict per submission, atomic with the commit and aware of the other members of its group. Idempotent by
  // submission id: the same id again is `replayed`.
  virtual void accept(std::vector<NewSubmission> batch, Home& home, Done<std::vector<Verdict>> done) = 0;

  // Served before accepts and with reserved room: back-pressure refuses new work, never the outcome of old work.
  virtual void open_attempts(std::vector<OpenAttempt> batch, Home& home, Done<std::vector<Changed>> done) = 0;
  virtual void settle(std::vector<Settlement> batch, Home& home, Done<std::vector<Changed>> done) = 0;
  virtual void transition(std::vector<Transition> batch, Home& home, Done<std::vector<Changed>> done) = 0;

  // Lanes that have anything in the due index, due or not.
  virtual void lanes(std::string destination, Home& home, Done<std::vector<Lane>> done) = 0;
  // One batch per query, peeked from the lane's oldest end.
  virtual void next_due(std::vector<DueQuery> batch, Home& home, Done<std::vector<DueBatch>> done) = 0;
  // `heard` runs on `home` until close().
  virtual void subscribe(Home& home, std::function<void(const CommitNotice&)> heard) = 0;

  // In the order asked; an id that is not there yields nothing.
  virtual void load(std::vector<LoadRequest> batch, Home& home, Done<std::vector<std::optional<Loaded>>> done) = 0;

  virtual void put_objects(std::vector<PutObject> batch, Home& home, Done<std::vector<Applied>> done) = 0;
  virtual void get_object(std::string kind, std::string object_name, Home& home, Done<std::optional<Object>> done) = 0;
  virtual void list_objects(std::string kind, Home& home, Done<std::vector<std::pair<std::string, Object>>> done) = 0;

  // Snapshots, any thread, no disk.
  virtual Counts counts() const = 0;
  virtual Health health() const = 0;

  // Refuses new calls, commits what is queued, answers everything, then returns. Blocking; for shutdown only.
  virtual void close() = 0;
};

}  // namespace titip::storage
