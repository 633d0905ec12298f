#include "gateway/delivery/marks_ahead.h"

#include <gtest/gtest.h>

namespace titip::delivery {
namespace {

using namespace std::chrono_literals;

struct Row {
  std::chrono::nanoseconds mark, answer;
  std::size_t window, ahead;
};

TEST(MarksAhead, as_many_as_are_answered_while_one_is_written) {
  for (const auto& [mark, answer, window, ahead] :
       {Row{4ms, 4ms, 64, 64}, Row{8ms, 4ms, 64, 64},  // never more than there are places
        Row{2ms, 4ms, 64, 32}, Row{4ms, 64ms, 64, 4}, Row{4ms, 300ms, 64, 0}, Row{4ms, 40ms, 2, 0},
        Row{0ms, 40ms, 64, 0}, Row{4ms, 1ms, 0, 0}}) {
    MarksAhead known({});
    known.marked(mark);
    known.answered(answer);
    EXPECT_EQ(known.places(window), ahead) << mark.count() << " " << answer.count() << " " << window;
  }
}

TEST(MarksAhead, before_anything_was_answered_none) {
  MarksAhead known({});
  known.marked(4ms);
  EXPECT_EQ(known.places(64), 0U);
}

TEST(MarksAhead, follows_what_changes) {
  MarksAhead known({});
  known.marked(4ms);
  known.answered(4ms);
  for (int i = 0; i < 100; ++i) known.answered(400ms);
  EXPECT_EQ(known.places(64), 0U);
}

TEST(MarksAhead, the_least_is_no_more_than_the_window) {
  const MarksAhead known({.least = 3});
  EXPECT_EQ(known.places(2), 2U);
  EXPECT_EQ(known.places(8), 3U);
}

TEST(MarksAhead, a_look_waits_for_half_of_those_ahead) {
  struct Look {
    std::chrono::nanoseconds mark, answer;
    std::size_t worth;
  };
  for (const auto& [mark, answer, worth] :
       {Look{4ms, 4ms, 32}, Look{2ms, 4ms, 16}, Look{4ms, 64ms, 2}, Look{4ms, 300ms, 1}}) {
    MarksAhead known({});
    EXPECT_EQ(known.worth_a_look(64), 1U) << "nothing is ahead yet";
    known.marked(mark);
    known.answered(answer);
    EXPECT_EQ(known.worth_a_look(64), worth);
    EXPECT_LE(known.worth_a_look(64), std::max<std::size_t>(1, known.places(64))) << "no place of the window waits";
  }
}

}  // namespace
}  // namespace titip::delivery
