#include "storage/records.h"

#include <algorithm>

#include "storage/codec.h"
#include "storage/crc32c.h"

namespace titip::storage {
namespace {

constexpr std::uint8_t value_version = 1;
constexpr std::size_t crc_size = 4;

// The frame around every value: version byte, body, checksum.
class Value : public Encoder {
 public:
  Value() { u8(value_version); }
  std::string sealed() {
    u32(crc32c(peek()));
    return take();
  }
};

std::optional<Decoder> body_of(std::string_view bytes) {
  if (bytes.size() < 1 + crc_size) return std::nullopt;
  const std::string_view covered = bytes.substr(0, bytes.size() - crc_size);
  if (Decoder(bytes.substr(covered.size())).u32() != crc32c(covered)) return std::nullopt;
  if (static_cast<std::uint8_t>(covered[0]) != value_version) return std::nullopt;
  return Decoder(covered.substr(1));
}

template <class T>
std::optional<T> whole(const Decoder& in, T value) {
  if (!in.done()) return std::nullopt;
  return value;
}

enum Flag : std::uint8_t { correction = 1, natural_key = 2, due_at = 4, settled_at = 8, unknown_since = 16, all = 31 };

std::uint8_t flags_of(const Submission& s) {
  return static_cast<std::uint8_t>((s.correction ? correction : 0) | (s.natural_key ? natural_key : 0) |
                                   (s.due_at ? due_at : 0) | (s.settled_at ? settled_at : 0) |
                                   (s.unknown_since ? unknown_since : 0));
}

State read_state(Decoder& in) {
  const auto state = static_cast<State>(in.u8());
  if (std::ranges::find(all_states, state) == all_states.end()) in.refuse();
  return state;
}

void write_bound(Encoder& out, const Bound& bound) {
  out.id(bound.id).digest(bound.fingerprint);
}
Bound read_bound(Decoder& in) {
  Bound bound;
  bound.id = in.id();
  bound.fingerprint = in.digest();
  return bound;
}

bool is_outcome(std::uint8_t number) {
  return number <= static_cast<std::uint8_t>(Outcome::not_sent) ||
         (number >= static_cast<std::uint8_t>(Outcome::found) &&
          number <= static_cast<std::uint8_t>(Outcome::inconclusive));
}

}  // namespace

std::string encode(const Record& record) {
  const Submission& s = record.submission;
  Value out;
  out.reserve(320);
  out.id(s.id).u64(s.position).u32(s.version);
  out.u8(static_cast<std::uint8_t>(s.state)).u8(static_cast<std::uint8_t>(s.held_from));
  out.u8(static_cast<std::uint8_t>(s.hold_reason)).u8(flags_of(s));
  out.u32(s.profile_version).u32(s.attempts).u32(s.backoff_steps).u32(s.unknown_attempts).u32(s.probes);
  out.u32(record.payload_bytes).u32(record.lines).time(s.accepted_at);
  if (s.due_at) out.time(*s.due_at);
  if (s.settled_at) out.time(*s.settled_at);
  if (s.unknown_since) out.time(*s.unknown_since);
  out.digest(s.ordering_key).digest(s.fingerprint);
  if (s.natural_key) out.digest(*s.natural_key);
  out.text(s.destination).text(s.facility).text(s.route).text(s.channel).text(s.receipt);
  out.text(s.outcome_rule).text(s.wrapped_key);
  return out.sealed();
}

std::optional<Record> decode_record(std::string_view bytes) {
  auto in = body_of(bytes);
  if (!in) return std::nullopt;
  Record record;
  Submission& s = record.submission;
  s.id = in->id();
  s.position = in->u64();
  s.version = in->u32();
  s.state = read_state(*in);
  s.held_from = read_state(*in);
  s.hold_reason = static_cast<HoldReason>(in->u8());
  if (s.hold_reason > HoldReason::person) in->refuse();
  const std::uint8_t flags = in->u8();
  if (flags > Flag::all) in->refuse();
  s.profile_version = in->u32();
  s.attempts = in->u32();
  s.backoff_steps = in->u32();
  s.unknown_attempts = in->u32();
  s.probes = in->u32();
  record.payload_bytes = in->u32();
  record.lines = in->u32();
  s.accepted_at = in->time();
  if ((flags & due_at) != 0) s.due_at = in->time();
  if ((flags & settled_at) != 0) s.settled_at = in->time();
  if ((flags & unknown_since) != 0) s.unknown_since = in->time();
  s.correction = (flags & correction) != 0;
  s.ordering_key = in->digest();
  s.fingerprint = in->digest();
  if ((flags & natural_key) != 0) s.natural_key = in->digest();
  s.destination = in->text();
  s.facility = in->text();
  s.route = in->text();
  s.channel = in->text();
  s.receipt = in->text();
  s.outcome_rule = in->text();
  s.wrapped_key = in->text();
  return whole(*in, std::move(record));
}

std::string encode(const Sealed& sealed) {
  Value out;
  out.reserve(sealed.bytes.size() + 1 + crc_size);
  out.bytes(sealed.bytes);
  return out.sealed();
}

std::optional<Sealed> decode_sealed(std::string_view bytes) {
  auto in = body_of(bytes);
  if (!in) return std::nullopt;
  return Sealed{std::string(in->bytes(in->left()))};
}

std::string encode(const Head& head) {
  Value out;
  out.u64(head.position).id(head.id).u64(head.tail).u64(head.count);
  return out.sealed();
}

std::optional<Head> decode_head(std::string_view bytes) {
  auto in = body_of(bytes);
  if (!in) return std::nullopt;
  Head head;
  head.position = in->u64();
  head.id = in->id();
  head.tail = in->u64();
  head.count = in->u64();
  return whole(*in, head);
}

std::string encode(const Bound& bound) {
  Value out;
  write_bound(out, bound);
  return out.sealed();
}

std::optional<Bound> decode_bound(std::string_view bytes) {
  auto in = body_of(bytes);
  if (!in) return std::nullopt;
  const Bound bound = read_bound(*in);
  return whole(*in, bound);
}

std::string encode(const std::vector<Bound>& chain) {
  Value out;
  out.u32(static_cast<std::uint32_t>(chain.size()));
  for (const Bound& member : chain) write_bound(out, member);
  return out.sealed();
}

std::optional<std::vector<Bound>> decode_chain(std::string_view bytes) {
  auto in = body_of(bytes);
  if (!in) return std::nullopt;
  const std::uint32_t count = in->u32();
  std::vector<Bound> chain;
  for (std::uint32_t i = 0; i < count && in->ok(); ++i) chain.push_back(read_bound(*in));
  return whole(*in, std::move(chain));
}

std::string encode(const SubmissionId& id) {
  Value out;
  out.id(id);
  return out.sealed();
}

std::optional<SubmissionId> decode_id(std::string_view bytes) {
  auto in = body_of(bytes);
  if (!in) return std::nullopt;
  const SubmissionId id = in->id();
  return whole(*in, id);
}

std::string encode(const Attempt& attempt) {
  Value out;
  out.u32(attempt.number).u8(attempt.probe ? 1 : 0).time(attempt.opened_at).u8(attempt.ended_at ? 1 : 0);
  if (attempt.ended_at) out.time(*attempt.ended_at);
  out.u8(static_cast<std::uint8_t>(attempt.outcome)).text(attempt.rule).u16(attempt.http_status);
  check(attempt.patched.size() <= 0xffff, "an attempt patches at most 65535 fields");
  out.u16(static_cast<std::uint16_t>(attempt.patched.size()));
  for (const auto& pointer : attempt.patched) out.text(pointer);
  out.blob(attempt.note.bytes);
  return out.sealed();
}

std::optional<Attempt> decode_attempt(std::string_view bytes) {
  auto in = body_of(bytes);
  if (!in) return std::nullopt;
  Attempt attempt;
  attempt.number = in->u32();
  attempt.probe = in->u8() != 0;
  attempt.opened_at = in->time();
  if (in->u8() != 0) attempt.ended_at = in->time();
  const std::uint8_t outcome = in->u8();
  if (!is_outcome(outcome)) in->refuse();
  attempt.outcome = static_cast<Outcome>(outcome);
  attempt.rule = in->text();
  attempt.http_status = in->u16();
  const std::uint16_t patched = in->u16();
  for (std::uint16_t i = 0; i < patched && in->ok(); ++i) attempt.patched.push_back(in->text());
  attempt.note.bytes = in->blob();
  return whole(*in, std::move(attempt));
}

std::string encode(const Object& object) {
  Value out;
  out.u64(object.version).blob(object.bytes);
  return out.sealed();
}

std::optional<Object> decode_object(std::string_view bytes) {
  auto in = body_of(bytes);
  if (!in) return std::nullopt;
  Object object;
  object.version = in->u64();
  object.bytes = in->blob();
  return whole(*in, std::move(object));
}

std::string encode(std::uint64_t number) {
  Value out;
  out.u64(number);
  return out.sealed();
}

std::optional<std::uint64_t> decode_number(std::string_view bytes) {
  auto in = body_of(bytes);
  if (!in) return std::nullopt;
  const std::uint64_t number = in->u64();
  return whole(*in, number);
}

std::string encode(const DestinationCounts& counts) {
  Value out;
  out.u64(counts.accepted).u64(counts.payload_bytes_pending).u8(static_cast<std::uint8_t>(counts.by_state.size()));
  for (const std::uint64_t count : counts.by_state) out.u64(count);
  return out.sealed();
}

std::optional<DestinationCounts> decode_counts(std::string_view bytes) {
  auto in = body_of(bytes);
  if (!in) return std::nullopt;
  DestinationCounts counts;
  counts.accepted = in->u64();
  counts.payload_bytes_pending = in->u64();
  // A later version may know more states, never fewer.
  const std::uint8_t states = in->u8();
  if (states > counts.by_state.size()) in->refuse();
  for (std::uint8_t i = 0; i < states && in->ok(); ++i) counts.by_state[i] = in->u64();
  return whole(*in, counts);
}

}  // namespace titip::storage
