// Rates and shares of one destination.
#include "gateway/delivery/permits.h"

#include <gtest/gtest.h>

namespace titip::delivery {
namespace {

using namespace std::chrono_literals;
using rules::SendClass;

const rules::SteadyTime start{std::chrono::hours(1)};
constexpr rules::Waiting both{.deadline = false, .fresh = true, .backlog = true};
constexpr rules::Waiting backlog_alone{.deadline = false, .fresh = false, .backlog = true};

TEST(Permits, without_a_pace_every_place_may_be_used) {
  const Permits permits({}, start);
  EXPECT_EQ(permits.within_pace(1000, start), 1000U);
  EXPECT_EQ(permits.wakes_at(start), std::nullopt);
}

TEST(Permits, the_pace_counts_sends_and_questions) {
  Permits permits({.pace = {.per_second = 2, .burst = 3}, .shares = {}, .retries = {}}, start);
  EXPECT_EQ(permits.within_pace(10, start), 3U);
  permits.took(SendClass::backlog, backlog_alone, false, start);
  permits.asked(start);
  EXPECT_EQ(permits.within_pace(10, start), 1U);
  permits.took(SendClass::backlog, backlog_alone, false, start);
  EXPECT_EQ(permits.within_pace(10, start), 0U);
  EXPECT_EQ(permits.wakes_at(start), start + 500ms);
  EXPECT_EQ(permits.within_pace(10, start + 1s), 2U);
  EXPECT_EQ(permits.within_pace(10, start + 1h), 3U) << "no more than the burst is saved";
}

TEST(Permits, both_classes_get_their_share_and_an_unused_share_goes_to_the_other) {
  Permits permits({}, start);
  std::size_t fresh = 0;
  for (int i = 0; i < 100; ++i) {
    const auto dealt = permits.deal(1, both);
    ASSERT_EQ(dealt.fresh + dealt.backlog, 1U);
    fresh += dealt.fresh;
    permits.took(dealt.fresh == 1 ? SendClass::fresh : SendClass::backlog, both, false, start);
  }
  EXPECT_EQ(fresh, 30U);
  const auto dealt = permits.deal(10, both);
  EXPECT_EQ(dealt.fresh, 3U) << "many places at once are dealt as one by one";
  EXPECT_EQ(dealt.backlog, 7U);
  EXPECT_EQ(permits.deal(10, backlog_alone).backlog, 10U);
  EXPECT_EQ(permits.deal(10, {.deadline = false, .fresh = true, .backlog = false}).fresh, 10U);
  EXPECT_EQ(permits.deal(10, {}).backlog, 0U);
}

TEST(Permits, deadlines_are_dealt_half_at_most) {
  const Permits permits({}, start);
  const auto dealt = permits.deal(10, {.deadline = true, .fresh = false, .backlog = true});
  EXPECT_EQ(dealt.deadline, 5U);
  EXPECT_EQ(dealt.backlog, 5U);
  EXPECT_EQ(permits.deal(10, {.deadline = true, .fresh = false, .backlog = false}).deadline, 10U);
}

TEST(Permits, repetitions_are_a_fifth_of_what_is_in_flight_and_always_three) {
  Permits permits({}, start);
  for (int i = 0; i < 3; ++i) {
    ASSERT_TRUE(permits.may_retry()) << i;
    permits.took(SendClass::backlog, backlog_alone, true, start);
  }
  EXPECT_FALSE(permits.may_retry());
  for (int i = 0; i < 15; ++i) permits.took(SendClass::backlog, backlog_alone, false, start);
  EXPECT_FALSE(permits.may_retry()) << "4 of 19 would be more than a fifth";
  permits.took(SendClass::backlog, backlog_alone, false, start);
  EXPECT_TRUE(permits.may_retry()) << "4 of 20";
  permits.took(SendClass::backlog, backlog_alone, true, start);
  EXPECT_FALSE(permits.may_retry());
  permits.gave_back(true);
  EXPECT_TRUE(permits.may_retry());
  for (int i = 0; i < 16; ++i) permits.gave_back(false);
  EXPECT_FALSE(permits.may_retry());
}

}  // namespace
}  // namespace titip::delivery
