// What storage keeps of one submission, and the names of its states. Plain data: no thread, no I/O, free to copy.
// Nothing here is personal: identity fields live sealed in the payload, keys are keyed hashes.
#pragma once

#include <array>
#include <bitset>
#include <chrono>
#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace titip::storage {

// Wall time, milliseconds since the Unix epoch, UTC. Due times survive a restart, so they are wall times.
using WallTime = std::chrono::sys_time<std::chrono::milliseconds>;
// For spans inside one process; never stored.
using SteadyTime = std::chrono::steady_clock::time_point;

// A keyed hash of something that must not be readable on disk: HMAC-SHA256, its first 16 bytes (RFC 2104, section 5).
// Nobody without the index key can aim at a collision, and by chance a hundred million of them have one in 2^75 cases.
using Digest = std::array<std::uint8_t, 16>;

// A shard is a 256th of the ordering keys: what a lease is given over.
using Shards = std::bitset<256>;
inline Shards all_shards() {
  return Shards().set();
}
inline std::uint8_t shard_of(const Digest& ordering_key) {
  return ordering_key[0];
}

// Days are counted where the national servers live: WIB, UTC+7.
inline constexpr std::chrono::hours day_zone{7};

// Unique without coordination: 48 bits of milliseconds, 80 random bits; its text is a ULID (26 characters, Crockford
// base 32, https://github.com/ulid/spec). An id is identity, never order: order is the position.
struct SubmissionId {
  std::array<std::uint8_t, 16> bytes{};

  static SubmissionId make(WallTime now);                           // any thread
  static std::optional<SubmissionId> parse(std::string_view text);  // upper or lower case, exactly 26 characters
  std::string text() const;
  WallTime made_at() const;  // what make() was given
  auto operator<=>(const SubmissionId&) const = default;
};

struct SubmissionIdHash {
  std::size_t operator()(const SubmissionId& id) const noexcept;
};

// The numbers are part of the stored format: never renumber, only add.
enum class State : std::uint8_t {
  queued = 1,
  blocked = 2,
  in_flight = 3,
  deferred = 4,
  unknown = 5,
  held = 6,
  delivered = 7,
  rejected = 8,
  cancelled = 9,
  expired = 10,
};
inline constexpr std::array all_states{State::queued,    State::blocked, State::in_flight, State::deferred,
                                       State::unknown,   State::held,    State::delivered, State::rejected,
                                       State::cancelled, State::expired};
std::string_view name(State state);
constexpr bool is_terminal(State state) {
  return state >= State::delivered;
}
// Whether a record in this state keeps the later records of its ordering key waiting.
constexpr bool holds_its_key(State state) {
  return !is_terminal(state);
}

enum class HoldReason : std::uint8_t {
  none = 0,
  unknown = 1,
  requirement = 2,
  conflict = 3,
  late_entry = 4,
  person = 5,
  damaged = 6,      // its payload cannot be read, so it cannot be sent
  deadline = 7,     // it came too late; a release gives the deadline up
  credentials = 8,  // the server goes on refusing the password it came with
};
std::string_view name(HoldReason reason);

// What one attempt, or one probe, came to. `unsettled` is an attempt that is open.
enum class Outcome : std::uint8_t {
  unsettled = 0,
  delivered = 1,
  deferred = 2,
  rejected = 3,
  unknown = 4,
  blocked = 5,
  credentials_refused = 6,
  not_sent = 7,
  // of probes
  found = 20,
  found_other = 21,
  not_found = 22,
  inconclusive = 23,
};
std::string_view name(Outcome outcome);

// A sealed byte string: AES-256-GCM under the submission's own data key (sealing.h). Opaque to the store.
struct Sealed {
  std::string bytes;
  bool empty() const { return bytes.empty(); }
  bool operator==(const Sealed&) const = default;
};

// The record without its payload: what schedules, lists and timelines need.
struct Submission {
  SubmissionId id;
  std::uint64_t position = 0;  // assigned inside the commit; order within the ordering key
  std::uint32_t version = 0;   // counts every change; compare-and-set
  State state = State::queued;
  State held_from = State::queued;  // the state a release goes back to
  HoldReason hold_reason = HoldReason::none;

  std::string destination;
  std::string facility;
  std::string route;  // route id within the profile
  std::uint32_t profile_version = 0;
  std::string channel;  // "mount" or "api": how it came in
  std::string receipt;  // receipt code (veil.h); of records of earlier versions 13 random characters

  Digest ordering_key{};
  std::optional<Digest> natural_key;
  Digest fingerprint{};          // keyed hash over method, normalised route and body
  bool correction = false;       // queued behind an earlier member of the same natural key
  std::optional<Digest> person;  // keyed hash of the patient's number, for search, export and erasure

  // A requirement is a key (route and identity), not a record: this one may go only when each of `requirements` is met
  // or was never in our custody. It meets those in `provides` when it is delivered, those in `references` (provisional
  // numbers given out for it) when their real number is known too.
  std::vector<Digest> requirements;
  std::vector<Digest> provides;
  std::vector<Digest> references;
  // The requirement key or reference of what it takes back (a DELETE). When it is delivered, that is there no more: its
  // natural key is free, and what it met by `provides` is met no more.
  std::optional<Digest> takes_back;
  std::optional<SubmissionId> replaces;     // the rejected or expired record this one repeats, edited
  std::optional<SubmissionId> replaced_by;  // and the other way round

  WallTime accepted_at{};
  std::optional<WallTime> deadline;    // after it the server may refuse; none: there is none
  std::optional<WallTime> due_at;      // when the next send, probe or read-back may start; none: nothing is due
  std::optional<WallTime> settled_at;  // when it became terminal
  std::optional<WallTime>
      unknown_since;  // end of the last unknown attempt; none: since then it is known not to be there
  // What delivery's clock of served time showed when the record was first put off; the store keeps it while the record
  // waits in the queue, and forgets it when that waiting ends (held, blocked).
  std::optional<std::chrono::milliseconds> aging_since;
  std::uint32_t attempts = 0;       // counted attempts
  std::uint32_t backoff_steps = 0;  // consecutive deferrals, drives the backoff
  std::uint32_t unknown_attempts = 0;
  std::uint32_t probes = 0;
  std::uint32_t blocked_replies = 0;  // the server said that a requirement is missing though we had delivered it

  bool erase_when_settled = false;  // a person asked to be erased while it was on its way
  bool content_erased = false;      // payload, reply and notes are gone

  std::string outcome_rule;  // id of the profile's rule that decided last
  std::string wrapped_key;   // this record's data key, wrapped (sealing.h); destroying it erases the record
};

// An id is made when its submission is taken in, by the clock accepted_at is read from: so a bound on the one is a
// bound on the other, but for a clock that was set in between.
inline constexpr std::chrono::hours id_margin{1};

// What it says was tried before: the server was asked to take it, and did not, or nobody knows.
inline bool is_repetition(const Submission& submission) {
  return submission.backoff_steps > 0 || submission.unknown_attempts > 0;
}

// An attempt of it may have landed: nothing has said since that it did not. That a probe found other values in its
// place (a conflict) says nothing: they may have been written over its own, after a restore even by a correction of
// ours that nobody remembers sending. Of a cancelled or expired record: it had not been said until then.
inline bool may_have_landed(const Submission& submission) {
  return submission.hold_reason == HoldReason::unknown || submission.unknown_since.has_value();
}

// One line of the timeline: a send or a probe, with what came of it.
struct Attempt {
  std::uint32_t number = 0;  // 1, 2, … over sends and probes together
  bool probe = false;
  WallTime opened_at{};
  std::optional<WallTime> ended_at;
  Outcome outcome = Outcome::unsettled;
  std::string rule;                  // outcome rule, or the named failure ("response_timeout", "restart", …)
  std::uint16_t http_status = 0;     // 0: no reply
  std::vector<std::string> patched;  // JSON pointers of fields patched at send time (the late-entry reason)
  Sealed note;                       // the server's words; they echo names and NIKs, so sealed
};

}  // namespace titip::storage
