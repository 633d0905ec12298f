// The stored format, byte by byte (storage/FORMAT.md): if one of these tests must change, the format has changed.
#include "storage/records.h"

#include <gtest/gtest.h>

#include <random>

#include "storage/crc32c.h"
#include "storage/keys.h"
#include "storage/payload.h"
#include "tests/storage/support.h"

namespace titip::storage {
namespace {

std::string hex(std::string_view bytes) {
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

SubmissionId golden_id() {
  return {counting_from<16>(0x10)};
}

Record golden_record() {
  Record record;
  Submission& s = record.submission;
  s.id = golden_id();
  s.position = 0x0102030405060708;
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
  record.payload_bytes = 7;
  record.lines = 8;
  s.accepted_at = at(1);
  s.due_at = at(2);
  s.settled_at = at(-1);
  s.unknown_since = at(4);
  s.ordering_key = counting_from<32>(0x40);
  s.fingerprint = counting_from<32>(0x60);
  s.natural_key = counting_from<32>(0x80);
  s.destination = "d";
  s.facility = "fa";
  s.route = "r";
  s.channel = "api";
  s.receipt = "rc";
  s.outcome_rule = "ok";
  s.wrapped_key = std::string("\0w", 2);
  return record;
}

Attempt golden_attempt() {
  Attempt attempt;
  attempt.number = 2;
  attempt.probe = true;
  attempt.opened_at = at(0x10);
  attempt.ended_at = at(0x20);
  attempt.outcome = Outcome::found_other;
  attempt.rule = "reset";
  attempt.http_status = 502;
  attempt.patched = {"/a", "/b"};
  attempt.note = {"n"};
  return attempt;
}

DestinationCounts golden_counts() {
  DestinationCounts counts;
  counts.accepted = 5;
  counts.payload_bytes_pending = 0x100;
  counts.by_state[1] = 3;
  counts.by_state[10] = 2;
  return counts;
}

TEST(Records, GoldenBytes) {
  const std::string id = "101112131415161718191a1b1c1d1e1f";
  const std::string d40 = "404142434445464748494a4b4c4d4e4f505152535455565758595a5b5c5d5e5f";
  const std::string d60 = "606162636465666768696a6b6c6d6e6f707172737475767778797a7b7c7d7e7f";
  const std::string d80 = "808182838485868788898a8b8c8d8e8f909192939495969798999a9b9c9d9e9f";
  const std::string zeros = "0000000000000000";
  struct Row {
    const char* name;
    std::string value;
    std::string body;
  };
  const Row rows[] = {
      {"record", encode(golden_record()),
       id +
           "0102030405060708"
           "00000009"
           "06"
           "04"
           "04"
           "1f"
           "00000002"
           "00000003"
           "00000004"
           "00000005"
           "00000006"
           "00000007"
           "00000008"
           "0000000000000001"
           "0000000000000002"
           "ffffffffffffffff"
           "0000000000000004" +
           d40 + d60 + d80 +
           "000164"
           "00026661"
           "000172"
           "0003617069"
           "00027263"
           "00026f6b"
           "00020077"},
      {"sealed", encode(Sealed{"xyz"}), "78797a"},
      {"head", encode(Head{1, golden_id(), 2, 3}),
       "0000000000000001" + id +
           "0000000000000002"
           "0000000000000003"},
      {"idempotency", encode(Bound{golden_id(), counting_from<32>(0x40)}), id + d40},
      {"natural", encode(std::vector<Bound>{{golden_id(), counting_from<32>(0x40)}}), "00000001" + id + d40},
      {"id", encode(golden_id()), id},
      {"attempt", encode(golden_attempt()),
       "00000002"
       "01"
       "0000000000000010"
       "01"
       "0000000000000020"
       "15"
       "00057265736574"
       "01f6"
       "0002"
       "00022f61"
       "00022f62"
       "00000001"
       "6e"},
      {"object", encode(Object{3, "o"}),
       "0000000000000003"
       "00000001"
       "6f"},
      {"number", encode(std::uint64_t{0xabc}), "0000000000000abc"},
      {"counts", encode(golden_counts()),
       "0000000000000005"
       "0000000000000100"
       "0b" +
           zeros + "0000000000000003" + zeros + zeros + zeros + zeros + zeros + zeros + zeros + zeros +
           "0000000000000002"},
  };
  for (const Row& row : rows) {
    ASSERT_GE(row.value.size(), 5U) << row.name;
    const std::string_view covered = std::string_view(row.value).substr(0, row.value.size() - 4);
    EXPECT_EQ(hex(covered), "01" + row.body) << row.name;
    std::string crc;
    for (int shift = 24; shift >= 0; shift -= 8) crc += static_cast<char>(crc32c(covered) >> shift);
    EXPECT_EQ(hex(row.value.substr(row.value.size() - 4)), hex(crc)) << row.name;
  }
}

TEST(Records, GoldenKeys) {
  const Lane lane{"d", "fa"};
  const std::string lane_bytes =
      "000164"
      "00026661";
  EXPECT_EQ(hex(keys::due(lane, DueClass::probe, at(5), 6)), lane_bytes +
                                                                 "01"
                                                                 "8000000000000005"
                                                                 "0000000000000006");
  EXPECT_EQ(hex(keys::chain(counting_from<32>(0), 1)).substr(60),
            "1e1f"
            "0000000000000001");
  EXPECT_EQ(hex(keys::attempt(golden_id(), 2)).substr(30),
            "1f"
            "00000002");
  EXPECT_EQ(hex(keys::object("k", "n")), "00016b6e");
  EXPECT_EQ(hex(keys::destination_counts("d")), "6464");
  EXPECT_EQ(hex(keys::lane_count(lane)),
            "6c000164"
            "6661");
  EXPECT_LT(keys::due(lane, DueClass::send, at(-1), 9), keys::due(lane, DueClass::send, at(0), 1));
  EXPECT_EQ(keys::due_at(keys::due(lane, DueClass::send, at(-7), 9), keys::due_prefix(lane, DueClass::send)), at(-7));
  EXPECT_EQ(keys::parse_counts(keys::lane_count(lane))->facility, "fa");
  EXPECT_FALSE(keys::parse_counts("x").has_value());
  EXPECT_FALSE(keys::parse_id("short").has_value());
}

TEST(Records, WhatWasEncodedComesBack) {
  const Record record = decode_record(encode(golden_record())).value();
  EXPECT_EQ(encode(record), encode(golden_record()));
  EXPECT_EQ(record.submission.settled_at, at(-1));
  EXPECT_EQ(record.submission.wrapped_key, std::string("\0w", 2));
  EXPECT_EQ(record.submission.natural_key, golden_record().submission.natural_key);
  Record bare;
  bare.submission.state = State::queued;
  EXPECT_FALSE(decode_record(encode(bare))->submission.due_at.has_value());
  EXPECT_EQ(encode(decode_attempt(encode(golden_attempt())).value()), encode(golden_attempt()));
  EXPECT_EQ(decode_counts(encode(golden_counts()))->by_state, golden_counts().by_state);
  EXPECT_EQ(decode_sealed(encode(Sealed{}))->bytes, "");
  EXPECT_EQ(decode_chain(encode(std::vector<Bound>{})).value().size(), 0U);
  EXPECT_EQ(decode_object(encode(Object{7, "x"}))->version, 7U);
}

// Tries every decoder on the bytes: how many take them.
int decoders_that_take(std::string_view bytes) {
  return int{decode_record(bytes).has_value()} + int{decode_sealed(bytes).has_value()} +
         int{decode_head(bytes).has_value()} + int{decode_bound(bytes).has_value()} +
         int{decode_chain(bytes).has_value()} + int{decode_id(bytes).has_value()} +
         int{decode_attempt(bytes).has_value()} + int{decode_object(bytes).has_value()} +
         int{decode_number(bytes).has_value()} + int{decode_counts(bytes).has_value()};
}

TEST(Records, NoDamagedByteIsEverTaken) {
  for (const std::string& sound : {encode(golden_record()), encode(golden_attempt()), encode(golden_counts()),
                                   encode(Sealed{"xyz"}), encode(Head{1, golden_id(), 2, 3})}) {
    EXPECT_GE(decoders_that_take(sound), 1);
    for (std::size_t i = 0; i < sound.size(); ++i) {
      for (int bit = 0; bit < 8; ++bit) {
        std::string damaged = sound;
        damaged[i] = static_cast<char>(damaged[i] ^ (1 << bit));
        EXPECT_EQ(decoders_that_take(damaged), 0) << "byte " << i << " bit " << bit;
      }
      EXPECT_EQ(decoders_that_take(std::string_view(sound).substr(0, i)), 0) << "cut at " << i;
    }
    EXPECT_EQ(decoders_that_take(sound + '\0'), 0);
  }
}

// A value with a valid checksum and an impossible body: from a bug or a newer version, not from a flipped bit.
std::string framed(std::string body) {
  body.insert(0, 1, '\1');
  const std::uint32_t sum = crc32c(body);
  for (int shift = 24; shift >= 0; shift -= 8) body += static_cast<char>(sum >> shift);
  return body;
}

TEST(Records, ImpossibleFieldsAreRefused) {
  std::string body = encode(golden_record());
  body = body.substr(1, body.size() - 5);
  constexpr std::size_t state_at = 28;
  EXPECT_TRUE(decode_record(framed(body)).has_value());
  for (const int state : {0, 11, 255}) {
    std::string wrong = body;
    wrong[state_at] = static_cast<char>(state);
    EXPECT_FALSE(decode_record(framed(wrong)).has_value()) << state;
  }
  std::string wrong = body;
  wrong[state_at + 2] = 99;  // hold reason
  EXPECT_FALSE(decode_record(framed(wrong)).has_value());
  wrong = body;
  wrong[state_at + 3] = 0x20;  // a flag nobody knows
  EXPECT_FALSE(decode_record(framed(wrong)).has_value());
  EXPECT_FALSE(decode_chain(framed(std::string("\xff\xff\xff\xff", 4))).has_value());
}

TEST(Records, RandomBytesNeverCrashADecoder) {
  std::mt19937 random(7);
  for (int i = 0; i < 20000; ++i) {
    std::string body(random() % 300, '\0');
    for (char& c : body) c = static_cast<char>(random());
    decoders_that_take(framed(body));
    decode_payload(body);
  }
}

TEST(Crc32c, KnownAnswers) {  // RFC 3720, appendix B.4
  EXPECT_EQ(crc32c(std::string(32, '\0')), 0x8a9136aaU);
  EXPECT_EQ(crc32c(std::string(32, '\xff')), 0x62a8ab43U);
  std::string rising;
  for (int i = 0; i < 32; ++i) rising += static_cast<char>(i);
  EXPECT_EQ(crc32c(rising), 0x46dd794eU);
  EXPECT_EQ(crc32c("123456789"), 0xe3069283U);
  EXPECT_EQ(crc32c(""), 0U);
}

TEST(PayloadBytes, GoldenAndRoundTrip) {
  const Payload payload{"POST", "/x?y=1", "text/plain", std::string("\0\xff", 2), "c"};
  EXPECT_EQ(hex(encode(payload)),
            "01"
            "00000004504f5354"
            "000000062f783f793d31"
            "0000000a746578742f706c61696e"
            "0000000200ff"
            "0000000163");
  EXPECT_EQ(decode_payload(encode(payload)), payload);
  EXPECT_EQ(decode_payload(encode(Payload{})), Payload{});
  const std::string bytes = encode(payload);
  for (std::size_t i = 0; i < bytes.size(); ++i) EXPECT_FALSE(decode_payload(bytes.substr(0, i)).has_value()) << i;
  EXPECT_FALSE(decode_payload(bytes + "x").has_value());
  EXPECT_FALSE(decode_payload("\2" + bytes.substr(1)).has_value());
}

}  // namespace
}  // namespace titip::storage
