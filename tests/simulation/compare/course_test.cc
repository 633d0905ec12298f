// What the figures are made of, and the weather they are measured on.
#include "tests/simulation/compare/course.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "tests/simulation/compare/baseline.h"
#include "tests/simulation/compare/judge.h"
#include "tests/simulation/compare/people.h"

namespace titip::compare {
namespace {

using namespace std::chrono_literals;

TEST(Weather, one_hour_up_three_hours_down_and_up_for_good_from_ten) {
  Weather weather;
  weather.days = 2;
  EXPECT_TRUE(weather.is_down(0ms)) << "08:00";
  EXPECT_TRUE(weather.is_down(2h - 1ms));
  EXPECT_FALSE(weather.is_down(2h)) << "10:00";
  EXPECT_FALSE(weather.is_down(3h - 1ms));
  EXPECT_TRUE(weather.is_down(3h)) << "11:00";
  EXPECT_TRUE(weather.is_down(26h - 1ms));
  EXPECT_FALSE(weather.is_down(26h)) << "10:00 of the last day";
  EXPECT_FALSE(weather.is_down(27h)) << "and from then on";
}

TEST(People, come_at_the_rate_in_their_hours_and_the_same_for_everybody) {
  Weather weather;
  weather.days = 2;
  People people(weather);
  People again(weather);
  std::uint64_t count = 0;
  milliseconds last{0};
  while (const auto each = people.next()) {
    ASSERT_EQ(again.next()->at, each->at);
    ASSERT_EQ(each->record, count++);
    ASSERT_LE(last, each->at);
    ASSERT_TRUE(weather.people_come(each->at));
    last = each->at;
  }
  EXPECT_NEAR(static_cast<double>(count), 2 * 720'000, 6'000);
}

TEST(Server, serves_fifty_a_second_and_no_more) {
  Weather weather;
  weather.outages = false;
  Server server(weather);
  for (int second = 0; second < 3; ++second) {
    int served = 0;
    for (std::uint32_t i = 0; i < 80; ++i)
      if (server.arrive(i % 2 == 0 ? Call::write : Call::probe, i, second * 1s + i * 1ms).fate == Fate::served)
        ++served;
    EXPECT_EQ(served, 50);
  }
  EXPECT_EQ(server.seen().above_capacity, 90U);
}

TEST(Server, fails_as_the_weather_says_and_its_ledger_tells_duplicates) {
  Weather weather;
  Server server(weather);
  std::array<int, 7> fates{};
  for (std::uint32_t i = 0; i < 100'000; ++i)
    ++fates[static_cast<std::size_t>(server.arrive(Call::write, i % 100, 1h).fate)];
  const auto of = [&](Fate fate) { return fates[static_cast<std::size_t>(fate)]; };
  EXPECT_NEAR(of(Fate::connect_refused), 40'000, 700);
  EXPECT_NEAR(of(Fate::reply_lost), 10'000, 400);
  EXPECT_NEAR(of(Fate::hangs), 25'000, 600);
  EXPECT_NEAR(of(Fate::error), 25'000, 600);
  EXPECT_EQ(server.duplicates(), static_cast<std::uint64_t>(of(Fate::reply_lost)) - 100) << "each may land once";
}

TEST(Course, the_drain_is_held_against_what_capacity_is_left) {
  Weather weather;
  weather.days = 1;
  Server server(weather);
  Course course(weather, server);
  for (std::uint32_t i = 0; i < 1'000; ++i) course.accepted(i, 1h);
  for (std::uint32_t i = 0; i < 1'000; ++i) course.delivered(i, 2h + i * 25ms);  // 40 a second
  const auto figures = course.figures();
  EXPECT_EQ(figures.backlog, 1'000);
  EXPECT_NEAR(figures.drain_s, 24.5, 0.1) << "what a second brings is no backlog";
  EXPECT_NEAR(figures.drain_ratio(50), 1.225, 0.01);
  EXPECT_EQ(figures.left, 0U);
  EXPECT_FALSE(missed_on_the_weather(figures, 50).empty());
}

TEST(Course, a_fresh_record_that_never_came_spoils_the_p99) {
  Weather weather;
  weather.days = 1;
  Server server(weather);
  Course course(weather, server);
  for (std::uint32_t i = 0; i < 2'000; ++i) course.accepted(i, i < 1'000 ? 1h : 2h + 1s);
  for (std::uint32_t i = 0; i < 1'980; ++i) course.delivered(i, 2h + 2s);
  const auto figures = course.figures();
  EXPECT_EQ(figures.fresh, 1'000U);
  EXPECT_GT(figures.fresh_p99_s, 1e6);
  EXPECT_EQ(figures.left, 20U);
}

TEST(Baselines, post_twice_on_this_weather) {
  Weather weather;
  weather.days = 1;
  weather.opens = 110min;
  weather.closes = 130min;
  for (const auto manner : {Manner::fixed, Manner::exponential, Manner::breaker}) {
    const auto figures = run_baseline(manner, weather);
    EXPECT_GT(figures.accepted, 20'000U);
    EXPECT_GT(figures.duplicates, 0U);
    EXPECT_GT(figures.writes_per_delivered(), most_writes);
    EXPECT_FALSE(missed_on_the_weather(figures, 50).empty());
  }
}

}  // namespace
}  // namespace titip::compare
