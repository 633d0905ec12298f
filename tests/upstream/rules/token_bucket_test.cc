#include "upstream/rules/token_bucket.h"

#include <gtest/gtest.h>

namespace titip::rules {
namespace {

using namespace std::chrono_literals;

SteadyTime at(std::chrono::milliseconds since) {
  return SteadyTime(since);
}

// How many of `asked` a bucket gives away when it is asked every `every`.
int given(TokenBucketOptions options, int asked, std::chrono::milliseconds every) {
  TokenBucket bucket(options, at(0ms));
  int taken = 0;
  for (int i = 0; i < asked; ++i) {
    if (!bucket.may_take(at(i * every))) continue;
    bucket.take(at(i * every));
    ++taken;
  }
  return taken;
}

TEST(TokenBucket, Table) {
  const struct {
    const char* name;
    TokenBucketOptions options;
    int asked;
    std::chrono::milliseconds every;
    int taken;
  } rows[] = {
      {"no limit", {.per_second = 0}, 1000, 0ms, 1000},
      {"the burst at once", {.per_second = 10, .burst = 5}, 100, 0ms, 5},
      {"then the rate", {.per_second = 10, .burst = 1}, 1000, 10ms, 100},
      {"asked as fast as it fills", {.per_second = 10, .burst = 1}, 50, 100ms, 50},
      {"asked less often", {.per_second = 10, .burst = 1}, 50, 1000ms, 50},
      {"a third of a token a second", {.per_second = 1.0 / 3, .burst = 1}, 30, 1000ms, 10},
      {"a burst below one is one", {.per_second = 1, .burst = 0}, 10, 0ms, 1},
      {"a negative rate is no limit", {.per_second = -1, .burst = 1}, 10, 0ms, 10},
  };
  for (const auto& row : rows) EXPECT_EQ(given(row.options, row.asked, row.every), row.taken) << row.name;
}

TEST(TokenBucket, SaysWhenTheNextMayGo) {
  TokenBucket bucket({.per_second = 4, .burst = 1}, at(0ms));
  EXPECT_EQ(bucket.next_at(at(0ms)), at(0ms));
  bucket.take(at(0ms));
  EXPECT_EQ(bucket.next_at(at(0ms)), at(250ms));
  EXPECT_EQ(bucket.next_at(at(100ms)), at(250ms));
  EXPECT_FALSE(bucket.may_take(at(249ms)));
  EXPECT_TRUE(bucket.may_take(at(250ms)));
}

TEST(TokenBucket, AChangeKeepsWhatWasSavedUpToTheNewBurst) {
  TokenBucket bucket({.per_second = 1, .burst = 10}, at(0ms));
  bucket.change({.per_second = 1, .burst = 2}, at(0ms));
  bucket.take(at(0ms));
  bucket.take(at(0ms));
  EXPECT_FALSE(bucket.may_take(at(0ms)));
  bucket.change({.per_second = 0}, at(0ms));
  EXPECT_TRUE(bucket.may_take(at(0ms)));
}

TEST(TokenBucket, AClockThatStepsBackGivesNothing) {
  TokenBucket bucket({.per_second = 1, .burst = 1}, at(10'000ms));
  bucket.take(at(10'000ms));
  EXPECT_FALSE(bucket.may_take(at(5'000ms)));
  bucket.change({.per_second = 1, .burst = 1}, at(5'000ms));
  EXPECT_FALSE(bucket.may_take(at(10'500ms)));
  EXPECT_TRUE(bucket.may_take(at(11'000ms)));
}

}  // namespace
}  // namespace titip::rules
