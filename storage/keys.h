// How keys are laid out, family by family (FORMAT.md). Numbers are big-endian, so that byte order is their order.
// Nothing personal may ever stand in a key: RocksDB may write keys into its LOG. Pure, any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "storage/store.h"
#include "storage/submission.h"

namespace titip::storage::keys {

// info
inline constexpr std::string_view format = "format";
inline constexpr std::string_view epoch = "epoch";
inline constexpr std::string_view last_position = "position";

std::string of(const SubmissionId& id);  // meta, payload, reply, open
std::string of(const Digest& digest);    // head (ordering key), idempotency, natural

std::string chain(const Digest& ordering_key, std::uint64_t position);  // its prefix: of(ordering_key)

std::string due_prefix(const Lane& lane, DueClass due_class);
std::string due(const Lane& lane, DueClass due_class, WallTime due_at, std::uint64_t position);
// When the record is due; nothing if the key is not one of `prefix`.
std::optional<WallTime> due_at(std::string_view key, std::string_view prefix);

std::string attempt(const SubmissionId& id, std::uint32_t number);  // its prefix: of(id)

std::string object_prefix(std::string_view kind);
std::string object(std::string_view kind, std::string_view name);

std::string destination_counts(std::string_view destination);
std::string lane_count(const Lane& lane);
struct CountsKey {
  std::string destination;
  std::optional<std::string> facility;  // set: how much the lane has in the due index
};
std::optional<CountsKey> parse_counts(std::string_view key);

std::optional<SubmissionId> parse_id(std::string_view key);

}  // namespace titip::storage::keys
