#include "storage/records.h"

#include <utility>

#include "storage/frame.h"
#include "storage/keys.h"

namespace titip::storage {
namespace {

void write_ids(Encoder& out, const std::vector<SubmissionId>& ids) {
  out.varint(ids.size());
  for (const SubmissionId& id : ids) out.id(id);
}
std::vector<SubmissionId> read_ids(Decoder& in) {
  const std::uint64_t count = in.varint();
  std::vector<SubmissionId> ids;
  for (std::uint64_t i = 0; i < count && in.ok(); ++i) ids.push_back(in.id());
  return ids;
}

bool is_outcome(std::uint8_t number) {
  return number <= static_cast<std::uint8_t>(Outcome::not_sent) ||
         (number >= static_cast<std::uint8_t>(Outcome::found) &&
          number <= static_cast<std::uint8_t>(Outcome::inconclusive));
}

// A yes or a no: anything else is not ours.
bool read_flag(Decoder& in) {
  const std::uint8_t flag = in.u8();
  if (flag > 1) in.refuse();
  return flag != 0;
}

// Who may go, in one byte when it is the head itself.
enum class Front : std::uint8_t { nobody = 0, head = 1, other = 2 };

Front front_of(const Head& head) {
  if (!head.front) return Front::nobody;
  return *head.front == head.id && head.front_position == head.position ? Front::head : Front::other;
}

}  // namespace

std::string encode(const Place& at, const Sealed& sealed) {
  Value out;
  out.reserve(sealed.bytes.size() + frame_bytes);
  out.bytes(sealed.bytes);
  return out.sealed(at);
}

std::optional<Sealed> decode_sealed(const Place& at, std::string_view bytes) {
  auto in = body_of(at, bytes);
  if (!in) return std::nullopt;
  return Sealed{in->rest()};
}

std::string encode(const Place& at, const Head& head) {
  Value out(3 * id_bytes);
  const Front front = front_of(head);
  out.varint(head.position).id(head.id).varint(head.tail).varint(head.count).time(head.newest, head.id.made_at());
  out.u8(static_cast<std::uint8_t>(front));
  if (front == Front::other) out.varint(head.front_position).id(*head.front);
  return out.sealed(at);
}

std::optional<Head> decode_head(const Place& at, std::string_view bytes) {
  auto in = body_of(at, bytes);
  if (!in) return std::nullopt;
  Head head;
  head.position = in->varint();
  head.id = in->id();
  head.tail = in->varint();
  head.count = in->varint();
  head.newest = in->time(head.id.made_at());
  switch (static_cast<Front>(in->u8())) {
    case Front::nobody:
      break;
    case Front::head:
      head.front_position = head.position;
      head.front = head.id;
      break;
    case Front::other:
      head.front_position = in->varint();
      head.front = in->id();
      break;
    default:
      in->refuse();
  }
  return whole(*in, head);
}

std::string encode(const Place& at, const std::vector<SubmissionId>& ids) {
  Value out(1 + id_bytes * ids.size());
  write_ids(out, ids);
  return out.sealed(at);
}

std::optional<std::vector<SubmissionId>> decode_ids(const Place& at, std::string_view bytes) {
  auto in = body_of(at, bytes);
  if (!in) return std::nullopt;
  auto ids = read_ids(*in);
  return whole(*in, std::move(ids));
}

std::string encode(const Place& at, const SubmissionId& id) {
  Value out(id_bytes);
  out.id(id);
  return out.sealed(at);
}

std::optional<SubmissionId> decode_id(const Place& at, std::string_view bytes) {
  auto in = body_of(at, bytes);
  if (!in) return std::nullopt;
  const SubmissionId id = in->id();
  return whole(*in, id);
}

std::string encode(const Place& at, const Mark& /*mark*/) {
  return Value().sealed(at);
}

std::optional<Mark> decode_mark(const Place& at, std::string_view bytes) {
  auto in = body_of(at, bytes);
  if (!in) return std::nullopt;
  return whole(*in, Mark{});
}

std::string encode(const Place& at, const DueEntry& entry) {
  Value out(2 * id_bytes);
  out.id(entry.id).time(entry.accepted_at, entry.id.made_at()).time(entry.due_at, entry.accepted_at).u8(entry.shard);
  return out.sealed(at);
}

std::optional<DueEntry> decode_due(const Place& at, std::string_view bytes) {
  auto in = body_of(at, bytes);
  if (!in) return std::nullopt;
  DueEntry entry;
  entry.id = in->id();
  entry.accepted_at = in->time(entry.id.made_at());
  entry.due_at = in->time(entry.accepted_at);
  entry.shard = in->u8();
  return whole(*in, entry);
}

std::string encode(const Place& at, const Requirement& requirement) {
  Value out(4 * id_bytes);
  out.u8(static_cast<std::uint8_t>(requirement.standing)).u8(requirement.is_reference ? 1 : 0);
  write_ids(out, requirement.providers);
  out.u8(requirement.origin ? 1 : 0);
  if (requirement.origin) out.id(*requirement.origin);
  out.bytes(requirement.value.bytes);
  return out.sealed(at);
}

std::optional<Requirement> decode_requirement(const Place& at, std::string_view bytes) {
  auto in = body_of(at, bytes);
  if (!in) return std::nullopt;
  Requirement requirement;
  requirement.standing = static_cast<Requirement::Standing>(in->u8());
  if (requirement.standing < Requirement::Standing::pending ||
      requirement.standing > Requirement::Standing::cancelled) {
    in->refuse();
  }
  requirement.is_reference = read_flag(*in);
  requirement.providers = read_ids(*in);
  if (read_flag(*in)) requirement.origin = in->id();
  requirement.value.bytes = in->rest();
  return whole(*in, std::move(requirement));
}

std::string encode(const Place& at, const Attempt& attempt) {
  Value out(4 * id_bytes);
  const WallTime made_at = id_of(at).made_at();
  out.varint(attempt.number).u8(attempt.probe ? 1 : 0).time(attempt.opened_at, made_at).u8(attempt.ended_at ? 1 : 0);
  if (attempt.ended_at) out.time(*attempt.ended_at, attempt.opened_at);
  out.u8(static_cast<std::uint8_t>(attempt.outcome)).name(attempt.rule).varint(attempt.http_status);
  out.varint(attempt.patched.size());
  for (const auto& pointer : attempt.patched) out.name(pointer);
  out.bytes(attempt.note.bytes);
  return out.sealed(at);
}

std::optional<Attempt> decode_attempt(const Place& at, std::string_view bytes) {
  auto in = body_of(at, bytes);
  if (!in || at.key.size() < id_bytes) return std::nullopt;
  Attempt attempt;
  attempt.number = in->varint_of<std::uint32_t>();
  attempt.probe = read_flag(*in);
  attempt.opened_at = in->time(id_of(at).made_at());
  if (read_flag(*in)) attempt.ended_at = in->time(attempt.opened_at);
  const std::uint8_t outcome = in->u8();
  if (!is_outcome(outcome)) in->refuse();
  attempt.outcome = static_cast<Outcome>(outcome);
  attempt.rule = in->name();
  attempt.http_status = in->varint_of<std::uint16_t>();
  const std::uint64_t patched = in->varint();
  for (std::uint64_t i = 0; i < patched && in->ok(); ++i) attempt.patched.push_back(in->name());
  attempt.note.bytes = in->rest();
  return whole(*in, std::move(attempt));
}

std::string encode(const Place& at, const Object& object) {
  Value out;
  out.varint(object.version).bytes(object.bytes);
  return out.sealed(at);
}

std::optional<Object> decode_object(const Place& at, std::string_view bytes) {
  auto in = body_of(at, bytes);
  if (!in) return std::nullopt;
  Object object;
  object.version = in->varint();
  object.bytes = in->rest();
  return whole(*in, std::move(object));
}

std::string encode(const Place& at, const AuditLine& line) {
  Value out;
  check(line.hash.size() == audit_hash_bytes, "the hash of an audit line is a SHA-256");
  out.time(line.at).bytes(line.hash).bytes(line.bytes);
  return out.sealed(at);
}

std::optional<AuditLine> decode_audit(const Place& at, std::string_view bytes) {
  auto in = body_of(at, bytes);
  const auto number = keys::parse_audit(at.key);
  if (!in || !number) return std::nullopt;
  AuditLine line;
  line.number = *number;
  line.at = in->time();
  line.hash = std::string(in->bytes(audit_hash_bytes));
  line.bytes = in->rest();
  return whole(*in, std::move(line));
}

std::string encode(const Place& at, const Quarantined& damaged) {
  Value out;
  out.time(damaged.found_at).name(damaged.destination).name(damaged.facility).bytes(damaged.bytes);
  return out.sealed(at);
}

std::optional<Quarantined> decode_quarantined(const Place& at, std::string_view bytes) {
  auto in = body_of(at, bytes);
  if (!in) return std::nullopt;
  Quarantined damaged;
  damaged.found_at = in->time();
  damaged.destination = in->name();
  damaged.facility = in->name();
  damaged.bytes = in->rest();
  return whole(*in, std::move(damaged));
}

std::string encode(const Place& at, std::uint64_t number) {
  Value out;
  out.varint(number);
  return out.sealed(at);
}

std::optional<std::uint64_t> decode_number(const Place& at, std::string_view bytes) {
  auto in = body_of(at, bytes);
  if (!in) return std::nullopt;
  const std::uint64_t number = in->varint();
  return whole(*in, number);
}

std::string encode(const Place& at, const DestinationCounts& counts) {
  Value out;
  out.varint(counts.accepted).varint(counts.payload_bytes_pending).varint(counts.quarantined);
  out.u8(static_cast<std::uint8_t>(counts.by_state.size()));
  for (const std::uint64_t count : counts.by_state) out.varint(count);
  return out.sealed(at);
}

std::optional<DestinationCounts> decode_counts(const Place& at, std::string_view bytes) {
  auto in = body_of(at, bytes);
  if (!in) return std::nullopt;
  DestinationCounts counts;
  counts.accepted = in->varint();
  counts.payload_bytes_pending = in->varint();
  counts.quarantined = in->varint();
  // A later version may know more states, never fewer.
  const std::uint8_t states = in->u8();
  if (states > counts.by_state.size()) in->refuse();
  for (std::uint8_t i = 0; i < states && in->ok(); ++i) counts.by_state[i] = in->varint();
  return whole(*in, std::move(counts));
}

std::string encode(const Place& at, const std::vector<FineCount>& counts) {
  Value out;
  out.varint(counts.size());
  for (const FineCount& each : counts) {
    out.u8(static_cast<std::uint8_t>(each.state)).name(each.outcome_rule).varint(each.count);
  }
  return out.sealed(at);
}

std::optional<std::vector<FineCount>> decode_fine_counts(const Place& at, std::string_view bytes) {
  auto in = body_of(at, bytes);
  if (!in) return std::nullopt;
  const std::uint64_t count = in->varint();
  std::vector<FineCount> counts;
  for (std::uint64_t i = 0; i < count && in->ok(); ++i) {
    FineCount each;
    each.state = read_state(*in);
    each.outcome_rule = in->name();
    each.count = in->varint();
    counts.push_back(std::move(each));
  }
  return whole(*in, std::move(counts));
}

std::optional<std::uint64_t> decode_pending(const Place& at, std::string_view bytes) {
  auto in = body_of(at, bytes);
  if (!in) return std::nullopt;
  std::uint64_t pending = 0;
  for (std::uint64_t left = in->varint(); left > 0 && in->ok(); --left) {
    const State state = read_state(*in);
    in->bytes(in->varint());  // the outcome rule
    const std::uint64_t count = in->varint();
    if (!is_terminal(state)) pending += count;
  }
  return whole(*in, pending);
}

}  // namespace titip::storage
