// The largest value and the one every record has: kept short by saying nothing about what is absent or usual.
#include <utility>

#include "metrics/words/said.h"
#include "storage/frame.h"
#include "storage/records.h"

namespace titip::storage {
namespace {

// What is there; stored as a varint, so the usual ones come first. Never renumber, only add.
enum Flag : std::uint32_t {
  natural_key = 1U << 0U,
  person = 1U << 1U,
  due_at = 1U << 2U,
  settled_at = 1U << 3U,
  accepted_late = 1U << 4U,  // accepted_at is not the time in the id
  deadline = 1U << 5U,
  troubles = 1U << 6U,  // any of backoff steps, unknown attempts, probes, blocked replies
  content_erased = 1U << 7U,
  requirements = 1U << 8U,
  provides = 1U << 9U,
  references = 1U << 10U,
  unknown_since = 1U << 11U,
  was_held = 1U << 12U,  // held_from or hold_reason say something
  correction = 1U << 13U,
  replaces = 1U << 14U,
  replaced_by = 1U << 15U,
  erase_when_settled = 1U << 16U,
  aging_since = 1U << 17U,
  takes_back = 1U << 18U,
  all_flags = (1U << 19U) - 1U,
};

std::uint32_t flags_of(const Submission& s) {
  std::uint32_t flags = 0;
  const auto set = [&](Flag flag, bool is_set) { flags |= is_set ? flag : 0U; };
  set(natural_key, s.natural_key.has_value());
  set(person, s.person.has_value());
  set(due_at, s.due_at.has_value());
  set(settled_at, s.settled_at.has_value());
  set(accepted_late, s.accepted_at != s.id.made_at());
  set(deadline, s.deadline.has_value());
  set(troubles, s.backoff_steps != 0 || s.unknown_attempts != 0 || s.probes != 0 || s.blocked_replies != 0);
  set(content_erased, s.content_erased);
  set(requirements, !s.requirements.empty());
  set(provides, !s.provides.empty());
  set(references, !s.references.empty());
  set(unknown_since, s.unknown_since.has_value());
  set(was_held, s.held_from != State::queued || s.hold_reason != HoldReason::none);
  set(correction, s.correction);
  set(replaces, s.replaces.has_value());
  set(replaced_by, s.replaced_by.has_value());
  set(erase_when_settled, s.erase_when_settled);
  set(aging_since, s.aging_since.has_value());
  set(takes_back, s.takes_back.has_value());
  return flags;
}

void write_times(Encoder& out, const Submission& s, std::uint32_t flags) {
  if ((flags & accepted_late) != 0) out.time(s.accepted_at, s.id.made_at());
  for (const auto& time : {s.due_at, s.settled_at, s.deadline, s.unknown_since}) {
    if (time) out.time(*time, s.accepted_at);
  }
}

void read_times(Decoder& in, Submission& s, std::uint32_t flags) {
  s.accepted_at = (flags & accepted_late) != 0 ? in.time(s.id.made_at()) : s.id.made_at();
  if ((flags & due_at) != 0) s.due_at = in.time(s.accepted_at);
  if ((flags & settled_at) != 0) s.settled_at = in.time(s.accepted_at);
  if ((flags & deadline) != 0) s.deadline = in.time(s.accepted_at);
  if ((flags & unknown_since) != 0) s.unknown_since = in.time(s.accepted_at);
}

void write_digests(Encoder& out, const std::vector<Digest>& digests) {
  if (digests.empty()) return;
  out.varint(digests.size());
  for (const Digest& digest : digests) out.digest(digest);
}

std::vector<Digest> read_digests(Decoder& in) {
  std::vector<Digest> digests;
  const std::uint64_t count = in.varint();
  for (std::uint64_t i = 0; i < count && in.ok(); ++i) digests.push_back(in.digest());
  return digests;
}

void write_keys(Encoder& out, const Submission& s) {
  out.digest(s.ordering_key).digest(s.fingerprint);
  if (s.natural_key) out.digest(*s.natural_key);
  if (s.person) out.digest(*s.person);
  write_digests(out, s.requirements);
  write_digests(out, s.provides);
  write_digests(out, s.references);
  if (s.takes_back) out.digest(*s.takes_back);
  if (s.replaces) out.id(*s.replaces);
  if (s.replaced_by) out.id(*s.replaced_by);
}

void read_keys(Decoder& in, Submission& s, std::uint32_t flags) {
  s.ordering_key = in.digest();
  s.fingerprint = in.digest();
  if ((flags & natural_key) != 0) s.natural_key = in.digest();
  if ((flags & person) != 0) s.person = in.digest();
  if ((flags & requirements) != 0) s.requirements = read_digests(in);
  if ((flags & provides) != 0) s.provides = read_digests(in);
  if ((flags & references) != 0) s.references = read_digests(in);
  if ((flags & takes_back) != 0) s.takes_back = in.digest();
  if ((flags & replaces) != 0) s.replaces = in.id();
  if ((flags & replaced_by) != 0) s.replaced_by = in.id();
}

void write_numbers(Encoder& out, const Record& record, std::uint32_t flags) {
  const Submission& s = record.submission;
  out.varint(s.position).varint(s.version);
  if ((flags & was_held) != 0) {
    out.u8(static_cast<std::uint8_t>(s.held_from)).u8(static_cast<std::uint8_t>(s.hold_reason));
  }
  out.varint(s.attempts).varint(record.lines).varint(record.payload_bytes);
  if ((flags & troubles) != 0) {
    out.varint(s.backoff_steps).varint(s.unknown_attempts).varint(s.probes).varint(s.blocked_replies);
  }
  if (s.aging_since) out.varint(static_cast<std::uint64_t>(s.aging_since->count()));
}

void read_numbers(Decoder& in, Record& record, std::uint32_t flags) {
  Submission& s = record.submission;
  s.position = in.varint();
  s.version = in.varint_of<std::uint32_t>();
  if ((flags & was_held) != 0) {
    s.held_from = read_state(in);
    s.hold_reason = static_cast<HoldReason>(in.u8());
    if (s.hold_reason > HoldReason::credentials) in.refuse();
  }
  s.attempts = in.varint_of<std::uint32_t>();
  record.lines = in.varint_of<std::uint32_t>();
  record.payload_bytes = in.varint_of<std::uint32_t>();
  if ((flags & troubles) != 0) {
    s.backoff_steps = in.varint_of<std::uint32_t>();
    s.unknown_attempts = in.varint_of<std::uint32_t>();
    s.probes = in.varint_of<std::uint32_t>();
    s.blocked_replies = in.varint_of<std::uint32_t>();
  }
  if ((flags & aging_since) != 0) {
    s.aging_since = std::chrono::milliseconds(static_cast<std::chrono::milliseconds::rep>(in.varint()));
  }
}

}  // namespace

// The names stand together, those that seldom differ from the record before first: that is what compresses.
std::string encode(const Place& at, const Record& record) {
  const Submission& s = record.submission;
  check(at.key.size() == id_bytes && id_of(at) == s.id, "a record lies under its own id");
  const std::uint32_t flags = flags_of(s);
  Value out;
  out.reserve(320);
  out.u8(static_cast<std::uint8_t>(s.state)).varint(flags);
  out.name(s.destination).name(s.route).varint(s.profile_version).name(s.channel).name(s.outcome_rule);
  out.name(s.facility);
  write_numbers(out, record, flags);
  write_times(out, s, flags);
  write_keys(out, s);
  out.name(s.receipt).bytes(s.wrapped_key);
  return out.sealed(at);
}

std::optional<Record> decode_record(const Place& at, std::string_view bytes) {
  auto in = body_of(at, bytes);
  if (!in || at.key.size() != id_bytes) return std::nullopt;
  Record record;
  Submission& s = record.submission;
  s.id = id_of(at);
  s.state = read_state(*in);
  const auto flags = in->varint_of<std::uint32_t>();
  if (flags > all_flags) in->refuse();
  s.correction = (flags & correction) != 0;
  s.erase_when_settled = (flags & erase_when_settled) != 0;
  s.content_erased = (flags & content_erased) != 0;
  s.destination = in->name();
  s.route = in->name();
  s.profile_version = in->varint_of<std::uint32_t>();
  s.channel = in->name();
  s.outcome_rule = in->name();
  s.facility = in->name();
  read_numbers(*in, record, flags);
  read_times(*in, s, flags);
  read_keys(*in, s, flags);
  s.receipt = in->name();
  s.wrapped_key = in->rest();
  return whole(*in, std::move(record));
}

std::string encode_format(std::uint64_t format) {
  Encoder out;
  out.u8(1).u64(format);
  out.u32(crc32c(out.peek()));
  return out.take();
}

std::optional<std::uint64_t> decode_format(std::string_view bytes) {
  Decoder in(bytes);
  const std::uint8_t version = in.u8();
  const std::uint64_t format = in.u64();
  const std::uint32_t sum = in.u32();
  if (!in.done() || version != 1 || sum != crc32c(bytes.substr(0, bytes.size() - crc_bytes))) return std::nullopt;
  return format;
}

std::optional<std::string> refuse_format(std::uint64_t format) {
  if (format == format_version) return std::nullopt;
  if (format < format_version) {
    return words::tell(
        "the store has format {} and this Titip reads format {}: let the Titip that wrote it deliver everything it "
        "holds, then start this one with an empty data directory",
        format, format_version);
  }
  return words::tell("the store has format {} and this Titip reads format {}: start the newer Titip that wrote it",
                     format, format_version);
}

}  // namespace titip::storage
