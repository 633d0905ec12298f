// What may be asked of the store that changes nothing: due work, look-ups, lists, counts, health. Plain data.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

#include "metrics/words/said.h"
#include "storage/disk_use.h"
#include "storage/submission.h"

namespace titip::storage {

// A lane is what fairness is dealt over: one facility's due records for one destination.
struct Lane {
  std::string destination;
  std::string facility;
  auto operator<=>(const Lane&) const = default;
};

// `send`: queued and deferred records that may go, oldest due first. `probe`: unknown ones. `fresh`: those of `send`
// that, or a record waiting behind them, were accepted since DueQuery::fresh_since; the oldest of these first.
// `deadline`: those of `send` that have one, nearest first. `read_back`: delivered ones whose reference has no number
// yet.
enum class DueClass : std::uint8_t { send = 0, probe = 1, fresh = 2, deadline = 3, read_back = 4 };

using SubmissionIds = std::unordered_set<SubmissionId, SubmissionIdHash>;

struct DueQuery {
  Lane lane;
  DueClass due_class = DueClass::send;
  WallTime now{};
  std::size_t limit = 0;
  WallTime fresh_since{};         // class fresh only
  Shards shards = all_shards();   // only records of these
  bool first_tries_only = false;  // leaves out repetitions (is_repetition), of which so many are looked past:
  static constexpr std::size_t most_left_out = 4'096;
  std::optional<WallTime> until = {};  // class deadline only: deadlines up to here
  // Known to the asker and not wanted now: as if they were not due. Changed by nobody while the question is asked.
  std::shared_ptr<const SubmissionIds> without = {};
  // The same of what the asker is about to open, or leaves alone: few, and others at every question.
  SubmissionIds in_hand = {};
};

struct Due {
  Submission submission;
  Sealed payload;
};

struct DueBatch {
  std::vector<Due> items;               // due_at <= now, in the order of the class; at most one per ordering key
  std::optional<WallTime> next_due_at;  // of the first record that is not due yet (send, probe, read_back)
  bool more = false;                    // the store's own limit ended the list: ask again
  std::size_t left_out = 0;             // repetitions that were due and not wanted
};

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

// What a stored key stands for. `person` lists newest last, a page at a time, and passes over damaged records;
// `damaged_of_person` names those, in the order of their ids: of each the id is known and no more. It is answered
// `corrupt` where not even the ids of all can be told.
struct Find {
  enum class By : std::uint8_t { idempotency_key, natural_key, requirement, person, damaged_of_person };
  By by = By::idempotency_key;
  Digest key{};
  std::uint64_t after_position = 0;  // person only
  std::size_t limit = 100;
};

// All conditions that are set must hold.
struct Filter {
  std::optional<std::string> destination;
  std::optional<std::string> facility;
  std::vector<State> states;  // empty: any
  std::optional<HoldReason> hold_reason;
  std::optional<std::string> outcome_rule;
  std::optional<WallTime> accepted_from;    // inclusive
  std::optional<WallTime> accepted_before;  // exclusive
  bool needs_attention = false;             // rejected, expired or held, and nobody has dealt with it
};

// A page in the order of the ids, which is the order of acceptance but for clocks. `after` is stable: records that come
// or change meanwhile neither shift nor repeat others. Each page looks at no more than `examine` records. What needs
// attention comes by destination, then facility, then id.
struct ScanQuery {
  Filter filter;
  std::optional<SubmissionId> after;
  std::size_t limit = 100;
  std::size_t examine = 10'000;
};
struct ScanPage {
  std::vector<Submission> items;
  std::optional<SubmissionId> next;  // go on after this one; none: that was all
  std::size_t examined = 0;
  std::size_t damaged = 0;                  // of those: they cannot be read, so nobody knows whether they belong here
  std::vector<SubmissionId> damaged_ids{};  // those of them whose ids are known, in the order of the page
};

// What a reference stands for.
struct Reference {
  SubmissionId origin;
  std::string origin_wrapped_key;  // opens `value`
  State origin_state = State::queued;
  Sealed value;  // empty: not resolved yet
};

// Why a blocked or waiting record waits: the first pending provider of its requirement, or the head of its key.
struct Waiting {
  std::optional<SubmissionId> for_whom;
  bool on_requirement = false;
};

// Kept incrementally, never by scanning. `accepted` is the sequence of accepts, independent of the per-state counts, so
// that accepted - sum(by_state) is a true ledger difference.
struct DestinationCounts {
  std::uint64_t accepted = 0;
  std::array<std::uint64_t, 11> by_state{};  // index: State
  std::uint64_t payload_bytes_pending = 0;
  std::map<std::int64_t, std::uint64_t> pending_by_minute;    // minutes since 1970 of acceptance; no zeros
  std::map<std::int64_t, std::uint64_t> pending_by_deadline;  // minutes since 1970 of the deadline, where there is one
  std::uint64_t quarantined = 0;                              // records whose bytes are damaged; still in their state
  std::uint64_t need_attention = 0;                           // rejected, expired or held, and nobody has dealt with it
  std::uint64_t scan_difference = 0;  // records that the rolling look at the store found too few or too many
};
struct Counts {
  std::map<std::string, DestinationCounts, std::less<>> destinations;
};

// Finer counts, read from the store. `day`: days since 1970 in the day zone (submission.h), of acceptance.
struct CountQuery {
  std::optional<std::string> destination;
  std::optional<std::string> facility;  // only with a destination
};
struct CountRow {
  std::string destination;
  std::string facility;
  std::int32_t day = 0;
  State state = State::queued;
  std::string outcome_rule;
  std::uint64_t count = 0;
  auto operator<=>(const CountRow&) const = default;
};

// The clock went forward further than a pause explains (commit_sequence.h): an object. Who takes it away ends the
// doubt.
inline constexpr std::string_view clock_kind = "clock";
inline constexpr std::string_view doubt_name = "doubt";
struct ClockDoubt {
  WallTime before{};  // the last time that was believed
  WallTime since{};   // when it was noticed; all that was settled until then counts as settled then
  bool operator==(const ClockDoubt&) const = default;
};

struct Health {
  bool writable = false;  // settlements are taken; accepts too unless disk_low
  bool disk_low = false;  // free space below the floor: accepts are refused, settlements go on
  words::Said why_not;    // one sentence, empty while accepts are taken
  std::uint64_t last_position = 0;
  std::uint64_t epoch = 0;              // counted up at every open
  std::size_t writer_queue = 0;         // calls waiting for the writer
  std::size_t writer_queue_bytes = 0;   // what they carry
  std::size_t found_open_attempts = 0;  // attempts that were open when this store was opened
  std::uint64_t free_bytes = 0;         // on the data directory's disk, when last looked at
  DiskUses disk_uses{};                 // what the store's directory takes, likewise
  WallTime patrolled_at{};              // end of the last rolling look at the whole store; 1970: none has ended yet
  std::optional<ClockDoubt> clock_doubt{};
  std::string why_no_checkpoint{};  // the last one that failed; empty: none did since
};

}  // namespace titip::storage
