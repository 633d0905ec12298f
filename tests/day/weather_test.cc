#include "tests/day/weather.h"

#include <gtest/gtest.h>

#include <set>

#include "tests/day/checker.h"

namespace titip::day {
namespace {

TEST(Weather, ADayOfAnyLengthHasWhatItMustProve) {
  for (const double day_s : {20.0, 30.0, 60.0, 240.0}) {
    SCOPED_TRACE(day_s);
    const Forecast forecast = built_in_weather(day_s);
    std::set<std::string> kinds;
    for (const Spell& spell : forecast.spells) {
      kinds.insert(spell.kind);
      EXPECT_LT(spell.from_s, spell.to_s) << spell.kind;
    }
    for (const char* kind :
         {"refuse", "hang", "html_503", "reset", "slow", "lose_reply", "late_apply", "apply_then", "expired_login"}) {
      EXPECT_TRUE(kinds.contains(kind)) << kind;
    }
    // The gateway's breaker looks at two seconds, and one outage outlasts a client's patience.
    for (const char* outage : {"refuse", "hang", "html_503"}) {
      const Spell* spell = forecast.first(outage);
      ASSERT_NE(spell, nullptr);
      EXPECT_GT(spell->to_s - spell->from_s, 1.99) << outage;
    }
    const Spell* hang = forecast.first("hang");
    EXPECT_GT((hang->to_s - hang->from_s) * 1000, static_cast<double>(patience_ms));
    EXPECT_GT(forecast.first("refuse")->from_s, 0.5) << "the first log-ins need a clear morning";
    EXPECT_LT(forecast.ends_s(), day_s) << "the last of the day is for draining";
  }
}

TEST(Weather, TellsWhatIsOn) {
  const auto forecast =
      read_weather(R"([{"from_s":1,"to_s":3,"kind":"refuse"},{"from_s":2,"to_s":4,"kind":"slow","ms":5}])");
  ASSERT_TRUE(forecast);
  EXPECT_EQ(forecast->at(0.5), "clear");
  EXPECT_EQ(forecast->at(1), "refuse");
  EXPECT_EQ(forecast->at(2.5), "refuse + slow");
  EXPECT_EQ(forecast->at(4), "clear");
  EXPECT_EQ(forecast->active("refuse", 3), nullptr);
  EXPECT_NE(forecast->active("slow", 3), nullptr);
  EXPECT_EQ(forecast->ends_s(), 4);
}

TEST(Weather, AScriptThatIsNoneIsRefusedWithItsPlace) {
  EXPECT_FALSE(read_weather("{}"));
  EXPECT_FALSE(read_weather("["));
  const auto second = read_weather(R"([{"from_s":1,"to_s":3,"kind":"refuse"},{"from_s":1,"kind":"refuse"}])");
  ASSERT_FALSE(second);
  EXPECT_TRUE(second.error().starts_with("/1:")) << second.error();
}

}  // namespace
}  // namespace titip::day
