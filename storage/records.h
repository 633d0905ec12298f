// How values are encoded (FORMAT.md). Each begins with a version byte and ends with a CRC-32C over the place it lies at
// and all before it. A value that is damaged, lies under another key than it was written to, or holds what its field
// cannot hold, decodes to nothing, never to wrong data. Pure, any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "storage/kv.h"
#include "storage/store.h"
#include "storage/submission.h"

namespace titip::storage {

inline constexpr std::uint64_t format_version = 2;

// Where a value lies. What the key says is not repeated in the value.
struct Place {
  Family family = Family::info;
  std::string_view key;
};
template <class T>
using Decode = std::optional<T> (*)(const Place& at, std::string_view bytes);

// meta. The id is the key's.
struct Record {
  Submission submission;
  std::uint32_t payload_bytes = 0;  // so that a settlement need not read the payload
  std::uint32_t lines = 0;          // lines of the timeline so far, the open one included
};
std::string encode(const Place& at, const Record& record);
std::optional<Record> decode_record(const Place& at, std::string_view bytes);

// payload, reply
std::string encode(const Place& at, const Sealed& sealed);
std::optional<Sealed> decode_sealed(const Place& at, std::string_view bytes);

// head
struct Head {
  std::uint64_t position = 0;  // of the first record that holds the key
  SubmissionId id;
  std::uint64_t tail = 0;   // the last position given out under this key
  std::uint64_t count = 0;  // records that hold the key
  WallTime newest{};        // when the last of them was accepted
  // The record that may go: the head, unless the head waits for a requirement whose provider stands behind it in the
  // same line. None: nobody may.
  std::uint64_t front_position = 0;
  std::optional<SubmissionId> front;
  bool operator==(const Head&) const = default;
};
std::string encode(const Place& at, const Head& head);
std::optional<Head> decode_head(const Place& at, std::string_view bytes);

// natural: the chain of them, oldest first. The fingerprints stand in the records.
std::string encode(const Place& at, const std::vector<SubmissionId>& ids);
std::optional<std::vector<SubmissionId>> decode_ids(const Place& at, std::string_view bytes);

// chain, idempotency, waiter
std::string encode(const Place& at, const SubmissionId& id);
std::optional<SubmissionId> decode_id(const Place& at, std::string_view bytes);

// person, attention: the key says it all.
struct Mark {};
std::string encode(const Place& at, const Mark& mark);
std::optional<Mark> decode_mark(const Place& at, std::string_view bytes);

// due
struct DueEntry {
  SubmissionId id;
  WallTime due_at{};
  WallTime accepted_at{};
  std::uint8_t shard = 0;
  bool operator==(const DueEntry&) const = default;
};
std::string encode(const Place& at, const DueEntry& entry);
std::optional<DueEntry> decode_due(const Place& at, std::string_view bytes);

// requirement: how a requirement key, or a reference, stands
struct Requirement {
  enum class Standing : std::uint8_t { pending = 1, met = 2, failed = 3, cancelled = 4 };
  Standing standing = Standing::pending;
  bool is_reference = false;
  std::vector<SubmissionId> providers;  // that may still meet it, oldest first
  std::optional<SubmissionId> origin;   // who met, failed or cancelled it last; of a reference: whose number it is
  Sealed value;                         // reference only: the real number
  bool operator==(const Requirement&) const = default;
};
std::string encode(const Place& at, const Requirement& requirement);
std::optional<Requirement> decode_requirement(const Place& at, std::string_view bytes);

// attempt, open: the key begins with the id
std::string encode(const Place& at, const Attempt& attempt);
std::optional<Attempt> decode_attempt(const Place& at, std::string_view bytes);

// object
std::string encode(const Place& at, const Object& object);
std::optional<Object> decode_object(const Place& at, std::string_view bytes);

// audit: the number is the key's.
std::string encode(const Place& at, const AuditLine& line);
std::optional<AuditLine> decode_audit(const Place& at, std::string_view bytes);

// quarantine: bytes that are not what was written, kept as they were found
struct Quarantined {
  WallTime found_at{};
  std::string destination;  // empty: nobody knows
  std::string facility;
  std::string bytes;
  bool operator==(const Quarantined&) const = default;
};
std::string encode(const Place& at, const Quarantined& damaged);
std::optional<Quarantined> decode_quarantined(const Place& at, std::string_view bytes);

// info (but for the format); counts by lane and by minute
std::string encode(const Place& at, std::uint64_t number);
std::optional<std::uint64_t> decode_number(const Place& at, std::string_view bytes);

// counts by destination; pending_by_minute has rows of its own
std::string encode(const Place& at, const DestinationCounts& counts);
std::optional<DestinationCounts> decode_counts(const Place& at, std::string_view bytes);

// counts by lane and day: how many are in which state for which reason; no zeros
struct FineCount {
  State state = State::queued;
  std::string outcome_rule;
  std::uint64_t count = 0;
  bool operator==(const FineCount&) const = default;
};
std::string encode(const Place& at, const std::vector<FineCount>& counts);
std::optional<std::vector<FineCount>> decode_fine_counts(const Place& at, std::string_view bytes);
// How many of them are pending; for whoever needs no more, and often.
std::optional<std::uint64_t> decode_pending(const Place& at, std::string_view bytes);

// info/format, the one value that is written alike in every format, so that every version can read it.
std::string encode_format(std::uint64_t format);
std::optional<std::uint64_t> decode_format(std::string_view bytes);
// Why a store of this format is not opened, and what to do; nothing: it is ours.
std::optional<std::string> refuse_format(std::uint64_t format);

}  // namespace titip::storage
