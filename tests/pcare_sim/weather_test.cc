#include "tests/pcare_sim/weather.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>

namespace titip::pcare_sim {
namespace {

using namespace std::chrono_literals;

const Weather::Time zero{1h};

Weather running(const char* script, std::uint64_t seed = 1) {
  Weather weather(parse_weather(script).value(), seed);
  weather.begin(zero);
  return weather;
}

TEST(weather_script, is_read) {
  const auto script = parse_weather(R"([
    {"from_s":1.5,"to_s":2,"kind":"slow","ms":250,"probability":0.5,"writes_only":true},
    {"from_s":0,"to_s":1,"kind":"apply_then","status":504},
    {"from_s":0,"to_s":1,"kind":"apply_then","status":"maintenance"},
    {"from_s":0,"to_s":1,"kind":"late_apply","after_ms":700}])")
                          .value();
  ASSERT_EQ(script.size(), 4U);
  EXPECT_EQ(script[0].from, 1500ms);
  EXPECT_EQ(script[0].to, 2s);
  EXPECT_EQ(script[0].delay, 250ms);
  EXPECT_EQ(script[0].probability, 0.5);
  EXPECT_TRUE(script[0].writes_only);
  EXPECT_EQ(script[1].status, 504);
  EXPECT_EQ(script[2].status, 200);
  EXPECT_EQ(script[3].delay, 700ms);
}

TEST(weather_script, wrong_ones_are_refused_with_a_pointer) {
  struct Row {
    const char* script;
    const char* pointer;
    const char* sentence;
  };
  const Row rows[] = {
      {"[", "", "is no well-formed JSON"},
      {"{}", "", "must be an array of spells"},
      {"[3]", "/0", "must be an object with from_s, to_s and kind"},
      {R"([{"to_s":1,"kind":"hang"}])", "/0/from_s", "is missing; give seconds from the timeline's zero"},
      {R"([{"from_s":"1","to_s":2,"kind":"hang"}])", "/0/from_s", "must be a number of seconds"},
      {R"([{"from_s":-1,"to_s":2,"kind":"hang"}])", "/0/from_s", "must be 0 to 2592000 seconds"},
      {R"([{"from_s":2,"to_s":2,"kind":"hang"}])", "/0/to_s", "must be later than from_s"},
      {R"([{"from_s":0,"to_s":1,"kind":"rain"}])", "/0/kind",
       "must be one of refuse, reset, hang, html_503, slow, lose_reply, apply_then, late_apply, expired_login"},
      {R"([{"from_s":0,"to_s":1,"kind":"hang"},{"from_s":0,"to_s":1,"kind":"slow"}])", "/1/ms",
       "must be whole milliseconds, 0 to 600000"},
      {R"([{"from_s":0,"to_s":1,"kind":"hang","ms":5}])", "/0/ms", "is no key of a spell of kind hang"},
      {R"([{"from_s":0,"to_s":1,"kind":"late_apply","after_ms":0.5}])", "/0/after_ms",
       "must be whole milliseconds, 0 to 600000"},
      {R"([{"from_s":0,"to_s":1,"kind":"apply_then","status":503}])", "/0/status",
       "must be 500, 502, 504, \"maintenance\" or \"empty\""},
      {R"([{"from_s":0,"to_s":1,"kind":"hang","probability":0}])", "/0/probability", "must be above 0 and at most 1"},
      {R"([{"from_s":0,"to_s":1,"kind":"hang","writes_only":1}])", "/0/writes_only", "must be true or false"},
      {R"([{"from_s":0,"to_s":1,"kind":"refuse","writes_only":true}])", "/0/writes_only",
       "a refused connection cannot know what would have been written"},
  };
  for (const auto& row : rows) {
    const auto script = parse_weather(row.script);
    ASSERT_FALSE(script.has_value()) << row.script;
    EXPECT_EQ(script.error().pointer, row.pointer) << row.script;
    EXPECT_EQ(script.error().sentence, row.sentence) << row.script;
  }
}

TEST(weather, lasts_from_to_and_the_first_spell_wins) {
  auto weather = running(R"([{"from_s":1,"to_s":2,"kind":"hang"},{"from_s":1.5,"to_s":3,"kind":"reset"}])");
  EXPECT_FALSE(weather.hits(zero + 999ms, {}).has_value());
  EXPECT_EQ(weather.hits(zero + 1s, {})->kind, Kind::hang);
  EXPECT_EQ(weather.hits(zero + 1999ms, {})->kind, Kind::hang);
  EXPECT_EQ(weather.hits(zero + 2s, {})->kind, Kind::reset);
  EXPECT_FALSE(weather.hits(zero + 3s, {}).has_value());
}

TEST(weather, does_nothing_before_it_begins) {
  Weather weather(parse_weather(R"([{"from_s":0,"to_s":9,"kind":"hang"}])").value(), 1);
  EXPECT_FALSE(weather.hits(zero, {}).has_value());
  EXPECT_FALSE(weather.refusing(zero));
  EXPECT_FALSE(weather.next_refusal_change(zero).has_value());
}

TEST(weather, writes_only_spares_reads) {
  auto weather = running(R"([{"from_s":0,"to_s":1,"kind":"lose_reply","writes_only":true}])");
  EXPECT_FALSE(weather.hits(zero, {.write = false, .facility = "A"}).has_value());
  EXPECT_TRUE(weather.hits(zero, {.write = true, .facility = "A"}).has_value());
}

TEST(weather, probability_follows_the_seed) {
  const auto hits_of = [](std::uint64_t seed) {
    auto weather = running(R"([{"from_s":0,"to_s":1,"kind":"reset","probability":0.3}])", seed);
    std::string hits;
    for (int i = 0; i < 1000; ++i) hits += weather.hits(zero, {}) ? 'x' : '.';
    return hits;
  };
  EXPECT_EQ(hits_of(4), hits_of(4));
  EXPECT_NE(hits_of(4), hits_of(5));
  const auto hit = std::ranges::count(hits_of(4), 'x');
  EXPECT_GT(hit, 230);
  EXPECT_LT(hit, 370);
}

TEST(weather, a_log_in_expires_once_a_spell_and_facility) {
  auto weather = running(R"([{"from_s":0,"to_s":1,"kind":"expired_login"}])");
  EXPECT_FALSE(weather.hits(zero, {.write = false, .facility = ""}).has_value()) << "a log-in itself is not hit";
  EXPECT_TRUE(weather.hits(zero, {.write = true, .facility = "A"}).has_value());
  EXPECT_FALSE(weather.hits(zero, {.write = true, .facility = "A"}).has_value());
  EXPECT_TRUE(weather.hits(zero, {.write = true, .facility = "B"}).has_value());
}

TEST(weather, refusals_have_edges) {
  auto weather = running(R"([{"from_s":1,"to_s":2,"kind":"refuse"},{"from_s":3,"to_s":4,"kind":"refuse"}])");
  EXPECT_FALSE(weather.refusing(zero));
  EXPECT_EQ(weather.next_refusal_change(zero), zero + 1s);
  EXPECT_TRUE(weather.refusing(zero + 1s));
  EXPECT_EQ(weather.next_refusal_change(zero + 1s), zero + 2s);
  EXPECT_FALSE(weather.refusing(zero + 2s));
  EXPECT_EQ(weather.next_refusal_change(zero + 2s), zero + 3s);
  EXPECT_FALSE(weather.next_refusal_change(zero + 4s).has_value());
  EXPECT_FALSE(weather.hits(zero + 1s, {}).has_value()) << "no request can be hit by a refusal";
}

}  // namespace
}  // namespace titip::pcare_sim
