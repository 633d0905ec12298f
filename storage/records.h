// How values are encoded (FORMAT.md). Each begins with a version byte and ends with a CRC-32C over all before it; a
// value that is damaged, or holds what its field cannot hold, decodes to nothing, never to wrong data. Pure, any
// thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "storage/store.h"
#include "storage/submission.h"

namespace titip::storage {

inline constexpr std::uint64_t format_version = 1;

// meta
struct Record {
  Submission submission;
  std::uint32_t payload_bytes = 0;  // so that a settlement need not read the payload
  std::uint32_t lines = 0;          // lines of the timeline so far, the open one included
};
std::string encode(const Record& record);
std::optional<Record> decode_record(std::string_view bytes);

// payload, reply
std::string encode(const Sealed& sealed);
std::optional<Sealed> decode_sealed(std::string_view bytes);

// head
struct Head {
  std::uint64_t position = 0;  // of the first record that holds the key
  SubmissionId id;
  std::uint64_t tail = 0;   // the last position given out under this key
  std::uint64_t count = 0;  // records that hold the key
  bool operator==(const Head&) const = default;
};
std::string encode(const Head& head);
std::optional<Head> decode_head(std::string_view bytes);

// idempotency holds one, natural the chain of them, oldest first
struct Bound {
  SubmissionId id;
  Digest fingerprint{};
  bool operator==(const Bound&) const = default;
};
std::string encode(const Bound& bound);
std::optional<Bound> decode_bound(std::string_view bytes);
std::string encode(const std::vector<Bound>& chain);
std::optional<std::vector<Bound>> decode_chain(std::string_view bytes);

// chain, due
std::string encode(const SubmissionId& id);
std::optional<SubmissionId> decode_id(std::string_view bytes);

// attempt, open
std::string encode(const Attempt& attempt);
std::optional<Attempt> decode_attempt(std::string_view bytes);

// object
std::string encode(const Object& object);
std::optional<Object> decode_object(std::string_view bytes);

// info, counts
std::string encode(std::uint64_t number);
std::optional<std::uint64_t> decode_number(std::string_view bytes);
std::string encode(const DestinationCounts& counts);
std::optional<DestinationCounts> decode_counts(std::string_view bytes);

}  // namespace titip::storage
