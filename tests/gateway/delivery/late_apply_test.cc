#include "gateway/delivery/late_apply.h"

#include <gtest/gtest.h>

namespace titip::delivery {
namespace {

using namespace std::chrono_literals;

const clock::SteadyTime start{1h};

storage::SubmissionId id(std::uint32_t number) {
  storage::SubmissionId made;
  for (std::size_t at = 0; at < 4; ++at) made.bytes[12 + at] = static_cast<std::uint8_t>(number >> (8 * at));
  return made;
}

TEST(LateApply, counts_from_the_end_of_the_attempt) {
  LateApply late(120s, start);
  late.went_unknown(id(1), start + 500s);
  EXPECT_EQ(late.remaining(id(1), start + 500s), 120s);
  EXPECT_EQ(late.remaining(id(1), start + 619s), 1s);
  EXPECT_EQ(late.remaining(id(1), start + 620s), 0s);
  EXPECT_EQ(late.remaining(id(1), start + 9000s), 0s);
  late.went_unknown(id(1), start + 700s);
  EXPECT_EQ(late.remaining(id(1), start + 700s), 120s) << "the last attempt counts";
}

// Steady time does not survive a restart: what is not remembered waits anew.
TEST(LateApply, after_a_restart_the_wait_begins_again) {
  const LateApply late(120s, start);
  EXPECT_EQ(late.remaining(id(1), start), 120s);
  EXPECT_EQ(late.remaining(id(1), start + 119'500ms), 500ms);
  EXPECT_EQ(late.remaining(id(1), start + 120s), 0s);
}

TEST(LateApply, a_part_of_a_millisecond_is_still_to_wait) {
  LateApply late(1ms, start);
  late.went_unknown(id(1), start);
  EXPECT_EQ(late.remaining(id(1), start + 500us), 1ms);
}

TEST(LateApply, forgets_when_there_are_too_many_but_only_to_wait_longer) {
  LateApply late(120s, start);
  for (std::uint32_t number = 0; number < 65'536; ++number) late.went_unknown(id(number), start);
  EXPECT_EQ(late.remaining(id(7), start + 100s), 20s);
  late.went_unknown(id(70'000), start + 100s);
  EXPECT_EQ(late.remaining(id(7), start + 100s), 120s);
  EXPECT_EQ(late.remaining(id(70'000), start + 100s), 120s);
}

TEST(LateApply, a_settled_record_is_forgotten) {
  LateApply late(120s, start);
  late.went_unknown(id(1), start + 1000s);
  late.settled(id(1));
  EXPECT_EQ(late.remaining(id(1), start + 1000s), 0s);
}

}  // namespace
}  // namespace titip::delivery
