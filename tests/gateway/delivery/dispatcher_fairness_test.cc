// Who goes first: fresh records beside a backlog, facilities beside each other, first tries beside repetitions; the
// pace; what a server asks for; gates for a surge of rejections and for credentials that are refused to everybody.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <map>

#include "tests/gateway/delivery/world.h"

namespace titip::delivery {
namespace {

using namespace std::chrono_literals;
using storage::State;
using tests::in_state;
using tests::Mood;
using tests::person;
using tests::World;
using tests::WorldOptions;

// Few places and a steady server of one reply a second, so that a queue stays a queue.
WorldOptions slow_world() {
  WorldOptions options;
  options.permits.pace = {.per_second = 10, .burst = 1};
  options.upstream.window.initial = options.upstream.window.cap = 4;
  return options;
}

TEST(Fairness, who_comes_today_does_not_wait_for_last_weeks_pile) {
  World world(slow_world());
  for (int i = 0; i < 2000; ++i) world.accept({.nik = person(i)});
  world.pass(48h);
  world.start();
  world.pass(10s);
  const auto today = world.accept({.nik = person(5000)});
  ASSERT_TRUE(world.pass_until([&] { return world.state(today) == State::delivered; }, 5s));
  EXPECT_GT(in_state(world, State::queued), 1800U) << "long before the pile is gone";
}

// A minute's outage would do; and who came during it is no less young than who comes after it.
TEST(Fairness, who_comes_after_an_outage_does_not_wait_for_those_who_came_during_it) {
  World world(slow_world());
  world.start();
  world.server.mood = Mood::refuse;
  for (int i = 0; i < 20; ++i) world.accept({.nik = person(i)});
  ASSERT_TRUE(world.pass_until([&] { return world.breaker() == rules::BreakerState::open; }, 1min));
  world.pass(2min);
  for (int i = 20; i < 1500; ++i) world.accept({.nik = person(i)});
  world.pass(1min);
  world.server.mood = Mood::serve;
  ASSERT_TRUE(world.pass_until([&] { return world.breaker() == rules::BreakerState::closed; }, 3min));
  world.pass(5s);
  const auto after = world.accept({.nik = person(5000)});
  ASSERT_TRUE(world.pass_until([&] { return world.state(after) == State::delivered; }, 5s));
  EXPECT_GT(in_state(world, State::queued), 1300U);

  world.kill();  // the record of the outage tells the next process
  world.start();
  world.pass(5s);
  const auto later = world.accept({.nik = person(5001)});
  ASSERT_TRUE(world.pass_until([&] { return world.state(later) == State::delivered; }, 5s));
  EXPECT_GT(in_state(world, State::queued), 1000U);
}

TEST(Fairness, who_comes_today_brings_along_what_that_person_still_has_waiting) {
  World world(slow_world());
  for (int i = 0; i < 1000; ++i) world.accept({.nik = person(i)});
  const auto last_week = world.accept({.nik = person(7), .batch = "B2", .number = 2});
  world.pass(48h);
  const auto today = world.accept({.nik = person(7), .batch = "B3", .number = 3});
  world.start();
  ASSERT_TRUE(world.pass_until([&] { return world.state(today) == State::delivered; }, 10s));
  EXPECT_EQ(world.state(last_week), State::delivered) << "in that person's order";
  EXPECT_GT(in_state(world, State::queued), 850U);
}

// The pile keeps its own share: it drains while people stand at the desk.
TEST(Fairness, the_pile_drains_while_people_stand_at_the_desk) {
  World world(slow_world());
  for (int i = 0; i < 400; ++i) world.accept({.nik = person(i)});
  world.pass(48h);
  const auto pile = in_state(world, State::queued);
  world.start();
  int came = 0;
  std::vector<storage::SubmissionId> today;
  for (int second = 0; second < 30; ++second) {
    for (int i = 0; i < 10; ++i) today.push_back(world.accept({.nik = person(10'000 + came++)}));
    world.pass(1s);
  }
  std::uint64_t of_today = 0;
  for (const auto& id : today) of_today += world.state(id) == State::delivered ? 1 : 0;
  const auto all = in_state(world, State::delivered);
  EXPECT_GT(all, 280U);
  EXPECT_NEAR(static_cast<double>(of_today) / static_cast<double>(all), 0.30, 0.05);
  EXPECT_GT(pile, all - of_today);
}

TEST(Fairness, one_facilitys_import_does_not_stand_before_the_others) {
  auto options = slow_world();
  options.facilities = 5;
  World world(options);
  for (int i = 0; i < 1000; ++i) world.accept({.nik = person(i)}, "vaksin/simpan", "F000");
  std::vector<storage::SubmissionId> others;
  for (int i = 0; i < 20; ++i)
    others.push_back(world.accept({.nik = person(5000 + i)}, "vaksin/simpan", fmt::format("F00{}", 1 + i % 4)));
  world.start();
  // Five lanes in turn: twenty of the others' take a hundred places at most, at ten a second.
  EXPECT_TRUE(world.pass_until(
      [&] { return std::ranges::all_of(others, [&](const auto& id) { return world.state(id) == State::delivered; }); },
      11s));
  EXPECT_GT(in_state(world, State::queued), 900U);
}

TEST(Fairness, the_pace_is_kept) {
  auto options = slow_world();
  options.permits.pace = {.per_second = 5, .burst = 2};
  World world(options);
  for (int i = 0; i < 200; ++i) world.accept({.nik = person(i)});
  world.start();
  world.pass(10s);
  EXPECT_GE(world.writes(), 48U);
  EXPECT_LE(world.writes(), 52U);
}

TEST(Fairness, repetitions_do_not_crowd_out_first_tries) {
  WorldOptions options;
  options.upstream.window.initial = options.upstream.window.cap = 8;
  options.upstream.breaker.minimum_calls = 100'000;  // it stays closed
  World world(options);
  for (int i = 0; i < 40; ++i) world.accept({.nik = person(i)});
  world.server.next_writes.assign(40, Mood::busy_without_wait);
  world.start();
  world.pass(100ms);
  ASSERT_EQ(in_state(world, State::deferred), 40U);
  // What is served opens the window again.
  for (int i = 100; i < 130; ++i) world.accept({.nik = person(i)});
  world.run();
  ASSERT_GE(in_state(world, State::delivered), 30U);
  // All forty fall due while one reply is outstanding for everything in flight.
  world.server.mood = Mood::silence;
  world.pass(2h);
  EXPECT_EQ(world.transport().waiting().size(), 3U) << "three repetitions, however many are due";
  world.accept({.nik = person(900)});
  world.run();
  EXPECT_EQ(world.transport().waiting().size(), 4U) << "a first try takes the place that is left";
}

TEST(Fairness, facilities_take_turns_with_their_repetitions) {
  WorldOptions options;
  options.facilities = 3;
  options.upstream.window.initial = options.upstream.window.cap = 8;
  options.upstream.breaker.minimum_calls = 100'000;
  World world(options);
  for (int i = 0; i < 60; ++i) world.accept({.nik = person(i)}, "vaksin/simpan", fmt::format("F00{}", i % 3));
  world.server.next_writes.assign(60, Mood::busy_without_wait);
  world.start();
  world.pass(100ms);
  ASSERT_EQ(in_state(world, State::deferred), 60U);
  for (int i = 100; i < 160; ++i) world.accept({.nik = person(i)});
  world.run();
  world.server.mood = Mood::silence;
  world.pass(2h);
  ASSERT_EQ(world.transport().waiting().size(), 3U);
  std::map<std::string, int> sent;
  for (int i = 0; i < 12; ++i) {
    world.transport().answer(0, tests::national(201, 201, "CREATED"));
    world.run();
    ASSERT_EQ(world.transport().waiting().size(), 3U) << "when one has ended another goes";
    ++sent[std::string(tests::header(world.transport().waiting().back().request, "x-kdppk"))];
  }
  for (const auto* facility : {"F000", "F001", "F002"}) EXPECT_GE(sent[facility], 3) << facility;
}

// Each of three hundred facilities has one due: a place that is freed is looked for by a few of them.
TEST(Fairness, a_repetition_that_ends_wakes_a_few_not_all) {
  WorldOptions options;
  options.facilities = 300;
  options.upstream.window.initial = options.upstream.window.cap = 8;
  options.upstream.breaker.minimum_calls = 100'000;
  World world(options);
  for (int i = 0; i < 300; ++i) world.accept({.nik = person(i)}, "vaksin/simpan", fmt::format("F{:03}", i));
  world.server.next_writes.assign(300, Mood::busy_without_wait);
  world.start();
  world.pass(100ms);
  ASSERT_EQ(in_state(world, State::deferred), 300U);
  for (int i = 1000; i < 1060; ++i) world.accept({.nik = person(i)});
  world.run();
  world.server.mood = Mood::silence;
  world.pass(2h);
  ASSERT_EQ(world.transport().waiting().size(), 3U);
  const auto before = world.store().due_queries;
  for (int i = 0; i < 10; ++i) {
    world.transport().answer(0, tests::national(201, 201, "CREATED"));
    world.run();
    ASSERT_EQ(world.transport().waiting().size(), 3U) << "when one has ended another goes";
  }
  EXPECT_LE(world.store().due_queries - before, 10 * 100U);
}

TEST(Fairness, a_first_try_behind_many_repetitions_is_found) {
  WorldOptions options;
  options.upstream.window.initial = options.upstream.window.cap = 8;
  options.upstream.breaker.minimum_calls = 100'000;
  World world(options);
  for (int i = 0; i < 600; ++i) world.accept({.nik = person(i)});
  world.server.next_writes.assign(600, Mood::busy_without_wait);
  world.start();
  world.pass(100ms);
  for (int i = 1000; i < 1030; ++i) world.accept({.nik = person(i)});
  world.run();
  world.server.mood = Mood::silence;
  world.pass(2h);
  ASSERT_EQ(world.transport().waiting().size(), 3U);
  for (int i = 2000; i < 2010; ++i) world.accept({.nik = person(i)});
  world.run();
  ASSERT_GE(world.upstream().window(), 5U);
  EXPECT_EQ(world.transport().waiting().size(), world.upstream().window()) << "nobody waits for the repetitions";
}

TEST(ServerPause, what_the_server_asks_for_holds_for_the_destination) {
  World world;
  world.server.next_writes = {Mood::busy};  // Retry-After: 30
  world.accept({.nik = person(1)});
  world.start();
  world.pass(1s);
  ASSERT_EQ(world.writes(), 1U);
  world.accept({.nik = person(2)});
  world.pass(28s);
  EXPECT_EQ(world.writes(), 1U) << "nobody else either";
  EXPECT_TRUE(world.health().asked_to_wait_until);
  world.pass(1min);
  EXPECT_EQ(in_state(world, State::delivered), 2U);
  EXPECT_FALSE(world.health().asked_to_wait_until);
}

TEST(Surge, of_rejections_shuts_the_facility_and_a_person_opens_it) {
  WorldOptions options;
  options.facilities = 2;
  World world(options);
  for (int i = 0; i < 200; ++i) world.accept({.nik = person(i)}, "vaksin/simpan", "F000");
  world.server.mood = Mood::reject;
  world.start();
  world.pass(10s);
  EXPECT_EQ(world.surged, std::vector<std::string>{"F000"});
  const auto rejected = in_state(world, State::rejected);
  EXPECT_GE(rejected, options.surge.minimum);
  EXPECT_LE(rejected, 60U);
  world.server.mood = Mood::serve;
  const auto other = world.accept({.nik = person(900)}, "vaksin/simpan", "F001");
  world.pass(10min);
  EXPECT_EQ(world.state(other), State::delivered) << "the others go on";
  EXPECT_EQ(in_state(world, State::rejected), rejected);
  EXPECT_EQ(in_state(world, State::delivered), 1U);
  world.dispatcher().gate_facility("F000", false, "the app was mended");
  world.pass(1min);
  EXPECT_EQ(in_state(world, State::delivered), 201U - rejected);
}

TEST(Surge, over_many_facilities_shuts_the_destination) {
  WorldOptions options;
  options.facilities = 8;
  World world(options);
  for (int i = 0; i < 800; ++i) world.accept({.nik = person(i)}, "vaksin/simpan", fmt::format("F00{}", i % 8));
  world.server.mood = Mood::reject;
  world.start();
  world.pass(1min);
  ASSERT_FALSE(world.surged.empty());
  EXPECT_NE(std::ranges::find(world.surged, "all of them"), world.surged.end());
  const auto rejected = in_state(world, State::rejected);
  EXPECT_LT(rejected, 500U);
  world.pass(1h);
  EXPECT_EQ(in_state(world, State::rejected), rejected);
}

TEST(Refusals, of_everybodys_credentials_are_the_servers_trouble) {
  WorldOptions options;
  options.facilities = 12;
  World world(options);
  for (int i = 0; i < 120; ++i) world.accept({.nik = person(i)}, "vaksin/simpan", fmt::format("F{:03}", i % 12));
  world.server.mood = Mood::credentials_refused;
  world.start();
  ASSERT_TRUE(world.pass_until([&] { return world.breaker() == rules::BreakerState::open; }, 1min));
  EXPECT_EQ(world.health().cause, "http_401");
  world.server.mood = Mood::serve;
  world.pass(3min);
  EXPECT_GE(in_state(world, State::delivered), 80U) << "not everybody was locked out";
  world.pass(30min);
  EXPECT_EQ(in_state(world, State::delivered), 120U);
}

}  // namespace
}  // namespace titip::delivery
