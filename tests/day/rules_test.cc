// When a day passes, and its last line.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <string>
#include <vector>

#include "tests/day/checker.h"
#include "tests/day/honest_day.h"

namespace titip::day {
namespace {

using ::testing::HasSubstr;

TEST(Rules, TheLastLineCountsWhatItShows) {
  const Verdict verdict = check(honest_day());
  EXPECT_EQ(last_line(verdict),
            "demo: people=2 submissions=4 acknowledged=4 delivered=3 rejected=1 cancelled=0 blocked=0 held=0 pending=0 "
            "duplicates=0 lost=0 out_of_order=0 stale_values=0 unknown=1 probes=1 lost_replies=1 late_applies=1 "
            "open_at_kill=1 outages=3 kills=1 slowest_answer_ms=10");
}

struct RuleRow {
  const char* name;
  std::function<void(Evidence&)> bend;
  const char* sentence;
};

TEST(Rules, ADayThatProvesNothingDoesNotPass) {
  const std::vector<RuleRow> table{
      {"two outages", [](Evidence& d) { d.counters.outages = 2; }, "2 outages"},
      {"nothing unknown", [](Evidence& d) { d.counters.unknown = 0; }, "unknown"},
      {"nothing probed", [](Evidence& d) { d.counters.probes = 0; }, "probed"},
      {"no lost reply", [](Evidence& d) { d.counters.lost_replies = 0; }, "lost no reply"},
      {"nothing late", [](Evidence& d) { d.counters.late_applies = 0; }, "late"},
      {"nothing open at the kill", [](Evidence& d) { d.counters.open_at_kill = 0; }, "no attempt was open"},
      {"no kill", [](Evidence& d) { d.counters.kills = 0; }, "killed 0 times"},
      {"one pending", [](Evidence& d) { d.totals.pending = 1; }, "1 pending"},
      {"one held", [](Evidence& d) { d.totals.held = 1; }, "1 held"},
      {"nobody came",
       [](Evidence& d) {
         const Counters kept = d.counters;
         d = {};
         d.counters = kept;
       },
       "nobody"},
  };
  for (const RuleRow& row : table) {
    SCOPED_TRACE(row.name);
    Evidence day = honest_day();
    row.bend(day);
    const auto broken = broken_rules(check(day), {});
    ASSERT_EQ(broken.size(), 1U);
    EXPECT_THAT(broken[0], HasSubstr(row.sentence));
  }
  Evidence unkilled = honest_day();
  unkilled.counters.kills = unkilled.counters.open_at_kill = 0;
  EXPECT_TRUE(broken_rules(check(unkilled), {.kill = false}).empty());
}

TEST(Rules, ADayOfManyDeathsWantsThemAll) {
  Evidence day = honest_day();
  day.counters = {};
  day.counters.kills = 20;
  day.counters.open_at_kill = 1;
  EXPECT_TRUE(broken_rules(check(day), {.deaths = 20}).empty());
  EXPECT_EQ(broken_rules(check(day), {.deaths = 21}).size(), 1U);
  day.counters.open_at_kill = 0;
  EXPECT_EQ(broken_rules(check(day), {.deaths = 20}).size(), 1U);
}

}  // namespace
}  // namespace titip::day
