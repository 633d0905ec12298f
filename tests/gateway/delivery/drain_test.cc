#include "gateway/delivery/drain.h"

#include <gtest/gtest.h>

#include <string>

namespace titip::delivery {
namespace {

using namespace std::chrono_literals;

// 2021-09-01 00:00 WIB.
constexpr WallTime midnight{std::chrono::milliseconds(1'630'429'200'000)};

// d = delivered, r = rejected, u = unknown; a second each.
WallTime play(Drain& drain, const std::string& results, WallTime now) {
  for (const char result : results) {
    now += 1s;
    drain.settled(result == 'd'   ? DrainResult::delivered
                  : result == 'r' ? DrainResult::rejected
                                  : DrainResult::unknown,
                  now);
  }
  return now;
}

TEST(Drain, StatesTable) {
  const struct {
    const char* name;
    DrainPlan plan;
    std::uint64_t of;
    std::string results;
    DrainState state;
  } rows[] = {
      {"begins with the canary", {}, 1000, "", DrainState::canary},
      {"the canary is not over", {}, 1000, std::string(19, 'd'), DrainState::canary},
      {"a good canary lets the rest go", {}, 1000, std::string(20, 'd'), DrainState::running},
      {"no canary", {.canary = 0}, 1000, "", DrainState::running},
      {"a bad canary", {}, 1000, std::string(13, 'd') + std::string(7, 'r'), DrainState::aborted},
      {"a canary just good enough", {}, 1000, std::string(14, 'd') + std::string(6, 'r'), DrainState::running},
      {"unknown counts like rejected", {}, 1000, std::string(13, 'd') + std::string(7, 'u'), DrainState::aborted},
      {"half a sample is no verdict", {.canary = 0}, 1000, std::string(30, 'r'), DrainState::running},
      {"a full one is", {.canary = 0}, 1000, std::string(50, 'r'), DrainState::aborted},
      {"what was good is forgotten", {}, 1000, std::string(500, 'd') + std::string(16, 'r'), DrainState::aborted},
      {"few bad ones", {}, 1000, std::string(500, 'd') + std::string(15, 'r'), DrainState::running},
      {"a backlog shorter than the sample", {.canary = 0}, 4, "rrdd", DrainState::aborted},
      {"a share of one never aborts", {.abort_share = 1}, 1000, std::string(300, 'r'), DrainState::running},
      {"the largest sample", {.canary = 0, .abort_sample = 1000}, 1000, std::string(64, 'r'), DrainState::aborted},
  };
  for (const auto& row : rows) {
    Drain drain(row.plan, row.of, midnight);
    const auto now = play(drain, row.results, midnight);
    EXPECT_EQ(name(drain.state(now)), name(row.state)) << row.name << ": " << drain.reason().english();
  }
}

TEST(Drain, TheCanaryIsWaitedFor) {
  Drain drain({.canary = 3}, 100, midnight);
  EXPECT_TRUE(drain.may_send(2, midnight));
  EXPECT_FALSE(drain.may_send(3, midnight));
  const auto now = play(drain, "dd", midnight);
  EXPECT_FALSE(drain.may_send(1, now));
  EXPECT_TRUE(drain.may_send(99, play(drain, "d", now)));
}

TEST(Drain, APersonPausesAndResumes) {
  Drain drain({.canary = 0}, 100, midnight);
  EXPECT_FALSE(drain.resume(midnight));
  drain.pause("a look at the first replies", std::nullopt, midnight);
  EXPECT_EQ(drain.state(midnight + 100h), DrainState::paused);
  EXPECT_EQ(drain.reason().english(), "a look at the first replies");
  EXPECT_EQ(drain.wakes_at(midnight), std::nullopt);
  EXPECT_TRUE(drain.resume(midnight + 1h));
  EXPECT_TRUE(drain.may_send(50, midnight + 1h));
  drain.pause("clinic hours", midnight + 5h, midnight + 2h);
  EXPECT_EQ(drain.wakes_at(midnight + 3h), midnight + 5h);
  EXPECT_FALSE(drain.may_send(0, midnight + 5h - 1ms));
  EXPECT_TRUE(drain.may_send(0, midnight + 5h));
}

TEST(Drain, AnAbortIsTakenBackOnlyByAPerson) {
  Drain drain({.canary = 0}, 1000, midnight);
  auto now = play(drain, std::string(50, 'r'), midnight);
  EXPECT_EQ(drain.reason().english(), "50 of the last 50 were rejected or are unknown");
  drain.pause("too late", std::nullopt, now);
  EXPECT_EQ(drain.state(now + 1000h), DrainState::aborted);
  EXPECT_TRUE(drain.resume(now));
  now = play(drain, std::string(49, 'r'), now);
  EXPECT_EQ(drain.state(now), DrainState::running) << "judged anew";
  EXPECT_EQ(drain.state(play(drain, "r", now)), DrainState::aborted);
}

TEST(Drain, DailyPauseTable) {
  const struct {
    const char* name;
    DailyPause pause;
    std::chrono::minutes at;
    DrainState state;
    std::optional<std::chrono::minutes> wakes;
  } rows[] = {
      {"before it", {8h, 12h}, 7h + 59min, DrainState::running, {}},
      {"in it", {8h, 12h}, 8h, DrainState::paused, 12h},
      {"at its end", {8h, 12h}, 12h, DrainState::running, {}},
      {"over midnight, in the evening", {22h, 4h}, 23h, DrainState::paused, 28h},
      {"over midnight, in the morning", {22h, 4h}, 3h, DrainState::paused, 4h},
      {"over midnight, by day", {22h, 4h}, 12h, DrainState::running, {}},
      {"empty", {8h, 8h}, 8h, DrainState::running, {}},
  };
  for (const auto& row : rows) {
    const Drain drain({.canary = 0, .daily_pause = row.pause}, 100, midnight);
    const auto now = midnight + row.at;
    EXPECT_EQ(name(drain.state(now)), name(row.state)) << row.name;
    EXPECT_EQ(drain.wakes_at(now), row.wakes ? std::optional(midnight + *row.wakes) : std::nullopt) << row.name;
  }
}

TEST(Drain, SaysWhenItWillBeDone) {
  Drain drain({.canary = 0}, 1000, midnight);
  EXPECT_EQ(drain.eta(midnight), std::nullopt);
  auto now = play(drain, std::string(100, 'd'), midnight);
  EXPECT_EQ(drain.eta(now), 900s);
  drain.pause("lunch", std::nullopt, now);
  EXPECT_EQ(drain.eta(now), std::nullopt) << "nobody can know";
  drain.resume(now + 10h);
  EXPECT_EQ(drain.eta(now + 10h), 900s) << "a pause does not count";
  Drain often({.canary = 0}, 1000, midnight);
  often.pause("lunch", midnight + 10h, midnight);
  auto later = play(often, std::string(100, 'd'), midnight + 10h);
  often.pause("dinner", later + 10h, later);
  EXPECT_EQ(often.eta(later + 10h), 900s) << "nor does one that ended by itself";
  Drain paced({.canary = 0, .per_second = 0.5}, 1000, midnight);
  EXPECT_EQ(paced.eta(play(paced, std::string(100, 'd'), midnight)), 1800s);
  drain.nothing_left(now);
  EXPECT_EQ(drain.eta(now), 0s);
  EXPECT_FALSE(drain.may_send(0, now));
}

TEST(Drain, SurvivesARestart) {
  Drain drain({.canary = 5, .per_second = 2.5, .daily_pause = DailyPause{8h, 12h}}, 1000, midnight);
  auto now = play(drain, "dddddrru", midnight);
  drain.pause("say \"why\"", now + 1h, now);
  const auto again = Drain::decode(drain.encode());
  ASSERT_TRUE(again) << again.error().english();
  EXPECT_EQ(again->encode(), drain.encode());
  EXPECT_EQ(again->state(now), DrainState::paused);
  EXPECT_EQ(again->reason(), words::verbatim("say \"why\""));
  EXPECT_EQ(again->delivered(), 5U);
  EXPECT_EQ(again->unknown(), 1U);
  EXPECT_EQ(again->wakes_at(now), now + 1h);
}

// Why it stopped is asked in either language, also by a later process and of a note of one that knew one language.
TEST(Drain, KeepsItsReasonInBothLanguages) {
  Drain drain({.canary = 3}, 100, midnight);
  play(drain, "duu", midnight);
  EXPECT_EQ(drain.reason().in(words::Language::id), "2 dari 3 yang terakhir ditolak atau belum pasti");
  const auto again = Drain::decode(drain.encode());
  ASSERT_TRUE(again) << again.error().english();
  EXPECT_EQ(again->reason(), drain.reason());
  auto note = drain.encode();
  const auto second = note.find(",\"reason_id\"");
  ASSERT_NE(second, std::string::npos);
  note.erase(second, note.find(",\"", second + 1) - second);
  const auto older = Drain::decode(note);
  ASSERT_TRUE(older) << older.error().english();
  EXPECT_EQ(older->reason(), words::verbatim("2 of the last 3 were rejected or are unknown"));
}

TEST(Drain, WhatWasUnknownIsSettledOnce) {
  Drain drain({.canary = 3}, 100, midnight);
  auto now = play(drain, "duu", midnight);
  ASSERT_EQ(drain.state(now), DrainState::aborted);
  ASSERT_TRUE(drain.resume(now));
  EXPECT_EQ(drain.state(now), DrainState::running);
  drain.resolved(DrainResult::delivered, true);
  EXPECT_EQ(drain.delivered(), 2U);
  EXPECT_EQ(drain.unknown(), 1U);
  EXPECT_EQ(drain.settled_so_far(), 3U);
  drain.resolved(std::nullopt, true);  // it goes again
  EXPECT_EQ(drain.settled_so_far(), 2U);
  EXPECT_EQ(drain.state(now), DrainState::running) << "the canary was over";
  EXPECT_EQ(drain.waiting(), 98U);
  drain.resolved(DrainResult::rejected, false);  // unknown since before the drain
  EXPECT_EQ(drain.settled_so_far(), 3U);
  drain.resolved(std::nullopt, true);  // what was counted is behind after a restart
  EXPECT_EQ(drain.unknown(), 0U);
}

TEST(Drain, ARestartDoesNotForgetWhatWasRefused) {
  Drain drain({.canary = 0}, 1000, midnight);
  auto now = play(drain, std::string(49, 'r'), midnight);
  auto again = Drain::decode(drain.encode());
  ASSERT_TRUE(again);
  now = play(*again, "r", now);
  EXPECT_EQ(again->state(now), DrainState::aborted);
}

TEST(Drain, EstimateTable) {
  const struct {
    const char* name;
    DrainPlan plan;
    std::optional<std::chrono::seconds> takes;
  } rows[] = {
      {"no pace, nobody knows", {}, {}},
      {"ten a second", {.per_second = 10}, 100s},
      {"half the day", {.per_second = 10, .daily_pause = DailyPause{6h, 18h}}, 200s},
      {"half the day, over midnight", {.per_second = 10, .daily_pause = DailyPause{18h, 6h}}, 200s},
      {"a pause of nothing", {.per_second = 10, .daily_pause = DailyPause{6h, 6h}}, 100s},
  };
  for (const auto& row : rows) EXPECT_EQ(estimate(row.plan, 1000), row.takes) << row.name;
}

TEST(Drain, WhatIsNoDrainIsRefused) {
  const Drain drain({}, 10, midnight);
  const std::string sound = drain.encode();
  for (const std::string& text :
       {std::string(), std::string("[]"), std::string("{}"), sound.substr(0, sound.size() - 1),
        std::string(R"({"version":2})"), std::string(R"({"version":1})")}) {
    EXPECT_FALSE(Drain::decode(text).has_value()) << text;
  }
}

}  // namespace
}  // namespace titip::delivery
