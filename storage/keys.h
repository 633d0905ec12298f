// How keys are laid out, family by family (FORMAT.md). Byte order is the order each family is walked in.
// Nothing personal may ever stand in a key: RocksDB may write keys into its LOG. Pure, any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "storage/kv.h"
#include "storage/store.h"
#include "storage/submission.h"

namespace titip::storage::keys {

// info
inline constexpr std::string_view format = "format";
inline constexpr std::string_view epoch = "epoch";
inline constexpr std::string_view last_position = "position";
inline constexpr std::string_view last_audit = "audit";
inline constexpr std::string_view commit = "commit";        // commit_sequence.h
inline constexpr std::string_view restoring = "restoring";  // restore.h

std::string of(const SubmissionId& id);  // meta, payload, reply, open
std::string of(const Digest& digest);    // head (ordering key), idempotency, natural, requirement
std::optional<SubmissionId> parse_id(std::string_view key);
std::optional<Digest> parse_digest(std::string_view key);

// What stands in a line: a digest, then the position in it. Chain: by ordering key. Waiter: by requirement.
std::string chain(const Digest& ordering_key, std::uint64_t position);  // its prefix: of(ordering_key)
std::string waiter(const Digest& requirement, std::uint64_t position);  // its prefix: of(requirement)
struct InLine {
  Digest line{};
  std::uint64_t position = 0;
};
std::optional<InLine> parse_in_line(std::string_view key);

// `time` is what the class is ordered by: the due time of send, probe and read_back, the acceptance of fresh, the
// deadline of deadline.
std::string due_prefix(const Lane& lane, DueClass due_class);
std::string due(const Lane& lane, DueClass due_class, WallTime time, std::uint64_t position);
// The first key of the class that is not before `time`.
std::string due_from(const Lane& lane, DueClass due_class, WallTime time);
// The time in the key; nothing if the key is not one of `prefix`.
std::optional<WallTime> due_at(std::string_view key, std::string_view prefix);
struct DueKey {
  Lane lane;
  DueClass due_class = DueClass::send;
  WallTime time{};
  std::uint64_t position = 0;
};
std::optional<DueKey> parse_due(std::string_view key);

std::string attempt(const SubmissionId& id, std::uint32_t number);  // its prefix: of(id)

// Whose record it is: by the keyed hash of the patient's number. Its prefix: of(person).
std::string person(const Digest& person, const SubmissionId& id);
struct PersonKey {
  Digest person{};
  SubmissionId id;
};
std::optional<PersonKey> parse_person(std::string_view key);

// Rejected, expired or held, and nobody has dealt with it.
std::string attention_prefix(std::string_view destination);
std::string attention_prefix(const Lane& lane);
std::string attention(const Lane& lane, const SubmissionId& id);
struct AttentionKey {
  Lane lane;
  SubmissionId id;
};
std::optional<AttentionKey> parse_attention(std::string_view key);

std::string object_prefix(std::string_view kind);
std::string object(std::string_view kind, std::string_view name);

std::string audit(std::uint64_t number);
std::optional<std::uint64_t> parse_audit(std::string_view key);

// Where the damaged value lay.
std::string quarantine(Family family, std::string_view key);

// counts: one row a destination, a lane, a lane and day, a destination and minute (two: how many were accepted, and how
// many of them are pending, which goes when none is). A day and a minute are of the time in the ids (submission.h),
// which a damaged record still has. And one a destination and minute in which deadlines of pending records lie.
std::int32_t day_of(WallTime accepted);
std::int64_t minute_of(WallTime accepted);
std::string destination_counts(std::string_view destination);
std::string lane_count(const Lane& lane);
std::string fine_prefix(std::string_view destination);
std::string fine_prefix(const Lane& lane);
std::string fine_counts(const Lane& lane, std::int32_t day);
std::string behind_days(const Lane& lane);  // behind all of its keys, before the next lane's
// Of a key of fine_counts(): what all days of a lane have in common, and the day. Nothing: it is of another kind.
struct FineKey {
  std::string_view lane;
  std::int32_t day = 0;
};
std::optional<FineKey> fine_key(std::string_view key);
std::string minute_accepted(std::string_view destination, std::int64_t minute);
std::string minute_pending(std::string_view destination, std::int64_t minute);
std::string deadline_pending(std::string_view destination, std::int64_t minute);
// How many need attention (above); there, as 0 too, wherever there is a row of destination_counts().
std::string attention_count(std::string_view destination);
// The prefix of all rows of one kind, or of those by minute of one destination.
enum class CountsKind : std::uint8_t {
  destination = 'd',
  lane = 'l',
  fine = 'f',
  accepted = 'a',
  pending = 'p',
  deadline = 'e',
  attention = 'n'
};
std::string counts_prefix(CountsKind kind);
std::string minute_prefix(CountsKind kind, std::string_view destination);
struct CountsKey {
  CountsKind kind = CountsKind::destination;
  std::string destination;
  std::string facility;     // lane, fine
  std::int32_t day = 0;     // fine
  std::int64_t minute = 0;  // accepted, pending, deadline
};
std::optional<CountsKey> parse_counts(std::string_view key);

}  // namespace titip::storage::keys
