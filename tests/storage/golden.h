// One value of every kind the store writes, and the bytes it must be: FORMAT.md as C++.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "storage/keys.h"
#include "storage/records.h"
#include "tests/storage/support.h"

namespace titip::storage {

using namespace std::chrono_literals;

inline std::string hex(std::string_view bytes) {
  constexpr std::string_view digits = "0123456789abcdef";
  std::string text;
  for (const char c : bytes) {
    text += digits[static_cast<std::uint8_t>(c) >> 4U];
    text += digits[static_cast<std::uint8_t>(c) & 15U];
  }
  return text;
}

template <std::size_t size>
std::array<std::uint8_t, size> counting_from(std::uint8_t first) {
  std::array<std::uint8_t, size> bytes{};
  for (std::size_t i = 0; i < size; ++i) bytes[i] = static_cast<std::uint8_t>(first + i);
  return bytes;
}

inline std::string packed(std::string_view spaced) {
  std::string text(spaced);
  std::erase(text, ' ');
  return text;
}

inline SubmissionId golden_id() {
  return {counting_from<16>(0x10)};
}

// Every field says something.
inline Record golden_record() {
  Record record;
  Submission& s = record.submission;
  s.id = golden_id();
  s.position = 0x0102;
  s.version = 9;
  s.state = State::held;
  s.held_from = State::deferred;
  s.hold_reason = HoldReason::late_entry;
  s.correction = true;
  s.profile_version = 2;
  s.attempts = 3;
  s.backoff_steps = 4;
  s.unknown_attempts = 5;
  s.probes = 6;
  s.blocked_replies = 1;
  record.payload_bytes = 300;
  record.lines = 8;
  s.accepted_at = golden_id().made_at() + 1ms;
  s.due_at = s.accepted_at + 2ms;
  s.settled_at = s.accepted_at - 1ms;
  s.deadline = s.accepted_at + 3ms;
  s.unknown_since = s.accepted_at + 4ms;
  s.ordering_key = counting_from<16>(0x40);
  s.fingerprint = counting_from<16>(0x60);
  s.natural_key = counting_from<16>(0x80);
  s.person = counting_from<16>(0xa0);
  s.requirements = {counting_from<16>(0xb0), counting_from<16>(0xc0)};
  s.provides = {counting_from<16>(0xd0)};
  s.references = {counting_from<16>(0xe0)};
  s.takes_back = counting_from<16>(0xf0);
  s.replaces = SubmissionId{counting_from<16>(0x20)};
  s.replaced_by = SubmissionId{counting_from<16>(0x30)};
  s.erase_when_settled = true;
  s.content_erased = true;
  s.destination = "d";
  s.facility = "fa";
  s.route = "r";
  s.channel = "api";
  s.receipt = "rc";
  s.outcome_rule = "ok";
  s.wrapped_key = std::string("\0w", 2);
  return record;
}

// What nearly all of ten million look like.
inline Record plain_record() {
  Record record;
  Submission& s = record.submission;
  s.id = golden_id();
  s.position = 1;
  s.version = 1;
  record.payload_bytes = 1;
  s.accepted_at = golden_id().made_at();
  s.due_at = s.accepted_at;
  s.ordering_key = counting_from<16>(0x40);
  s.fingerprint = counting_from<16>(0x60);
  s.destination = "d";
  return record;
}

inline Attempt golden_attempt() {
  Attempt attempt;
  attempt.number = 2;
  attempt.probe = true;
  attempt.opened_at = golden_id().made_at() + 16ms;
  attempt.ended_at = attempt.opened_at + 16ms;
  attempt.outcome = Outcome::found_other;
  attempt.rule = "reset";
  attempt.http_status = 502;
  attempt.patched = {"/a", "/b"};
  attempt.note = {"n"};
  return attempt;
}

inline DestinationCounts golden_counts() {
  DestinationCounts counts;
  counts.accepted = 5;
  counts.payload_bytes_pending = 0x100;
  counts.quarantined = 1;
  counts.by_state[1] = 3;
  counts.by_state[10] = 2;
  return counts;
}

inline Head golden_head(std::optional<SubmissionId> front, std::uint64_t front_position) {
  return {1, golden_id(), 2, 3, golden_id().made_at() + 1ms, front_position, front};
}

inline Requirement golden_requirement() {
  Requirement requirement;
  requirement.standing = Requirement::Standing::failed;
  requirement.is_reference = true;
  requirement.providers = {golden_id()};
  requirement.origin = SubmissionId{counting_from<16>(0x20)};
  requirement.value = {"v"};
  return requirement;
}

inline AuditLine golden_line() {
  return {7, at(1), "line", std::string(32, 'h')};
}

inline const std::string id_key = keys::of(golden_id());
inline const std::string digest_key = keys::of(counting_from<16>(0x40));
inline const std::string line_key = keys::chain(counting_from<16>(0x40), 1);
inline const std::string attempt_key = keys::attempt(golden_id(), 2);
inline const std::string audit_key = keys::audit(7);
inline const std::string fine_key = keys::fine_counts({"d", "fa"}, 0);
inline const SubmissionId other_id{counting_from<16>(0x20)};

struct Golden {
  const char* name;
  Place at;
  std::string value;
  std::string body;  // in hex
};

inline std::vector<Golden> golden_values() {
  const std::string id = "101112131415161718191a1b1c1d1e1f";
  const std::string d20 = "202122232425262728292a2b2c2d2e2f";
  const std::string d30 = "303132333435363738393a3b3c3d3e3f";
  const std::string d40 = "404142434445464748494a4b4c4d4e4f";
  const std::string d60 = "606162636465666768696a6b6c6d6e6f";
  std::vector<Golden> rows;
  const auto add = [&](const char* name, Family family, const std::string& key, const auto& value, std::string body) {
    const Place at{family, key};
    rows.push_back({name, at, encode(at, value), std::move(body)});
  };
  add("record", Family::meta, id_key, golden_record(),
      "06 ffff17"
      "0164 0172"
      "02 03617069"
      "026f6b 026661"
      "8202 09"
      "0404 03"
      "08 ac02 04050601"
      "02 04"
      "01 06 08" +
          d40 + d60 +
          "808182838485868788898a8b8c8d8e8f a0a1a2a3a4a5a6a7a8a9aaabacadaeaf"
          "02 b0b1b2b3b4b5b6b7b8b9babbbcbdbebf c0c1c2c3c4c5c6c7c8c9cacbcccdcecf"
          "01 d0d1d2d3d4d5d6d7d8d9dadbdcdddedf"
          "01 e0e1e2e3e4e5e6e7e8e9eaebecedeeef"
          "f0f1f2f3f4f5f6f7f8f9fafbfcfdfeff" +
          d20 + d30 + "027263 0077");
  add("plain record", Family::meta, id_key, plain_record(),
      "01 04"
      "0164 00"
      "00 00"
      "00 00"
      "01 01"
      "00 00"
      "01 00" +
          d40 + d60 + "00");
  add("sealed", Family::payload, id_key, Sealed{"xyz"}, "78797a");
  add("head", Family::head, digest_key, golden_head(golden_id(), 1),
      "01" + id +
          "02 03"
          "02 01");
  add("blocked head", Family::head, digest_key, golden_head(std::nullopt, 0),
      "01" + id +
          "02 03"
          "02 00");
  add("other front", Family::head, digest_key, golden_head(other_id, 2),
      "01" + id +
          "02 03"
          "02 02 02" +
          d20);
  add("idempotency", Family::idempotency, digest_key, golden_id(), id);
  add("chain", Family::chain, line_key, golden_id(), id);
  add("natural", Family::natural, digest_key, std::vector<SubmissionId>{golden_id(), other_id}, "02" + id + d20);
  add("mark", Family::person, line_key, Mark{}, "");
  add("due", Family::due, line_key,
      DueEntry{golden_id(), golden_id().made_at() + 3ms, golden_id().made_at() + 1ms, 0x40}, id + "02 04 40");
  add("requirement", Family::requirement, digest_key, golden_requirement(), "03 01 01" + id + "01" + d20 + "76");
  add("attempt", Family::attempt, attempt_key, golden_attempt(),
      "02 01"
      "20 01"
      "20 15"
      "057265736574 f603"
      "02 022f61"
      "022f62 6e");
  add("object", Family::object, line_key, Object{3, "o"}, "03 6f");
  add("audit", Family::audit, audit_key, golden_line(), "0000000000000001" + hex(std::string(32, 'h')) + hex("line"));
  add("quarantined", Family::quarantine, line_key, Quarantined{at(1), "d", "fa", "x"},
      "0000000000000001 0164"
      "026661 78");
  add("number", Family::info, digest_key, std::uint64_t{0xabc}, "bc15");
  add("counts", Family::counts, digest_key, golden_counts(),
      "05 8002"
      "01 0b"
      "00 03"
      "0000000000000000 02");
  add("fine counts", Family::counts, fine_key, std::vector<FineCount>{{State::rejected, "no", 300}},
      "01 08"
      "026e6f ac02");
  return rows;
}

}  // namespace titip::storage
