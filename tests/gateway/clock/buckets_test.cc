#include "gateway/clock/buckets.h"

#include <gtest/gtest.h>

#include <atomic>
#include <string>
#include <thread>
#include <vector>

namespace titip::clock {
namespace {

using namespace std::chrono_literals;

const SteadyTime start{1000h};

TEST(PaceTest, a_bucket_holds_its_burst_and_fills_by_one_each_span) {
  const Pace pace{2s, 3};
  struct Row {
    std::chrono::nanoseconds full_in;  // how long from now on
    bool given;
    std::uint32_t left;
    std::chrono::nanoseconds wait;
    std::chrono::nanoseconds full_then;
  };
  for (const auto& row :
       {Row{-1h, true, 2, 0s, 2s}, Row{0s, true, 2, 0s, 2s}, Row{1s, true, 1, 0s, 3s}, Row{2s, true, 1, 0s, 4s},
        Row{4s, true, 0, 0s, 6s}, Row{4s + 1ns, false, 0, 1ns, 4s + 1ns}, Row{6s, false, 0, 2s, 6s}}) {
    const auto taken = pace.take(start + row.full_in, start);
    EXPECT_EQ(taken.given, row.given) << row.full_in.count();
    EXPECT_EQ(taken.left, row.left) << row.full_in.count();
    EXPECT_EQ(taken.wait, row.wait) << row.full_in.count();
    EXPECT_EQ(taken.full_at, start + row.full_then) << row.full_in.count();
  }
}

TEST(PaceTest, no_pace_is_no_bound) {
  const auto none = Pace::per_second(0, 1);
  EXPECT_TRUE(none.take(start + 1000h, start).given);
  EXPECT_EQ(Pace::per_second(4, 7).each, 250ms);
}

TEST(BucketsTest, everybody_has_a_bucket_named_by_all_words) {
  Buckets buckets({1s, 2}, 1U << 16U);
  EXPECT_EQ(buckets.take({"a", "b"}, start), std::nullopt);
  EXPECT_FALSE(buckets.is_empty({"a", "b"}, start));
  EXPECT_EQ(buckets.take({"a", "b"}, start), std::nullopt);
  EXPECT_TRUE(buckets.is_empty({"a", "b"}, start));
  EXPECT_EQ(buckets.take({"a", "b"}, start), 1s);
  EXPECT_EQ(buckets.take({"a", "b"}, start), 1s) << "who is refused pays nothing";
  EXPECT_FALSE(buckets.is_empty({"a"}, start));
  EXPECT_FALSE(buckets.is_empty({"b", "a"}, start));
  EXPECT_EQ(buckets.take({"a", "b"}, start + 1s), std::nullopt);
}

// However many come: the same number of buckets, so who comes last may find one that others emptied.
TEST(BucketsTest, there_are_no_more_than_there_are) {
  Buckets few({1h, 1}, 4);
  int given = 0;
  for (int who = 0; who < 1000; ++who) given += few.take({std::to_string(who)}, start) ? 0 : 1;
  EXPECT_EQ(given, 4);
}

TEST(BucketsTest, of_many_threads_no_more_are_given_than_there_are) {
  Buckets buckets({1h, 100}, 1U << 10U);
  std::atomic<int> given = 0;
  {
    std::vector<std::jthread> threads;
    for (int number = 0; number < 4; ++number)
      threads.emplace_back([&] {
        for (int tries = 0; tries < 1000; ++tries) given += buckets.take({"one"}, start) ? 0 : 1;
      });
  }
  EXPECT_EQ(given, 100);
}

}  // namespace
}  // namespace titip::clock
