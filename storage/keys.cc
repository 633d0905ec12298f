#include "storage/keys.h"

#include "storage/codec.h"

namespace titip::storage::keys {
namespace {

constexpr std::uint8_t destination_mark = 'd';
constexpr std::uint8_t lane_mark = 'l';

// Times before 1970 sort before those after it.
constexpr std::uint64_t sign_bit = 1ULL << 63U;

}  // namespace

std::string of(const SubmissionId& id) {
  return Encoder().id(id).take();
}
std::string of(const Digest& digest) {
  return Encoder().digest(digest).take();
}

std::string chain(const Digest& ordering_key, std::uint64_t position) {
  return Encoder().digest(ordering_key).u64(position).take();
}

std::string due_prefix(const Lane& lane, DueClass due_class) {
  return Encoder().text(lane.destination).text(lane.facility).u8(static_cast<std::uint8_t>(due_class)).take();
}

std::string due(const Lane& lane, DueClass due_class, WallTime due_at, std::uint64_t position) {
  const auto ms = static_cast<std::uint64_t>(due_at.time_since_epoch().count());
  return Encoder().bytes(due_prefix(lane, due_class)).u64(ms ^ sign_bit).u64(position).take();
}

std::optional<WallTime> due_at(std::string_view key, std::string_view prefix) {
  if (!key.starts_with(prefix)) return std::nullopt;
  Decoder in(key.substr(prefix.size()));
  const std::uint64_t ms = in.u64() ^ sign_bit;
  in.u64();
  if (!in.done()) return std::nullopt;
  return WallTime(std::chrono::milliseconds(static_cast<std::int64_t>(ms)));
}

std::string attempt(const SubmissionId& id, std::uint32_t number) {
  return Encoder().id(id).u32(number).take();
}

std::string object_prefix(std::string_view kind) {
  return Encoder().text(kind).take();
}
std::string object(std::string_view kind, std::string_view name) {
  return Encoder().text(kind).bytes(name).take();
}

std::string destination_counts(std::string_view destination) {
  return Encoder().u8(destination_mark).bytes(destination).take();
}

std::string lane_count(const Lane& lane) {
  return Encoder().u8(lane_mark).text(lane.destination).bytes(lane.facility).take();
}

std::optional<CountsKey> parse_counts(std::string_view key) {
  Decoder in(key);
  CountsKey parsed;
  switch (in.u8()) {
    case destination_mark:
      parsed.destination = std::string(in.bytes(in.left()));
      break;
    case lane_mark:
      parsed.destination = in.text();
      parsed.facility = std::string(in.bytes(in.left()));
      break;
    default:
      return std::nullopt;
  }
  if (!in.done()) return std::nullopt;
  return parsed;
}

std::optional<SubmissionId> parse_id(std::string_view key) {
  Decoder in(key);
  const SubmissionId id = in.id();
  if (!in.done()) return std::nullopt;
  return id;
}

}  // namespace titip::storage::keys
