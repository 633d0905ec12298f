// The rolling look: a miscount and a lost record are seen, each when its minute comes round, and forgotten once right.
#include "storage/patrol.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>

#include "storage/keys.h"
#include "storage/records.h"
#include "tests/storage/history.h"
#include "tests/storage/refusing_kv.h"

namespace titip::storage {
namespace {

class PatrolTest : public ::testing::Test {
 protected:
  void SetUp() override { history.steps(500); }
  // A whole round, a few records at a time.
  std::uint64_t difference(const std::string& destination = "pcare") {
    passed_over = 0;
    for (int looks = 0; looks < 10'000; ++looks) {
      const auto slice = patrol.look(below(), 7);
      EXPECT_TRUE(slice.has_value());
      if (slice) passed_over += slice->passed_over;
      if (!slice || slice->ended_round) break;
      EXPECT_GE(slice->records, 7U);
    }
    const auto all = patrol.differences();
    return all.contains(destination) ? all.at(destination) : 0;
  }
  virtual const KvReader& below() const { return history.kv(); }
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
  mutable History history{42};
  std::size_t passed_over = 0;  // in the last round
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

// The history's records, all in one minute or in several, on an engine that refuses some of their blocks.
class RefusedPatrolTest : public PatrolTest {
 protected:
  void SetUp() override {
    PatrolTest::SetUp();
    for (std::size_t f = 0; f < family_count; ++f) {
      KvBatch batch;
      static_cast<void>(
          history.kv().scan(static_cast<Family>(f), {}, {}, [&](std::string_view key, std::string_view value) {
            batch.push_back({static_cast<Family>(f), std::string(key), std::string(value)});
            return true;
          }));
      ASSERT_TRUE(kv.commit(batch));
    }
    for (const auto& each : history.records()) ids.push_back(each.id);
    std::ranges::sort(ids);
  }
  const KvReader& below() const override { return kv; }
  void refuse(std::size_t from, std::size_t to) {
    for (std::size_t i = from; i < to; ++i) kv.refused.emplace(Family::meta, keys::of(ids[i]));
  }
  std::uint64_t sum() {
    difference();
    std::uint64_t all = 0;
    for (const auto& [destination, count] : patrol.differences()) all += count;
    return all;
  }
  RefusingKv kv;
  std::vector<SubmissionId> ids;
};

TEST_F(RefusedPatrolTest, WhatTheEngineRefusesIsMissingAndTheRoundGoesOnBehindIt) {
  refuse(3, 8);
  EXPECT_EQ(sum(), 5U);
  EXPECT_EQ(passed_over, 1U) << "one stretch";
  EXPECT_EQ(patrol.take_damage().size(), 1U);
  // A later miscount is seen beside it, in a minute behind it and in the refused one's.
  const std::string key = keys::minute_accepted("other", 99'999'999);
  ASSERT_TRUE(kv.commit({{Family::counts, key, encode({Family::counts, key}, std::uint64_t{4})}}));
  EXPECT_EQ(sum(), 9U);
  kv.refused.clear();
  EXPECT_EQ(sum(), 4U) << "and it is forgotten once it can be read again";
}

TEST_F(RefusedPatrolTest, TheFirstAndTheLastAreNoDifferentFromOthers) {
  refuse(0, 2);
  refuse(ids.size() - 2, ids.size());
  EXPECT_EQ(sum(), 4U);
  EXPECT_EQ(passed_over, 2U);
  refuse(0, ids.size());
  EXPECT_EQ(sum(), ids.size());
}

TEST_F(RefusedPatrolTest, CountsThatTheEngineRefusesAreADifference) {
  const std::string key = keys::minute_accepted("pcare", keys::minute_of(one(State::delivered).id.made_at()));
  const auto there = number(key);
  ASSERT_GT(there, 0U);
  kv.refused = {{Family::counts, key}};
  EXPECT_EQ(difference(), there);
  EXPECT_FALSE(patrol.take_damage().empty());
}

TEST_F(RefusedPatrolTest, AnyOtherErrorEndsTheLookAndKeepsItsPlace) {
  kv.fails = true;
  EXPECT_FALSE(patrol.look(kv, 7).has_value());
  kv.fails = false;
  EXPECT_EQ(sum(), 0U);
}

TEST_F(PatrolTest, ADamagedRecordStandsForOneLostRecordAndNotForOneOfEveryDestination) {
  // In one minute: one of one destination damaged, and one of another lost.
  std::map<std::int64_t, std::map<std::string, SubmissionId>> minutes;
  for (const auto& each : history.records())
    minutes[keys::minute_of(each.id.made_at())].emplace(each.destination, each.id);
  const auto found = std::ranges::find_if(minutes, [](const auto& minute) { return minute.second.size() >= 2; });
  ASSERT_NE(found, minutes.end());
  put(Family::meta, keys::of(found->second.begin()->second), "rot");
  put(Family::meta, keys::of(found->second.rbegin()->second), std::nullopt);
  difference();
  std::uint64_t sum = 0;
  for (const auto& [destination, count] : patrol.differences()) sum += count;
  EXPECT_EQ(sum, 1U) << "the lost one is not hidden behind the damaged one";
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
