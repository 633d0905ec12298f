// The clock that the maximum age counts by.
#include "gateway/delivery/served_time.h"

#include <gtest/gtest.h>

namespace titip::delivery {
namespace {

using namespace std::chrono_literals;

rules::SteadyTime at(std::chrono::milliseconds since) {
  return rules::SteadyTime(1000h) + since;
}

// A script of one row: what happens to the destination and to the facility "a" at which second, then what the clocks
// show at second 100.
TEST(ServedTime, table) {
  enum class What { up, down, stop, go_on };
  struct Step {
    std::chrono::seconds at;
    What what;
  };
  const struct {
    const char* name;
    std::vector<Step> steps;
    std::chrono::milliseconds a;
    std::chrono::milliseconds b;  // another facility
  } rows[] = {
      {"nothing was ever up", {}, 0s, 0s},
      {"up all the time", {{0s, What::up}}, 100s, 100s},
      {"down for a while", {{0s, What::up}, {10s, What::down}, {90s, What::up}}, 20s, 20s},
      {"stopped for a while", {{0s, What::up}, {10s, What::stop}, {40s, What::go_on}}, 70s, 100s},
      {"stopped twice", {{0s, What::up}, {0s, What::stop}, {10s, What::go_on}, {50s, What::stop}}, 40s, 100s},
      {"stopped and said so again",
       {{0s, What::up}, {10s, What::stop}, {30s, What::stop}, {40s, What::go_on}, {50s, What::go_on}},
       70s,
       100s},
      {"stopped while the destination is down",
       {{0s, What::up}, {10s, What::down}, {20s, What::stop}, {50s, What::up}, {60s, What::go_on}},
       50s,
       60s},
      {"stopped from the start", {{0s, What::stop}, {0s, What::up}}, 0s, 100s},
  };
  for (const auto& row : rows) {
    ServedTime time;
    EXPECT_FALSE(time.of("a", at(0s))) << row.name;
    time.resume({}, at(0s));
    for (const auto& step : row.steps) {
      switch (step.what) {
        case What::up:
        case What::down:
          time.sendable(step.what == What::up, at(step.at));
          break;
        case What::stop:
          time.stop("a", at(step.at));
          break;
        case What::go_on:
          time.go_on("a", at(step.at));
          break;
      }
    }
    EXPECT_EQ(time.of("a", at(100s)), row.a) << row.name;
    EXPECT_EQ(time.of("b", at(100s)), row.b) << row.name;
  }
}

TEST(ServedTime, goes_on_where_the_note_was_written_and_is_never_ahead) {
  ServedTime before;
  before.resume({.served = 10h, .stopped = {{"a", 4h}}}, at(0s));
  before.sendable(true, at(0s));
  EXPECT_EQ(before.of("a", at(1h)), 7h);
  before.stop("a", at(1h));
  const auto note = before.note(at(2h));
  EXPECT_EQ(note, (ServedNote{.served = 12h, .stopped = {{"a", 5h}}}));
  // Nothing that happens after the note is known to the next process: the stop ends, and time passes.
  before.go_on("a", at(3h));
  ServedTime after;
  after.sendable(true, at(90h));
  after.resume(decode_served(encode(note)).value(), at(100h));
  for (const auto* facility : {"a", "b"}) {
    EXPECT_LE(after.of(facility, at(100h)), before.of(facility, at(5h))) << facility;
    EXPECT_EQ(*after.of(facility, at(101h)) - *after.of(facility, at(100h)), 1h) << facility;
  }
  EXPECT_EQ(after.of("b", at(101h)), 13h) << "what passed before it was known does not count";
}

TEST(ServedTime, a_stop_from_before_the_note_was_read_lasts) {
  ServedTime time;
  time.sendable(true, at(0s));
  time.stop("a", at(0s));
  time.resume({.served = 10h, .stopped = {{"a", 1h}}}, at(1h));
  EXPECT_EQ(time.of("a", at(5h)), 9h);
  time.go_on("a", at(5h));
  EXPECT_EQ(time.of("a", at(6h)), 10h);
}

TEST(ServedTime, what_is_no_note_is_refused) {
  for (const auto* text : {"", "[]", "{}", R"({"version":2,"served_ms":1,"stopped_ms":{}})", R"({"version":1})",
                           R"({"version":1,"served_ms":"x","stopped_ms":{}})"})
    EXPECT_FALSE(decode_served(text)) << text;
}

}  // namespace
}  // namespace titip::delivery
