// The whole look at the store: a sound one is found sound, whatever happened to it. (What is spoiled:
// verify_faults_test.cc.)
#include "storage/verify.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "tests/storage/faulty_kv.h"
#include "tests/storage/spoiled.h"

namespace titip::storage {
namespace {

VerifyReport look_at(const KvReader& kv) {
  const auto report = verify(kv, {}, {});
  EXPECT_TRUE(report.has_value());
  return report.value_or(VerifyReport{});
}

std::string text(const VerifyReport& report) {
  std::string all;
  for (const auto& problem : report.problems) {
    all += problem.kind + " x" + std::to_string(problem.times) + " " + problem.examples.front() + "; ";
  }
  return all;
}

TEST(Verify, AStoreIsSoundAfterEveryTurnOfAnyHistory) {
  std::uint64_t records = 0, pending = 0;
  for (std::uint32_t seed = 1; seed <= 20; ++seed) {
    History history(seed);
    for (int turn = 0; turn < 40; ++turn) {
      history.steps(15);
      const auto report = look_at(history.kv());
      ASSERT_TRUE(report.sound()) << "seed " << seed << " after " << (turn + 1) * 15 << " steps: " << text(report);
      EXPECT_EQ(report.submissions, history.ids().size());
    }
    const auto report = look_at(history.kv());
    records += report.submissions;
    pending += report.pending;
  }
  EXPECT_GT(records, 1000U);
  EXPECT_GT(pending, 100U);
}

TEST(Verify, AnEmptyStoreIsSound) {
  EXPECT_TRUE(look_at(MemoryKv()).sound());
}

// One damaged record is one damaged value; nothing that belongs to it is called a stray, and no count wrong.
TEST(Verify, ADamagedRecordSpoilsNothingElse) {
  Spoiled spoiled;
  flip(spoiled, Family::meta, meta_of(spoiled.in(State::queued)));
  const auto report = look_at(spoiled.kv());
  ASSERT_EQ(report.problems.size(), 1U) << text(report);
  EXPECT_EQ(report.problems[0].kind, "damaged");
  EXPECT_EQ(report.problems[0].times, 1U);
}

TEST(Verify, TellsHowFarItIsAndStopsWhenItIsTold) {
  Spoiled spoiled;
  std::vector<Progress> told;
  const auto tell = [&](Progress progress) { told.push_back(progress); };
  ASSERT_TRUE(verify(spoiled.kv(), tell, {}).has_value());
  ASSERT_FALSE(told.empty());
  EXPECT_EQ(told.back().done, told.back().of);
  EXPECT_GT(told.back().done, spoiled.history->ids().size());
  int asked = 0;
  const auto stopped = verify(spoiled.kv(), {}, [&] { return ++asked > 10; });
  ASSERT_FALSE(stopped.has_value());
  EXPECT_EQ(stopped.error(), Error::unavailable);
}

TEST(Verify, ADiskThatFailsIsNoReport) {
  FaultyKv faulty(std::make_shared<MemoryKv>());
  faulty.fail_reads = KvError{KvError::Kind::failed, "gone"};
  EXPECT_EQ(verify(faulty, {}, {}).error(), Error::unavailable);
  faulty.fail_reads = KvError{KvError::Kind::corrupt, "rot"};
  const auto report = look_at(faulty);
  const auto found = std::ranges::find(report.problems, "unreadable", &VerifyReport::Problem::kind);
  EXPECT_NE(found, report.problems.end());
}

}  // namespace
}  // namespace titip::storage
