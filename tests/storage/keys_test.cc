// How keys are laid out, byte by byte, and that their order is the order they are walked in.
#include "storage/keys.h"

#include <gtest/gtest.h>

#include <random>

#include "storage/key_order.h"
#include "tests/storage/golden.h"

namespace titip::storage {
namespace {

TEST(Keys, GoldenBytes) {
  const Lane lane{"d", "fa"};
  const std::string lane_bytes = packed("0164 026661");
  EXPECT_EQ(hex(keys::due(lane, DueClass::probe, at(5), 6)), lane_bytes + packed("01 8000000000000005 0106"));
  EXPECT_EQ(hex(keys::due_from(lane, DueClass::probe, at(5))), lane_bytes + packed("01 8000000000000005"));
  EXPECT_EQ(hex(keys::chain(counting_from<16>(0), 0x102)).substr(28), packed("0e0f 020102"));
  EXPECT_EQ(hex(keys::waiter(counting_from<16>(0), 0)).substr(28), packed("0e0f 00"));
  EXPECT_EQ(hex(keys::attempt(golden_id(), 2)).substr(30), packed("1f 00000002"));
  EXPECT_EQ(hex(keys::object("k", "n")), "016b6e");
  EXPECT_EQ(hex(keys::person(counting_from<16>(0), golden_id())).substr(28, 8), packed("0e0f 1011"));
  EXPECT_EQ(hex(keys::attention(lane, golden_id())), lane_bytes + "101112131415161718191a1b1c1d1e1f");
  EXPECT_EQ(hex(keys::audit(300)), "02012c");
  EXPECT_EQ(hex(keys::quarantine(Family::meta, "k")), packed("046d657461 6b"));
  EXPECT_EQ(hex(keys::destination_counts("d")), "6464");
  EXPECT_EQ(hex(keys::lane_count(lane)), packed("6c0164 6661"));
  EXPECT_EQ(hex(keys::fine_counts(lane, 1)), "66" + lane_bytes + "80000001");
  EXPECT_EQ(hex(keys::minute_accepted("d", 1)), packed("610164 8000000000000001"));
  EXPECT_EQ(hex(keys::minute_pending("d", -1)), packed("700164 7fffffffffffffff"));
  EXPECT_EQ(hex(keys::attention_count("d")), "6e64");
  EXPECT_EQ(hex(keys::deadline_pending("d", 1)), packed("650164 8000000000000001"));
}

TEST(Keys, SortAsTheyMustAndComeApartAgain) {
  const Lane lane{"d", "fa"};
  EXPECT_LT(keys::due(lane, DueClass::send, at(-1), 9), keys::due(lane, DueClass::send, at(0), 1));
  EXPECT_LT(keys::due(lane, DueClass::send, at(0), 0xff), keys::due(lane, DueClass::send, at(0), 0x100));
  EXPECT_LT(keys::audit(0xff), keys::audit(0x100));
  EXPECT_LT(keys::fine_counts(lane, -1), keys::fine_counts(lane, 0));
  EXPECT_EQ(keys::due_at(keys::due(lane, DueClass::send, at(-7), 9), keys::due_prefix(lane, DueClass::send)), at(-7));
  const auto due = keys::parse_due(keys::due(lane, DueClass::deadline, at(-7), 9)).value();
  EXPECT_EQ(due.lane, lane);
  EXPECT_EQ(due.due_class, DueClass::deadline);
  EXPECT_EQ(due.time, at(-7));
  EXPECT_EQ(due.position, 9U);
  EXPECT_EQ(keys::parse_in_line(keys::waiter(counting_from<16>(3), 1ULL << 40U))->position, 1ULL << 40U);
  EXPECT_EQ(keys::parse_person(keys::person(counting_from<16>(3), golden_id()))->id, golden_id());
  EXPECT_EQ(keys::parse_attention(keys::attention(lane, golden_id()))->lane, lane);
  EXPECT_EQ(keys::parse_audit(keys::audit(300)), 300U);
  EXPECT_EQ(keys::parse_counts(keys::lane_count(lane))->facility, "fa");
  EXPECT_EQ(keys::parse_counts(keys::fine_counts(lane, -3))->day, -3);
  EXPECT_EQ(keys::parse_counts(keys::minute_pending("d", -3))->minute, -3);
  EXPECT_FALSE(keys::parse_counts("x").has_value());
  EXPECT_FALSE(keys::parse_id("short").has_value());
  EXPECT_FALSE(keys::parse_in_line(keys::of(counting_from<16>(3)) + std::string("\x02\x00\x01", 3)).has_value())
      << "a leading zero";
  EXPECT_FALSE(keys::parse_audit(std::string("\x09") + std::string(9, '\x01')).has_value()) << "more than 64 bits";
  EXPECT_EQ(keys::day_of(at(0)), 0);
  EXPECT_EQ(keys::day_of(WallTime(17h - 1ms)), 0);
  EXPECT_EQ(keys::day_of(WallTime(17h)), 1) << "midnight in Jakarta";
  EXPECT_EQ(keys::minute_of(at(-1)), -1);
}

// Short ones, those that begin alike, zeros and the highest byte.
TEST(Keys, AreOrderedByteByByte) {
  std::mt19937 random(3);
  const auto some_key = [&] {
    constexpr std::string_view letters("\0\x01\x7f\x80\xff", 5);
    std::string key(random() % 2 == 0 ? 0 : 7, 'k');
    for (std::size_t left = random() % 12; left > 0; --left) key.push_back(letters[random() % letters.size()]);
    return key;
  };
  const KeyOrder before;
  int by_number = 0;
  for (int i = 0; i < 20'000; ++i) {
    const std::string a = some_key();
    const std::string b = some_key();
    ASSERT_EQ(before(a, b), a < b) << hex(a) << ' ' << hex(b);
    if (a.size() >= 8 && b.size() >= 8 && a.compare(0, 8, b, 0, 8) != 0) ++by_number;
  }
  EXPECT_GT(by_number, 1000);
}

}  // namespace
}  // namespace titip::storage
