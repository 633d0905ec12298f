#include "gateway/delivery/draining.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace titip::delivery {
namespace {

using namespace std::chrono_literals;
using storage::State;

constexpr WallTime morning{std::chrono::milliseconds(1'630'454'400'000)};

// Wall and steady time that pass together.
Draining::Now at(std::chrono::milliseconds since) {
  return {morning + since, rules::SteadyTime(1000h) + since};
}
storage::Submission record(State state, WallTime accepted_at = morning - 1h) {
  storage::Submission record;
  record.state = state;
  record.accepted_at = accepted_at;
  return record;
}

TEST(Draining, WithoutADrainNothingIsHeldBack) {
  Draining draining;
  EXPECT_EQ(draining.within(7, at(0s)), 7U);
  EXPECT_TRUE(draining.may_go_on(morning));
  EXPECT_FALSE(draining.governs(morning - 1h, morning));
  EXPECT_EQ(draining.wakes_in(at(0s)), std::nullopt);
  EXPECT_FALSE(draining.wants_writing(at(0s)));
  EXPECT_FALSE(draining.wants_looking(at(0s)));
}

TEST(Draining, GovernsWhatWasAcceptedBeforeItBegan) {
  Draining draining;
  draining.stand(Drain({}, 10, morning), at(0s));
  EXPECT_TRUE(draining.governs(morning - 1ms, morning));
  EXPECT_FALSE(draining.governs(morning, morning));
  draining.nothing_left(morning);
  EXPECT_FALSE(draining.governs(morning - 1ms, morning)) << "done";
  EXPECT_EQ(draining.within(7, at(0s)), 7U);
}

TEST(Draining, TheCanaryAndWhatIsInFlight) {
  Draining draining;
  draining.stand(Drain({.canary = 3}, 10, morning), at(0s));
  EXPECT_EQ(draining.within(7, at(0s)), 3U);
  for (int i = 0; i < 3; ++i) draining.took(at(0s).steady);
  EXPECT_EQ(draining.within(7, at(0s)), 0U);
  draining.gave_back();  // it was deferred: another one may go
  EXPECT_EQ(draining.within(7, at(0s)), 1U);
  draining.took(at(0s).steady);
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(draining.within(7, at(1s)), 0U) << "all of it is waited for";
    draining.changed(record(State::in_flight), State::delivered, morning + 1s);
    draining.gave_back();
  }
  EXPECT_EQ(draining.within(7, at(1s)), 7U);
}

TEST(Draining, ThePace) {
  Draining draining;
  draining.stand(Drain({.canary = 0, .per_second = 2}, 10, morning), at(0s));
  EXPECT_EQ(draining.within(7, at(0s)), 1U);
  draining.took(at(0s).steady);
  EXPECT_EQ(draining.within(7, at(0s)), 0U);
  draining.looked(at(0s));
  EXPECT_EQ(draining.wakes_in(at(0s)), 500ms);
  EXPECT_EQ(draining.within(7, at(500ms)), 1U);
  // A person's word changes nothing of what was saved up.
  auto drain = *draining.drain();
  drain.pause("why", std::nullopt, morning);
  drain.resume(morning);
  draining.stand(drain, at(0s));
  EXPECT_EQ(draining.within(7, at(0s)), 0U);
}

TEST(Draining, APauseIsWaitedFor) {
  Draining draining;
  Drain drain({.canary = 0}, 10, morning);
  drain.pause("lunch", morning + 1h, morning);
  draining.stand(drain, at(0s));
  EXPECT_EQ(draining.within(7, at(0s)), 0U);
  EXPECT_FALSE(draining.may_go_on(morning));
  EXPECT_EQ(draining.wakes_in(at(0s)), 1h);
  EXPECT_EQ(draining.within(7, at(1h)), 7U);
  EXPECT_FALSE(draining.wants_looking(at(0s))) << "nobody looks again and again at what stands still";
}

TEST(Draining, CountsTable) {
  auto counted = record(State::unknown);
  counted.unknown_since = morning + 1s;
  auto older = record(State::unknown);
  older.unknown_since = morning - 1s;
  const struct {
    const char* name;
    storage::Submission before;
    State to;
    std::uint64_t delivered, rejected, unknown;  // after two that are unknown
  } rows[] = {
      {"delivered", record(State::in_flight), State::delivered, 1, 0, 2},
      {"rejected", record(State::in_flight), State::rejected, 0, 1, 2},
      {"gone unknown", record(State::in_flight), State::unknown, 0, 0, 3},
      {"deferred", record(State::in_flight), State::deferred, 0, 0, 2},
      {"not sent", record(State::in_flight), State::queued, 0, 0, 2},
      {"blocked", record(State::in_flight), State::blocked, 0, 0, 2},
      {"found", counted, State::delivered, 1, 0, 1},
      {"not found", counted, State::deferred, 0, 0, 1},
      {"repeated", counted, State::queued, 0, 0, 1},
      {"still unknown", counted, State::unknown, 0, 0, 2},
      {"given up", counted, State::held, 0, 0, 2},
      {"found, unknown since before", older, State::delivered, 1, 0, 2},
      {"not of the backlog", record(State::in_flight, morning), State::delivered, 0, 0, 2},
  };
  for (const auto& row : rows) {
    Draining draining;
    draining.stand(Drain({.canary = 0}, 10, morning), at(0s));
    for (int i = 0; i < 2; ++i) draining.changed(record(State::in_flight), State::unknown, morning + 1s);
    draining.changed(row.before, row.to, morning + 2s);
    EXPECT_EQ(draining.drain()->delivered(), row.delivered) << row.name;
    EXPECT_EQ(draining.drain()->rejected(), row.rejected) << row.name;
    EXPECT_EQ(draining.drain()->unknown(), row.unknown) << row.name;
  }
}

TEST(Draining, WrittenAtEveryChangeOfStateAndNowAndThen) {
  Draining draining;
  draining.stand(Drain({.canary = 1, .daily_pause = DailyPause{9h, 10h}}, 10, morning), at(0s));  // 07:00 there
  EXPECT_TRUE(draining.wants_writing(at(0s)));
  draining.written(at(0s));
  EXPECT_FALSE(draining.wants_writing(at(1h))) << "nothing happened";
  draining.changed(record(State::in_flight), State::delivered, morning + 1s);
  EXPECT_TRUE(draining.wants_writing(at(1s))) << "the canary is over";
  draining.written(at(1s));
  draining.changed(record(State::in_flight), State::delivered, morning + 2s);
  EXPECT_FALSE(draining.wants_writing(at(2s)));
  EXPECT_TRUE(draining.wants_writing(at(4s)));
  draining.written(at(4s));
  EXPECT_TRUE(draining.wants_writing(at(2h))) << "the daily pause begins";
}

TEST(Draining, WhereTheRestMayBe) {
  using Spans = std::vector<SearchSpan>;
  storage::DestinationCounts counts;
  const auto minute = std::chrono::floor<std::chrono::minutes>(morning).time_since_epoch().count();
  const auto in = [](std::int64_t at) { return WallTime(std::chrono::minutes(at)); };
  EXPECT_EQ(spans_to_search(counts, morning), Spans{});
  counts.pending_by_minute = {{minute - 300, 1}, {minute - 5, 2}, {minute, 4}, {minute + 1, 9}};
  EXPECT_EQ(spans_to_search(counts, morning), std::nullopt) << "three certainly wait";
  counts.by_state[static_cast<std::size_t>(State::held)] = 1;
  counts.by_state[static_cast<std::size_t>(State::blocked)] = 1;
  EXPECT_EQ(spans_to_search(counts, morning), std::nullopt) << "one certainly waits";
  counts.quarantined = 1;
  EXPECT_EQ(spans_to_search(counts, morning),
            (Spans{{in(minute - 300), in(minute - 299) + 10s}, {in(minute - 5), morning}}))
      << "what is set apart waits for nobody";
  counts.by_state[static_cast<std::size_t>(State::queued)] = 5;
  counts.by_state[static_cast<std::size_t>(State::delivered)] = 100;
  EXPECT_EQ(waiting_in(counts), 6U);
}

// A scan looks an hour around its span, for clocks that were set: minutes that are nearer than twice that are one.
TEST(Draining, MinutesWhoseScansWouldOverlapAreSearchedOnce) {
  const auto last = std::chrono::floor<std::chrono::minutes>(morning).time_since_epoch().count();
  const struct {
    const char* name;
    std::vector<std::int64_t> ago;
    std::size_t spans;
  } rows[] = {
      {"none", {}, 0},
      {"one", {500}, 1},
      {"neighbours", {500, 499, 498}, 1},
      {"two hours apart", {500, 379}, 1},
      {"just over two hours apart", {500, 378}, 2},
      {"a chain of an hour each", {500, 440, 380, 320, 260, 200, 140, 80, 20}, 1},
      {"a day of every minute that ended yesterday, and today", {1501, 1500, 60, 59}, 2},
  };
  for (const auto& row : rows) {
    storage::DestinationCounts counts;
    counts.by_state[static_cast<std::size_t>(State::held)] = row.ago.size();
    for (const auto ago : row.ago) counts.pending_by_minute[last - ago] = 1;
    const auto spans = spans_to_search(counts, morning);
    ASSERT_TRUE(spans) << row.name;
    EXPECT_EQ(spans->size(), row.spans) << row.name;
    for (const auto ago : row.ago) {
      const WallTime from{std::chrono::minutes(last - ago)};
      EXPECT_TRUE(std::ranges::any_of(
          *spans, [&](const auto& span) { return span.from <= from && span.before >= from + 1min; }))
          << row.name << ", " << ago;
    }
  }
}

}  // namespace
}  // namespace titip::delivery
