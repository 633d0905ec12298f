// The audit log and its chain, on every engine.
#include "storage/audit.h"

#include "storage/keys.h"
#include "storage/records.h"
#include "storage/sha256.h"
#include "tests/storage/questions.h"

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

TEST(Sha256, KnownAnswers) {
  // FIPS 180-4, examples of NIST.
  EXPECT_EQ(hex(sha256("")), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  EXPECT_EQ(hex(sha256("abc")), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

TEST(AuditChain, TheHashCoversEverythingOfTheLine) {
  const AuditLine line{7, at(1000), "somebody held clinic-1", {}};
  // Number and time as eight bytes each, the highest first.
  const std::string number("\0\0\0\0\0\0\0\x07", 8);
  const std::string time("\0\0\0\0\0\0\x03\xe8", 8);
  EXPECT_EQ(hash_of("before", line), sha256("before" + number + time + "somebody held clinic-1"));
  EXPECT_NE(hash_of("before", line), hash_of("other", line));
}

class Audit : public Asking {
 protected:
  std::vector<AuditLine> append(std::vector<std::string> lines) {
    auto written = q().append_audit(std::move(lines));
    EXPECT_TRUE(written.has_value());
    return written.value_or(std::vector<AuditLine>{});
  }
  std::vector<std::string> read(std::uint64_t from, std::size_t limit = 1000) {
    const auto lines = q().read_audit(from, limit);
    EXPECT_TRUE(lines.has_value());
    std::vector<std::string> texts;
    for (const AuditLine& line : lines.value_or(std::vector<AuditLine>{})) texts.push_back(line.bytes);
    return texts;
  }
  // A line as somebody would leave it who knows the format and rewrites it in place.
  static void forge(Kv& kv, std::uint64_t number, const std::string& bytes) {
    const std::string key = keys::audit(number);
    auto line = decode_audit({Family::audit, key}, **kv.get(Family::audit, key));
    ASSERT_TRUE(line.has_value());
    line->bytes = bytes;
    ASSERT_TRUE(kv.commit({{Family::audit, key, encode({Family::audit, key}, *line)}}).has_value());
  }
};
INSTANTIATE_TEST_SUITE_P(Engines, Audit, ::testing::ValuesIn(engines()),
                         [](const auto& param) { return param.param.name; });

TEST_P(Audit, LinesAreNumberedTimedAndChained) {
  EXPECT_TRUE(read(1).empty());
  const auto first = append({"one", "two"});
  now = at(noon_ms + 5);
  const auto second = append({"three"});
  ASSERT_EQ(first.size(), 2U);
  EXPECT_EQ(first[0].number, 1U);
  EXPECT_EQ(first[1].number, 2U);
  EXPECT_EQ(second.at(0).number, 3U);
  EXPECT_EQ(second.at(0).at, at(noon_ms + 5));
  EXPECT_EQ(first[0].hash, hash_of("", first[0]));
  EXPECT_EQ(first[1].hash, hash_of(first[0].hash, first[1]));
  EXPECT_EQ(second.at(0).hash, hash_of(first[1].hash, second.at(0)));
  EXPECT_EQ(read(1), (std::vector<std::string>{"one", "two", "three"}));
}

TEST_P(Audit, IsReadFromAnywhereUpToALimit) {
  append({"one", "two", "three", "four"});
  EXPECT_EQ(read(0), (std::vector<std::string>{"one", "two", "three", "four"}));
  EXPECT_EQ(read(3), (std::vector<std::string>{"three", "four"}));
  EXPECT_EQ(read(2, 2), (std::vector<std::string>{"two", "three"}));
  EXPECT_TRUE(read(5).empty());
  EXPECT_TRUE(read(99).empty());
  EXPECT_TRUE(read(1, 0).empty());
}

TEST_P(Audit, GoesOnAfterOpeningAgain) {
  append({"one"});
  reopen();
  const auto line = append({"two"});
  EXPECT_EQ(line.at(0).number, 2U);
  EXPECT_EQ(read(1), (std::vector<std::string>{"one", "two"}));
}

TEST_P(Audit, TakesAnyBytesAndNoMoreThanItsMeasure) {
  const std::string odd("\0\xff\n", 3);
  append({odd, ""});
  EXPECT_EQ(read(1), (std::vector<std::string>{odd, ""}));
  EXPECT_TRUE(q().append_audit({std::string(longest_audit_line_bytes, 'x')}).has_value());
  EXPECT_EQ(q().append_audit({std::string(longest_audit_line_bytes + 1, 'x')}).error(), Error::overloaded);
  EXPECT_EQ(q().append_audit(std::vector<std::string>(most_audit_lines + 1)).error(), Error::overloaded);
  EXPECT_TRUE(q().append_audit(std::vector<std::string>(most_audit_lines)).has_value());
  EXPECT_EQ(q().read_audit(1, 1'000'000).value().size(), 1000U);
}

TEST_P(Audit, ALineThatWasRewrittenBreaksTheChain) {
  may_differ = {"audit_broken"};
  append({"one", "two", "three", "four"});
  reopen_after([](Kv& kv) { forge(kv, 2, "too"); });
  EXPECT_EQ(q().read_audit(1).error(), Error::corrupt);
  EXPECT_EQ(read(1, 1), std::vector<std::string>{"one"});
  EXPECT_EQ(q().read_audit(2).error(), Error::corrupt);
  EXPECT_EQ(read(3), (std::vector<std::string>{"three", "four"})) << "what follows can still be read";
}

TEST_P(Audit, ALineThatWasTakenOutBreaksTheChain) {
  may_differ = {"audit_broken"};
  append({"one", "two", "three"});
  reopen_after([](Kv& kv) { ASSERT_TRUE(kv.commit({{Family::audit, keys::audit(2), std::nullopt}}).has_value()); });
  EXPECT_EQ(q().read_audit(1).error(), Error::corrupt);
  EXPECT_EQ(read(3), std::vector<std::string>{"three"});
}

TEST_P(Audit, AnEndThatWasTakenAwayIsMissed) {
  may_differ = {"audit_broken"};
  append({"one", "two", "three", "four"});
  reopen_after([](Kv& kv) {
    for (const std::uint64_t number : {3U, 4U})
      ASSERT_TRUE(kv.commit({{Family::audit, keys::audit(number), std::nullopt}}).has_value());
  });
  EXPECT_EQ(read(1, 2), (std::vector<std::string>{"one", "two"}));
  for (const std::uint64_t from : {1U, 3U, 4U}) EXPECT_EQ(q().read_audit(from).error(), Error::corrupt) << from;
  EXPECT_TRUE(read(5).empty()) << "nobody says that there was a fifth";
  EXPECT_EQ(append({"five"}).at(0).number, 5U);
  EXPECT_EQ(read(5), std::vector<std::string>{"five"});
  EXPECT_EQ(q().read_audit(1).error(), Error::corrupt);
}

TEST_P(Audit, ADamagedLineIsNotServedAndTheLogGoesOn) {
  may_differ = {"damaged", "audit_broken"};
  append({"one", "two"});
  reopen_after([](Kv& kv) {
    std::string bytes = **kv.get(Family::audit, keys::audit(2));
    bytes[5] = static_cast<char>(bytes[5] ^ 1);
    ASSERT_TRUE(kv.commit({{Family::audit, keys::audit(2), bytes}}).has_value());
  });
  EXPECT_EQ(q().read_audit(1).error(), Error::corrupt);
  EXPECT_EQ(q().read_audit(2).error(), Error::corrupt);
  EXPECT_EQ(append({"three"}).at(0).number, 3U);
  EXPECT_EQ(append({"four"}).at(0).number, 4U);
  EXPECT_EQ(read(3), (std::vector<std::string>{"three", "four"}));
  EXPECT_EQ(probes.corrupt_records, 1U);
}

}  // namespace
}  // namespace titip::storage
