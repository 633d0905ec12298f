#include "gateway/delivery/lanes.h"

#include <gtest/gtest.h>

#include <functional>
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
std::vector<Lanes::Chosen> choose(Lanes& lanes, std::size_t count, storage::WallTime at,
                                  const std::function<bool(const storage::Lane&)>& open = anyone) {
  lanes.wake_due(at);
  return lanes.choose(Ring::all, count, open);
}
std::string names(const std::vector<Lanes::Chosen>& chosen) {
  std::string text;
  for (const auto& each : chosen) text += each.lane.facility;
  return text;
}

TEST(Lanes, take_turns) {
  Lanes lanes;
  for (const auto* name : {"a", "b", "c"}) lanes.wake(lane(name));
  EXPECT_EQ(names(choose(lanes, 2, now)), "ab");
  EXPECT_EQ(names(choose(lanes, 2, now)), "ca");
  EXPECT_EQ(names(choose(lanes, 9, now)), "bca") << "each at most once";
}

TEST(Lanes, a_ring_is_looked_at_again_when_time_has_brought_something) {
  Lanes lanes;
  for (const auto* name : {"a", "b", "c"}) lanes.wake(lane(name));
  for (const auto& each : lanes.choose(Ring::deadline, 9, anyone)) lanes.rest(each, std::nullopt);
  EXPECT_FALSE(lanes.any_awake(Ring::deadline));
  EXPECT_EQ(lanes.awake(Ring::all), 3U) << "the others are not touched";
  EXPECT_EQ(lanes.awake(Ring::fresh), 3U);
  lanes.rest(lanes.choose(Ring::all, 1, anyone).front(), now + 1h);  // nothing at all is due in "a"
  lanes.look_again(Ring::deadline);
  EXPECT_EQ(names(lanes.choose(Ring::deadline, 9, anyone)), "bc");
  lanes.look_again(Ring::deadline);
  EXPECT_EQ(lanes.awake(Ring::deadline), 2U) << "once";
}

TEST(Lanes, waking_twice_is_waking_once) {
  Lanes lanes;
  lanes.wake(lane("a"));
  lanes.wake(lane("a"));
  EXPECT_EQ(names(choose(lanes, 9, now)), "a");
}

TEST(Lanes, closed_lanes_are_passed_over_and_stay_awake) {
  Lanes lanes;
  for (const auto* name : {"a", "b"}) lanes.wake(lane(name));
  EXPECT_EQ(names(choose(lanes, 1, now, [](const auto& l) { return l.facility == "b"; })), "b");
  EXPECT_EQ(names(choose(lanes, 9, now, [](const auto&) { return false; })), "");
  EXPECT_TRUE(lanes.any_awake());
  EXPECT_TRUE(lanes.any_awake(Ring::all, [](const auto& l) { return l.facility == "a"; }));
  EXPECT_FALSE(lanes.any_awake(Ring::all, [](const auto& l) { return l.facility == "c"; }));
}

TEST(Lanes, rest_until_their_time) {
  Lanes lanes;
  lanes.wake(lane("a"));
  lanes.wake(lane("b"));
  for (const auto& chosen : choose(lanes, 9, now))
    lanes.rest(chosen, chosen.lane.facility == "a" ? std::optional(now + 5s) : now + 2s);
  EXPECT_FALSE(lanes.any_awake());
  EXPECT_EQ(lanes.next_wake(), now + 2s);
  EXPECT_EQ(names(choose(lanes, 9, now + 1s)), "");
  EXPECT_EQ(names(choose(lanes, 9, now + 2s)), "b");
  EXPECT_EQ(lanes.next_wake(), now + 5s);
  EXPECT_EQ(names(choose(lanes, 9, now + 6s)), "ba");
  EXPECT_EQ(lanes.next_wake(), std::nullopt);
}

TEST(Lanes, rest_for_ever_until_woken) {
  Lanes lanes;
  lanes.wake(lane("a"));
  lanes.rest(choose(lanes, 1, now).at(0), std::nullopt);
  EXPECT_FALSE(lanes.any_awake());
  EXPECT_EQ(lanes.next_wake(), std::nullopt);
  lanes.wake(lane("a"));
  EXPECT_TRUE(lanes.any_awake());
}

// A commit between asking the store and its answer: what it brought must not be slept through.
TEST(Lanes, news_that_came_meanwhile_is_not_lost) {
  Lanes lanes;
  lanes.wake(lane("a"));
  const auto chosen = choose(lanes, 1, now).at(0);
  lanes.wake(lane("a"));
  lanes.rest(chosen, now + 1h);
  EXPECT_TRUE(lanes.any_awake());
  EXPECT_EQ(lanes.next_wake(), std::nullopt);
}

TEST(Lanes, news_after_the_lane_was_forgotten_and_made_anew_is_not_lost) {
  Lanes lanes;
  lanes.wake(lane("a"));
  const auto stale = choose(lanes, 1, now).at(0);
  lanes.rest(stale, std::nullopt);
  lanes.wake(lane("a"));
  lanes.rest(stale, std::nullopt);
  EXPECT_TRUE(lanes.any_awake());
}

TEST(Lanes, waking_a_parked_lane_unparks_it) {
  Lanes lanes;
  lanes.wake(lane("a"));
  lanes.rest(choose(lanes, 1, now).at(0), now + 1h);
  lanes.wake(lane("a"));
  EXPECT_EQ(lanes.next_wake(), std::nullopt);
  EXPECT_EQ(names(choose(lanes, 9, now)), "a");
}

TEST(Lanes, several_due_at_one_moment) {
  Lanes lanes;
  for (const auto* name : {"a", "b", "c"}) lanes.wake(lane(name));
  for (const auto& chosen : choose(lanes, 9, now)) lanes.rest(chosen, now + 1s);
  EXPECT_EQ(names(choose(lanes, 9, now + 1s)).size(), 3U);
}

TEST(Lanes, the_ring_of_fresh_records_has_turns_of_its_own) {
  Lanes lanes;
  for (const auto* name : {"a", "b", "c"}) lanes.wake(lane(name));
  EXPECT_EQ(names(lanes.choose(Ring::all, 2, anyone)), "ab");
  EXPECT_EQ(names(lanes.choose(Ring::fresh, 2, anyone)), "ab");
  lanes.rest(lanes.choose(Ring::fresh, 1, anyone).at(0), std::nullopt);  // c has nothing fresh
  EXPECT_EQ(names(lanes.choose(Ring::fresh, 9, anyone)), "ab");
  EXPECT_EQ(names(lanes.choose(Ring::all, 9, anyone)), "cab") << "but something";
  lanes.wake(lane("c"));
  EXPECT_EQ(names(lanes.choose(Ring::fresh, 9, anyone)), "abc");
}

TEST(Lanes, where_nothing_is_due_nothing_fresh_is) {
  Lanes lanes;
  lanes.wake(lane("a"));
  lanes.rest(lanes.choose(Ring::all, 1, anyone).at(0), now + 1s);
  EXPECT_FALSE(lanes.any_awake(Ring::fresh));
  lanes.wake_due(now + 1s);
  EXPECT_TRUE(lanes.any_awake(Ring::fresh)) << "what falls due may be fresh";
}

TEST(Lanes, a_reminder_wakes_whatever_happened_meanwhile) {
  Lanes lanes;
  lanes.wake(lane("a"));
  lanes.remind(lane("a"), now + 5s);
  EXPECT_EQ(lanes.next_wake(), now + 5s);
  lanes.wake(lane("a"));
  lanes.rest(lanes.choose(Ring::fresh, 1, anyone).at(0), std::nullopt);
  lanes.wake_due(now + 4s);
  EXPECT_FALSE(lanes.any_awake(Ring::fresh));
  lanes.wake_due(now + 5s);
  EXPECT_TRUE(lanes.any_awake(Ring::fresh));
  EXPECT_EQ(lanes.next_wake(), std::nullopt) << "once";
}

TEST(Lanes, reminders_are_bounded) {
  Lanes lanes;
  for (std::size_t i = 0; i <= Lanes::most_reminders; ++i)
    lanes.remind(lane("a"), now + std::chrono::milliseconds(Lanes::most_reminders - i));
  EXPECT_EQ(lanes.next_wake(), now + 1ms) << "the last one found no place";
}

TEST(Lanes, set_aside_they_come_back_as_many_as_are_wanted) {
  Lanes lanes;
  for (const auto* name : {"a", "b", "c", "d"}) lanes.wake(lane(name));
  for (const auto& each : choose(lanes, 9, now)) lanes.set_aside(each, now + 5min);
  EXPECT_TRUE(lanes.any_aside());
  EXPECT_FALSE(lanes.any_awake());
  EXPECT_EQ(names(lanes.choose(Ring::fresh, 9, anyone)), "abcd") << "what is fresh goes on";
  lanes.take_back(1, anyone);
  EXPECT_EQ(names(choose(lanes, 9, now)), "a");
  lanes.take_back(1, anyone);
  EXPECT_EQ(names(choose(lanes, 9, now)), "a") << "one is awake already";
  lanes.take_back(2, [](const auto& each) { return each.facility != "b"; });
  EXPECT_EQ(names(choose(lanes, 9, now)), "abc") << "one that cannot send does not count";
  lanes.take_back(9, anyone);
  EXPECT_FALSE(lanes.any_aside());
  EXPECT_EQ(names(choose(lanes, 9, now)), "abcd");
}

TEST(Lanes, set_aside_they_are_woken_by_news_and_by_time) {
  Lanes lanes;
  for (const auto* name : {"a", "b"}) lanes.wake(lane(name));
  const auto chosen = choose(lanes, 9, now);
  lanes.wake(lane("b"));  // news that came meanwhile
  for (const auto& each : chosen) lanes.set_aside(each, now + 5min);
  EXPECT_EQ(names(choose(lanes, 9, now)), "b");
  EXPECT_EQ(lanes.next_wake(), now + 5min);
  EXPECT_EQ(names(choose(lanes, 9, now + 5min)), "ba");
  EXPECT_FALSE(lanes.any_aside());
  EXPECT_EQ(lanes.next_wake(), std::nullopt);
  for (const auto& each : choose(lanes, 9, now)) lanes.set_aside(each, now + 5min);
  lanes.wake(lane("a"));
  EXPECT_EQ(names(choose(lanes, 9, now)), "a");
  for (const auto& each : choose(lanes, 9, now)) lanes.rest(each, std::nullopt);
  lanes.take_back(9, anyone);
  EXPECT_EQ(names(choose(lanes, 9, now)), "b");
}

}  // namespace
}  // namespace titip::delivery
