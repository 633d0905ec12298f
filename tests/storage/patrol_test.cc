// The rolling look: a miscount and a lost record are seen, each when its minute comes round, and forgotten once right.
#include "storage/patrol.h"

#include <gtest/gtest.h>

#include "storage/keys.h"
#include "storage/records.h"
#include "tests/storage/history.h"

namespace titip::storage {
namespace {

class PatrolTest : public ::testing::Test {
 protected:
  void SetUp() override { history.steps(500); }
  // A whole round, a few records at a time.
  std::uint64_t difference(const std::string& destination = "pcare") {
    for (int looks = 0; looks < 10'000; ++looks) {
      const auto slice = patrol.look(*history.kv().snapshot(), 7);
      EXPECT_TRUE(slice.has_value());
      if (!slice || slice->ended_round) break;
      EXPECT_GE(slice->records, 7U);
    }
    const auto all = patrol.differences();
    return all.contains(destination) ? all.at(destination) : 0;
  }
  Submission one(State state) {
    for (const auto& each : history.in_state(state)) {
      if (each.destination == "pcare") return each;
    }
    ADD_FAILURE() << "no such record";
    return {};
  }
  void put(Family family, const std::string& key, std::optional<std::string> value) {
    ASSERT_TRUE(history.kv().commit({{family, key, std::move(value)}}));
  }
  void put_number(const std::string& key, std::uint64_t number) {
    put(Family::counts, key, encode({Family::counts, key}, number));
  }
  std::uint64_t number(const std::string& key) {
    const auto bytes = history.kv().get(Family::counts, key).value();
    return bytes ? decode_number({Family::counts, key}, *bytes).value() : 0;
  }
  History history{42};
  Patrol patrol;
};

TEST_F(PatrolTest, ASoundStoreHasNoDifference) {
  EXPECT_EQ(difference(), 0U);
  history.steps(50);
  EXPECT_EQ(difference(), 0U);
  EXPECT_TRUE(patrol.take_damage().empty());
}

TEST_F(PatrolTest, AMiscountIsSeenAndForgottenOnceItIsRight) {
  const std::int64_t minute = keys::minute_of(one(State::delivered).id.made_at());
  const std::string key = keys::minute_accepted("pcare", minute);
  const std::uint64_t right = number(key);
  put_number(key, right + 3);
  EXPECT_EQ(difference(), 3U);
  EXPECT_EQ(difference("other"), 0U);
  put_number(key, right);
  EXPECT_EQ(difference(), 0U);
}

TEST_F(PatrolTest, APendingMiscountIsSeen) {
  const std::string key = keys::minute_pending("pcare", keys::minute_of(one(State::queued).id.made_at()));
  put_number(key, number(key) + 1);
  EXPECT_EQ(difference(), 1U);
}

TEST_F(PatrolTest, CountsOfAMinuteWithoutRecordsAreSeen) {
  put_number(keys::minute_accepted("pcare", 7), 2);
  put_number(keys::minute_pending("other", -7), 5);
  EXPECT_EQ(difference(), 2U);
  EXPECT_EQ(difference("other"), 5U);
}

TEST_F(PatrolTest, ALostRecordIsSeen) {
  put(Family::meta, keys::of(one(State::delivered).id), std::nullopt);
  EXPECT_EQ(difference(), 1U);
  put(Family::meta, keys::of(one(State::queued).id), std::nullopt);
  EXPECT_EQ(difference(), 2U);
}

TEST_F(PatrolTest, ADamagedRecordIsNotALostOneButIsToldOf) {
  const std::string key = keys::of(one(State::queued).id);
  std::string bytes = history.kv().get(Family::meta, key).value().value();
  bytes[9] = static_cast<char>(bytes[9] ^ 4);
  put(Family::meta, key, bytes);
  EXPECT_EQ(difference(), 0U);
  const auto damage = patrol.take_damage();
  ASSERT_GE(damage.size(), 1U);
  EXPECT_EQ(damage[0].family, Family::meta);
  EXPECT_EQ(damage[0].key, key);
}

}  // namespace
}  // namespace titip::storage
