#include "gateway/delivery/lanes.h"

#include <gtest/gtest.h>

#include <string>

namespace titip::delivery {
namespace {

using namespace std::chrono_literals;

const storage::WallTime now{1'000'000ms};

storage::Lane lane(std::string facility) {
  return {"pcare", std::move(facility)};
}
bool anyone(const storage::Lane&) {
  return true;
}
std::string names(const std::vector<Lanes::Chosen>& chosen) {
  std::string text;
  for (const auto& each : chosen) text += each.lane.facility;
  return text;
}

TEST(Lanes, take_turns) {
  Lanes lanes;
  for (const auto* name : {"a", "b", "c"}) lanes.wake(lane(name));
  EXPECT_EQ(names(lanes.choose(2, now, anyone)), "ab");
  EXPECT_EQ(names(lanes.choose(2, now, anyone)), "ca");
  EXPECT_EQ(names(lanes.choose(9, now, anyone)), "bca") << "each at most once";
}

TEST(Lanes, waking_twice_is_waking_once) {
  Lanes lanes;
  lanes.wake(lane("a"));
  lanes.wake(lane("a"));
  EXPECT_EQ(names(lanes.choose(9, now, anyone)), "a");
}

TEST(Lanes, closed_lanes_are_passed_over_and_stay_awake) {
  Lanes lanes;
  for (const auto* name : {"a", "b"}) lanes.wake(lane(name));
  EXPECT_EQ(names(lanes.choose(1, now, [](const auto& l) { return l.facility == "b"; })), "b");
  EXPECT_EQ(names(lanes.choose(9, now, [](const auto&) { return false; })), "");
  EXPECT_TRUE(lanes.any_awake());
  EXPECT_TRUE(lanes.any_awake([](const auto& l) { return l.facility == "a"; }));
  EXPECT_FALSE(lanes.any_awake([](const auto& l) { return l.facility == "c"; }));
}

TEST(Lanes, rest_until_their_time) {
  Lanes lanes;
  lanes.wake(lane("a"));
  lanes.wake(lane("b"));
  for (const auto& chosen : lanes.choose(9, now, anyone))
    lanes.rest(chosen, chosen.lane.facility == "a" ? std::optional(now + 5s) : now + 2s);
  EXPECT_FALSE(lanes.any_awake());
  EXPECT_EQ(lanes.next_wake(), now + 2s);
  EXPECT_EQ(names(lanes.choose(9, now + 1s, anyone)), "");
  EXPECT_EQ(names(lanes.choose(9, now + 2s, anyone)), "b");
  EXPECT_EQ(lanes.next_wake(), now + 5s);
  EXPECT_EQ(names(lanes.choose(9, now + 6s, anyone)), "ba");
  EXPECT_EQ(lanes.next_wake(), std::nullopt);
}

TEST(Lanes, rest_for_ever_until_woken) {
  Lanes lanes;
  lanes.wake(lane("a"));
  lanes.rest(lanes.choose(1, now, anyone).at(0), std::nullopt);
  EXPECT_FALSE(lanes.any_awake());
  EXPECT_EQ(lanes.next_wake(), std::nullopt);
  lanes.wake(lane("a"));
  EXPECT_TRUE(lanes.any_awake());
}

// A commit between asking the store and its answer: what it brought must not be slept through.
TEST(Lanes, news_that_came_meanwhile_is_not_lost) {
  Lanes lanes;
  lanes.wake(lane("a"));
  const auto chosen = lanes.choose(1, now, anyone).at(0);
  lanes.wake(lane("a"));
  lanes.rest(chosen, now + 1h);
  EXPECT_TRUE(lanes.any_awake());
  EXPECT_EQ(lanes.next_wake(), std::nullopt);
}

TEST(Lanes, news_after_the_lane_was_forgotten_and_made_anew_is_not_lost) {
  Lanes lanes;
  lanes.wake(lane("a"));
  const auto stale = lanes.choose(1, now, anyone).at(0);
  lanes.rest(stale, std::nullopt);
  lanes.wake(lane("a"));
  lanes.rest(stale, std::nullopt);
  EXPECT_TRUE(lanes.any_awake());
}

TEST(Lanes, waking_a_parked_lane_unparks_it) {
  Lanes lanes;
  lanes.wake(lane("a"));
  lanes.rest(lanes.choose(1, now, anyone).at(0), now + 1h);
  lanes.wake(lane("a"));
  EXPECT_EQ(lanes.next_wake(), std::nullopt);
  EXPECT_EQ(names(lanes.choose(9, now, anyone)), "a");
}

TEST(Lanes, several_due_at_one_moment) {
  Lanes lanes;
  for (const auto* name : {"a", "b", "c"}) lanes.wake(lane(name));
  for (const auto& chosen : lanes.choose(9, now, anyone)) lanes.rest(chosen, now + 1s);
  EXPECT_EQ(names(lanes.choose(9, now + 1s, anyone)).size(), 3U);
}

}  // namespace
}  // namespace titip::delivery
