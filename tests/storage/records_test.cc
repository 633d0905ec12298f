// The stored format, byte by byte (storage/FORMAT.md): if one of these tests must change, the format has changed.
#include "storage/records.h"

#include <gtest/gtest.h>

#include <random>

#include "storage/crc32c.h"
#include "storage/payload.h"
#include "tests/storage/golden.h"

namespace titip::storage {
namespace {

TEST(Records, GoldenBytes) {
  for (const Golden& row : golden_values()) {
    ASSERT_GE(row.value.size(), 5U) << row.name;
    const std::string_view covered = std::string_view(row.value).substr(0, row.value.size() - 4);
    EXPECT_EQ(hex(covered), packed("02" + row.body)) << row.name;
    std::string all{0, 0, 0, static_cast<char>(row.at.key.size())};
    all += family_names[static_cast<std::size_t>(row.at.family)];
    all += '\0';
    all.append(row.at.key).append(covered);
    std::string crc;
    for (int shift = 24; shift >= 0; shift -= 8) crc += static_cast<char>(crc32c(all) >> shift);
    EXPECT_EQ(hex(row.value.substr(row.value.size() - 4)), hex(crc)) << row.name;
  }
  EXPECT_EQ(hex(encode_format(2)).substr(0, 18), "010000000000000002");
}

TEST(Records, WhatWasEncodedComesBack) {
  const Place meta{Family::meta, id_key};
  const Record record = decode_record(meta, encode(meta, golden_record())).value();
  EXPECT_EQ(encode(meta, record), encode(meta, golden_record()));
  const Submission& s = record.submission;
  const Submission golden = golden_record().submission;
  EXPECT_EQ(s.id, golden.id);
  EXPECT_EQ(s.settled_at, golden.settled_at);
  EXPECT_EQ(s.deadline, golden.deadline);
  EXPECT_EQ(s.unknown_since, golden.unknown_since);
  EXPECT_EQ(s.natural_key, golden.natural_key);
  EXPECT_EQ(s.person, golden.person);
  EXPECT_EQ(s.requirements, golden.requirements);
  EXPECT_EQ(s.provides, golden.provides);
  EXPECT_EQ(s.references, golden.references);
  EXPECT_EQ(s.takes_back, golden.takes_back);
  EXPECT_EQ(s.replaces, golden.replaces);
  EXPECT_EQ(s.replaced_by, golden.replaced_by);
  EXPECT_EQ(s.blocked_replies, 1U);
  EXPECT_EQ(s.wrapped_key, golden.wrapped_key);
  EXPECT_TRUE(s.correction && s.erase_when_settled && s.content_erased);
  EXPECT_EQ(record.payload_bytes, 300U);
  Record aging = golden_record();
  aging.submission.aging_since = 700'000'000ms;
  EXPECT_EQ(decode_record(meta, encode(meta, aging))->submission.aging_since, 700'000'000ms);
  EXPECT_FALSE(s.aging_since);
  const auto plain = decode_record(meta, encode(meta, plain_record())).value().submission;
  EXPECT_FALSE(plain.settled_at.has_value());
  EXPECT_FALSE(plain.takes_back.has_value()) << "nor in a record that was written before there was such a field";
  const auto again = [](const Place& at, const auto& value, auto decode) { return decode(at, encode(at, value)); };
  const Place attempt{Family::attempt, attempt_key}, line{Family::chain, line_key};
  EXPECT_EQ(encode(attempt, *again(attempt, golden_attempt(), decode_attempt)), encode(attempt, golden_attempt()));
  EXPECT_EQ(again(attempt, golden_attempt(), decode_attempt)->opened_at, golden_attempt().opened_at);
  for (const auto& head : {golden_head(golden_id(), 1), golden_head(std::nullopt, 0), golden_head(other_id, 2)}) {
    EXPECT_EQ(again(line, head, decode_head), head);
  }
  const DueEntry due{golden_id(), at(-5), at(1LL << 50), 3};
  EXPECT_EQ(again(line, due, decode_due), due);
  EXPECT_EQ(again(line, golden_requirement(), decode_requirement), golden_requirement());
  EXPECT_EQ(again(line, Requirement{}, decode_requirement), Requirement{});
  EXPECT_EQ(again(line, golden_counts(), decode_counts)->by_state, golden_counts().by_state);
  EXPECT_EQ(again(line, golden_counts(), decode_counts)->quarantined, 1U);
  EXPECT_EQ(again(line, Sealed{}, decode_sealed)->bytes, "");
  EXPECT_EQ(again(line, std::vector<SubmissionId>{}, decode_ids)->size(), 0U);
  EXPECT_EQ(again(line, Object{7, "x"}, decode_object)->version, 7U);
  EXPECT_EQ(again({Family::audit, audit_key}, golden_line(), decode_audit)->number, 7U);
  const Quarantined damaged{at(1), "d", "", std::string("\0", 1)};
  EXPECT_EQ(again(line, damaged, decode_quarantined), damaged);
  for (const std::uint64_t number : {0ULL, 127ULL, 128ULL, 1ULL << 63U, ~0ULL}) {
    EXPECT_EQ(again(line, number, decode_number), number);
  }
}

// Tries every decoder on the bytes: how many take them.
int decoders_that_take(const Place& at, std::string_view bytes) {
  const auto each = [&](auto... decode) { return (int{decode(at, bytes).has_value()} + ...); };
  return each(decode_record, decode_sealed, decode_head, decode_ids, decode_id, decode_mark, decode_due,
              decode_requirement, decode_attempt, decode_object, decode_audit, decode_quarantined, decode_number,
              decode_counts, decode_fine_counts);
}

TEST(Records, NoDamagedByteIsEverTaken) {
  for (const auto& [name, at, sound, body] : golden_values()) {
    EXPECT_GE(decoders_that_take(at, sound), 1) << name;
    for (std::size_t i = 0; i < sound.size(); ++i) {
      for (int wrong = 1; wrong < 256; ++wrong) {
        std::string damaged = sound;
        damaged[i] = static_cast<char>(damaged[i] ^ wrong);
        EXPECT_EQ(decoders_that_take(at, damaged), 0) << name << " byte " << i << " by " << wrong;
      }
      EXPECT_EQ(decoders_that_take(at, std::string_view(sound).substr(0, i)), 0) << name << " cut at " << i;
    }
    EXPECT_EQ(decoders_that_take(at, sound + '\0'), 0) << name;
  }
  std::string format = encode_format(2);
  EXPECT_EQ(decode_format(format), 2U);
  format[3] = 1;
  EXPECT_FALSE(decode_format(format).has_value());
}

TEST(Records, AValueIsTakenAtItsOwnPlaceOnly) {
  for (const auto& [name, at, sound, body] : golden_values()) {
    for (std::size_t i = 0; i < family_count; ++i) {
      const auto family = static_cast<Family>(i);
      if (family != at.family) EXPECT_EQ(decoders_that_take({family, at.key}, sound), 0) << name << " in " << i;
    }
    for (std::size_t i = 0; i < at.key.size(); ++i) {
      for (int bit = 0; bit < 8; ++bit) {
        std::string key(at.key);
        key[i] = static_cast<char>(key[i] ^ (1 << bit));
        EXPECT_EQ(decoders_that_take({at.family, key}, sound), 0) << name << " byte " << i << " of the key";
      }
    }
    EXPECT_EQ(decoders_that_take({at.family, std::string(at.key) + '\0'}, sound), 0) << name;
    EXPECT_EQ(decoders_that_take({at.family, at.key.substr(0, at.key.size() - 1)}, sound), 0) << name;
  }
}

// A value with a valid checksum and an impossible body: from a bug or a newer version, not from a flipped bit.
std::string framed(const Place& at, const std::string& body) {
  std::string value = encode(at, Sealed{body});  // all that a sealed value is
  return value;
}

TEST(Records, ImpossibleFieldsAreRefused) {
  const Place at{Family::meta, id_key};
  std::string body = encode(at, golden_record());
  body = body.substr(1, body.size() - 5);
  EXPECT_TRUE(decode_record(at, framed(at, body)).has_value());
  struct Row {
    const char* name;
    std::size_t offset;
    int value;
  };
  constexpr std::size_t held_from = 22;
  const Row rows[] = {
      {"state 0", 0, 0},
      {"state 11", 0, 11},
      {"state 255", 0, 255},
      {"a flag nobody knows", 3, 0x3f},
      {"held from 99", held_from, 99},
      {"hold reason 99", held_from + 1, 99},
      {"a longer name than there are bytes", 4, 0x7f},
      {"a number that is not in its shortest form", 20, 0},
  };
  for (const Row& row : rows) {
    std::string wrong = body;
    wrong[row.offset] = static_cast<char>(row.value);
    EXPECT_FALSE(decode_record(at, framed(at, wrong)).has_value()) << row.name;
  }
  EXPECT_FALSE(decode_ids(at, framed(at, std::string("\xff\xff\xff\xff\x0f", 5))).has_value());
  EXPECT_FALSE(decode_number(at, framed(at, std::string(11, '\xff'))).has_value());
  EXPECT_FALSE(decode_number(at, framed(at, std::string("\x80\x00", 2))).has_value()) << "not the shortest form";
  EXPECT_FALSE(decode_requirement(at, framed(at, std::string("\x05\x00\x00\x00", 4))).has_value());
}

TEST(Records, RandomBytesNeverCrashADecoder) {
  std::mt19937 random(7);
  for (int i = 0; i < 20000; ++i) {
    std::string body(random() % 300, '\0');
    for (char& c : body) c = static_cast<char>(random());
    const std::string key = body.substr(0, random() % 40);
    decoders_that_take({Family::meta, key}, framed({Family::meta, key}, body));
    keys::parse_due(body);
    keys::parse_counts(body);
    keys::parse_attention(body);
    decode_payload(body);
  }
}

TEST(Records, AnotherFormatIsRefusedWithWhatToDo) {
  EXPECT_FALSE(refuse_format(format_version).has_value());
  EXPECT_EQ(refuse_format(1).value(),
            "the store has format 1 and this Titip reads format 2: let the Titip that wrote it deliver everything it "
            "holds, then start this one with an empty data directory");
  EXPECT_EQ(refuse_format(3).value(),
            "the store has format 3 and this Titip reads format 2: start the newer Titip that wrote it");
}

TEST(Crc32c, KnownAnswers) {  // RFC 3720, appendix B.4
  EXPECT_EQ(crc32c(std::string(32, '\0')), 0x8a9136aaU);
  EXPECT_EQ(crc32c(std::string(32, '\xff')), 0x62a8ab43U);
  std::string rising;
  for (int i = 0; i < 32; ++i) rising += static_cast<char>(i);
  EXPECT_EQ(crc32c(rising), 0x46dd794eU);
  EXPECT_EQ(crc32c("123456789"), 0xe3069283U);
  EXPECT_EQ(crc32c(""), 0U);
  // What one processor wrote another reads.
  std::string text;
  for (int length = 0; length < 300; ++length) {
    EXPECT_EQ(crc32c(text), crc32c_by_tables(text)) << length;
    EXPECT_EQ(crc32c(text, 0x12345678U), crc32c_by_tables(text, 0x12345678U)) << length;
    text += static_cast<char>(length * 37 + 11);
  }
}

TEST(PayloadBytes, GoldenAndRoundTrip) {
  const Payload payload{
      "POST", "/x?y=1", "text/plain", std::string("\0\xff", 2), "c", {{"noUrut", "T1"}, {"noKunjungan", "T2"}}};
  EXPECT_EQ(hex(encode(payload)),
            "02"
            "00000004504f5354"
            "000000062f783f793d31"
            "0000000a746578742f706c61696e"
            "0000000200ff"
            "0000000163"
            "00000002"
            "000000066e6f55727574000000025431"
            "0000000b6e6f4b756e6a756e67616e000000025432");
  EXPECT_EQ(decode_payload(encode(payload)), payload);
  EXPECT_EQ(decode_payload(encode(Payload{})), Payload{});
  const std::string bytes = encode(payload);
  for (std::size_t i = 0; i < bytes.size(); ++i) EXPECT_FALSE(decode_payload(bytes.substr(0, i)).has_value()) << i;
  EXPECT_FALSE(decode_payload(bytes + "x").has_value());
  EXPECT_FALSE(decode_payload("\3" + bytes.substr(1)).has_value());
  EXPECT_FALSE(decode_payload("\1" + bytes.substr(1)).has_value()) << "version 1 ends before the provisional numbers";
}

TEST(PayloadBytes, WhatWasWrittenWithoutProvisionalNumbersIsStillRead) {
  const Payload payload{"POST", "/x", "text/plain", "{}", "c", {}};
  std::string before = encode(payload);
  before[0] = '\1';
  before.resize(before.size() - 4);
  EXPECT_EQ(decode_payload(before), payload);
  EXPECT_FALSE(decode_payload("\2" + before.substr(1)).has_value());
  std::string endless = encode(payload);
  endless.replace(endless.size() - 4, 4, "\xff\xff\xff\xff");
  EXPECT_FALSE(decode_payload(endless).has_value());
}

}  // namespace
}  // namespace titip::storage
