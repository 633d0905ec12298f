#include "storage/keys.h"

#include <limits>

#include "storage/codec.h"

namespace titip::storage::keys {
namespace {

// Signed numbers in byte order: those below zero sort before those above.
constexpr std::uint64_t sign_bit = 1ULL << 63U;
constexpr std::uint32_t small_sign_bit = 1U << 31U;

Encoder& ordered_time(Encoder& out, WallTime time) {
  return out.u64(static_cast<std::uint64_t>(time.time_since_epoch().count()) ^ sign_bit);
}
WallTime ordered_time(Decoder& in) {
  return WallTime(std::chrono::milliseconds(static_cast<std::int64_t>(in.u64() ^ sign_bit)));
}

template <class T>
std::optional<T> whole(const Decoder& in, T parsed) {
  if (!in.done()) return std::nullopt;
  return parsed;
}

std::string in_line(const Digest& line, std::uint64_t position) {
  return Encoder().digest(line).ordered(position).take();
}

Encoder due_key(const Lane& lane, DueClass due_class) {
  Encoder out;
  out.reserve(lane.destination.size() + lane.facility.size() + 20);
  out.name(lane.destination).name(lane.facility).u8(static_cast<std::uint8_t>(due_class));
  return out;
}

Encoder counts_key(CountsKind kind) {
  Encoder out;
  out.u8(static_cast<std::uint8_t>(kind));
  return out;
}

std::string minute_row(CountsKind kind, std::string_view destination, std::int64_t minute) {
  return counts_key(kind).name(destination).u64(static_cast<std::uint64_t>(minute) ^ sign_bit).take();
}

}  // namespace

std::string of(const SubmissionId& id) {
  return {id.bytes.begin(), id.bytes.end()};
}
std::string of(const Digest& digest) {
  return {digest.begin(), digest.end()};
}

std::optional<SubmissionId> parse_id(std::string_view key) {
  Decoder in(key);
  const SubmissionId id = in.id();
  return whole(in, id);
}
std::optional<Digest> parse_digest(std::string_view key) {
  Decoder in(key);
  const Digest digest = in.digest();
  return whole(in, digest);
}

std::string chain(const Digest& ordering_key, std::uint64_t position) {
  return in_line(ordering_key, position);
}
std::string waiter(const Digest& requirement, std::uint64_t position) {
  return in_line(requirement, position);
}
std::optional<InLine> parse_in_line(std::string_view key) {
  Decoder in(key);
  InLine parsed;
  parsed.line = in.digest();
  parsed.position = in.ordered();
  return whole(in, parsed);
}

std::string due_prefix(const Lane& lane, DueClass due_class) {
  return due_key(lane, due_class).take();
}

std::string due(const Lane& lane, DueClass due_class, WallTime time, std::uint64_t position) {
  Encoder out = due_key(lane, due_class);
  return ordered_time(out, time).ordered(position).take();
}

std::string due_from(const Lane& lane, DueClass due_class, WallTime time) {
  Encoder out = due_key(lane, due_class);
  return ordered_time(out, time).take();
}

std::optional<WallTime> due_at(std::string_view key, std::string_view prefix) {
  if (!key.starts_with(prefix)) return std::nullopt;
  Decoder in(key.substr(prefix.size()));
  const WallTime time = ordered_time(in);
  in.ordered();
  return whole(in, time);
}

std::optional<DueKey> parse_due(std::string_view key) {
  Decoder in(key);
  DueKey parsed;
  parsed.lane.destination = in.name();
  parsed.lane.facility = in.name();
  parsed.due_class = static_cast<DueClass>(in.u8());
  if (parsed.due_class > DueClass::read_back) in.refuse();
  parsed.time = ordered_time(in);
  parsed.position = in.ordered();
  return whole(in, std::move(parsed));
}

std::string attempt(const SubmissionId& id, std::uint32_t number) {
  return Encoder().id(id).u32(number).take();
}

std::string person(const Digest& person, const SubmissionId& id) {
  Encoder out;
  out.reserve(person.size() + id.bytes.size());
  return out.digest(person).id(id).take();
}
std::optional<PersonKey> parse_person(std::string_view key) {
  Decoder in(key);
  PersonKey parsed;
  parsed.person = in.digest();
  parsed.id = in.id();
  return whole(in, parsed);
}

std::string attention_prefix(std::string_view destination) {
  return Encoder().name(destination).take();
}
std::string attention_prefix(const Lane& lane) {
  return Encoder().name(lane.destination).name(lane.facility).take();
}
std::string attention(const Lane& lane, const SubmissionId& id) {
  return Encoder().name(lane.destination).name(lane.facility).id(id).take();
}
std::optional<AttentionKey> parse_attention(std::string_view key) {
  Decoder in(key);
  AttentionKey parsed;
  parsed.lane.destination = in.name();
  parsed.lane.facility = in.name();
  parsed.id = in.id();
  return whole(in, std::move(parsed));
}

std::string object_prefix(std::string_view kind) {
  return Encoder().name(kind).take();
}
std::string object(std::string_view kind, std::string_view name) {
  return Encoder().name(kind).bytes(name).take();
}

std::string audit(std::uint64_t number) {
  return Encoder().ordered(number).take();
}
std::optional<std::uint64_t> parse_audit(std::string_view key) {
  Decoder in(key);
  const std::uint64_t number = in.ordered();
  return whole(in, number);
}

std::string quarantine(Family family, std::string_view key) {
  return Encoder().name(family_names[static_cast<std::size_t>(family)]).bytes(key).take();
}

std::int32_t day_of(WallTime accepted) {
  return static_cast<std::int32_t>(
      std::chrono::floor<std::chrono::days>(accepted + day_zone).time_since_epoch().count());
}
std::int64_t minute_of(WallTime accepted) {
  return std::chrono::floor<std::chrono::minutes>(accepted).time_since_epoch().count();
}

std::string destination_counts(std::string_view destination) {
  return counts_key(CountsKind::destination).bytes(destination).take();
}
std::string lane_count(const Lane& lane) {
  return counts_key(CountsKind::lane).name(lane.destination).bytes(lane.facility).take();
}
std::string fine_prefix(std::string_view destination) {
  return counts_key(CountsKind::fine).name(destination).take();
}
std::string fine_prefix(const Lane& lane) {
  return counts_key(CountsKind::fine).name(lane.destination).name(lane.facility).take();
}
std::string fine_counts(const Lane& lane, std::int32_t day) {
  const std::uint32_t ordered = static_cast<std::uint32_t>(day) ^ small_sign_bit;
  return counts_key(CountsKind::fine).name(lane.destination).name(lane.facility).u32(ordered).take();
}
std::string behind_days(const Lane& lane) {
  return fine_counts(lane, std::numeric_limits<std::int32_t>::max()) + '\0';
}
std::optional<FineKey> fine_key(std::string_view key) {
  constexpr std::size_t day_bytes = 4;
  if (key.size() <= day_bytes || key.front() != static_cast<char>(CountsKind::fine)) return std::nullopt;
  const std::size_t lane = key.size() - day_bytes;
  return FineKey{key.substr(0, lane), static_cast<std::int32_t>(Decoder(key.substr(lane)).u32() ^ small_sign_bit)};
}
std::string minute_accepted(std::string_view destination, std::int64_t minute) {
  return minute_row(CountsKind::accepted, destination, minute);
}
std::string minute_pending(std::string_view destination, std::int64_t minute) {
  return minute_row(CountsKind::pending, destination, minute);
}
std::string deadline_pending(std::string_view destination, std::int64_t minute) {
  return minute_row(CountsKind::deadline, destination, minute);
}
std::string attention_count(std::string_view destination) {
  return counts_key(CountsKind::attention).bytes(destination).take();
}
std::string counts_prefix(CountsKind kind) {
  return counts_key(kind).take();
}

std::string minute_prefix(CountsKind kind, std::string_view destination) {
  return counts_key(kind).name(destination).take();
}

std::optional<CountsKey> parse_counts(std::string_view key) {
  Decoder in(key);
  CountsKey parsed;
  parsed.kind = static_cast<CountsKind>(in.u8());
  switch (parsed.kind) {
    case CountsKind::destination:
    case CountsKind::attention:
      parsed.destination = in.rest();
      break;
    case CountsKind::lane:
      parsed.destination = in.name();
      parsed.facility = in.rest();
      break;
    case CountsKind::fine:
      parsed.destination = in.name();
      parsed.facility = in.name();
      parsed.day = static_cast<std::int32_t>(in.u32() ^ small_sign_bit);
      break;
    case CountsKind::accepted:
    case CountsKind::pending:
    case CountsKind::deadline:
      parsed.destination = in.name();
      parsed.minute = static_cast<std::int64_t>(in.u64() ^ sign_bit);
      break;
    default:
      return std::nullopt;
  }
  return whole(in, std::move(parsed));
}

}  // namespace titip::storage::keys
