// Outages: the breaker opens, nothing is burnt, and afterwards it goes on gently.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "tests/gateway/delivery/world.h"

namespace titip::delivery {
namespace {

using namespace std::chrono_literals;
using rules::BreakerState;
using storage::Outcome;
using storage::State;
using tests::Mood;
using tests::person;
using tests::World;
using tests::WorldOptions;

std::vector<storage::SubmissionId> crowd(World& world, int count) {
  std::vector<storage::SubmissionId> ids;
  for (int number = 0; number < count; ++number) ids.push_back(world.accept({.nik = person(number)}));
  return ids;
}

std::uint64_t delivered(const World& world) {
  return world.counts().by_state[static_cast<std::size_t>(State::delivered)];
}

TEST(Outage, opens_the_breaker_and_burns_no_attempts) {
  for (const auto mood : {Mood::refuse, Mood::error_page, Mood::swallow}) {
    World world;
    world.server.mood = mood;
    const auto ids = crowd(world, 20);
    world.start();
    ASSERT_TRUE(world.pass_until([&] { return world.breaker() == BreakerState::open; }, 1min));
    world.pass(1s);
    const auto writes = world.writes();
    EXPECT_LE(writes, 8U);
    world.pass(1h);
    EXPECT_EQ(world.writes(), writes) << "health reads alone try the server";
    EXPECT_GT(world.health_reads(), 5U);
    EXPECT_LT(world.health_reads(), 250U);
    for (const auto& id : ids) EXPECT_LE(world.load(id).submission.attempts, 2U);
    EXPECT_EQ(world.health().outages, 1U) << "one outage, however often the breaker tries";
    EXPECT_TRUE(world.health().outage_since);

    world.server.mood = Mood::serve;
    world.pass(10min);
    EXPECT_EQ(delivered(world), 20U);
    EXPECT_EQ(world.server.effects().size(), 20U);
    EXPECT_EQ(world.breaker(), BreakerState::closed);
    EXPECT_FALSE(world.health().outage_since);
  }
}

TEST(Outage, half_open_reads_health_first_and_then_sends_one_record_at_a_time) {
  World world;
  world.server.mood = Mood::refuse;
  crowd(world, 20);
  world.start();
  ASSERT_TRUE(world.pass_until([&] { return world.breaker() == BreakerState::open; }, 1min));
  const auto writes = world.writes();
  world.server.mood = Mood::silence;
  ASSERT_TRUE(world.pass_until([&] { return world.breaker() == BreakerState::half_open; }, 1min));
  world.pass(1s);
  EXPECT_EQ(world.writes(), writes) << "no record before the health read has been answered";
  ASSERT_EQ(world.transport().waiting().size(), 1U);
  EXPECT_EQ(world.transport().waiting()[0].request.method, "GET");
  EXPECT_TRUE(world.metrics().contains(R"(titip_upstream_state{destination="pcare-vaksin",state="half_open"} 1)"));
  EXPECT_TRUE(world.metrics().contains(R"(titip_upstream_state{destination="pcare-vaksin",state="open"} 0)"));
  world.transport().answer(0, tests::national(200, 200, "OK"));
  world.run();
  for (std::size_t sent = 1; sent <= 3; ++sent) {
    EXPECT_EQ(world.breaker(), BreakerState::half_open);
    EXPECT_EQ(world.writes(), writes + sent);
    ASSERT_EQ(world.transport().waiting().size(), 1U) << "one at a time";
    world.transport().answer(0, tests::national(201, 201, "CREATED"));
    world.run();
  }
  EXPECT_EQ(world.breaker(), BreakerState::closed);
}

TEST(Outage, a_record_that_fails_in_half_open_is_not_burnt_either) {
  World world;
  world.server.mood = Mood::refuse;
  crowd(world, 10);
  world.start();
  ASSERT_TRUE(world.pass_until([&] { return world.breaker() == BreakerState::open; }, 1min));
  world.server.mood = Mood::serve;
  world.server.next_writes = {Mood::refuse};
  const auto writes = world.writes();
  ASSERT_TRUE(world.pass_until([&] { return world.writes() > writes; }, 1min));
  world.run();
  EXPECT_EQ(world.breaker(), BreakerState::open);
  EXPECT_EQ(world.writes(), writes + 1);
  EXPECT_EQ(world.counts().by_state[static_cast<std::size_t>(State::in_flight)], 0U);
  world.pass(10min);
  EXPECT_EQ(delivered(world), 10U);
}

// A record that the server cannot bear tripped it; whether the server is back, the others say.
TEST(Outage, half_open_tries_somebody_else_than_who_tripped_it) {
  WorldOptions options;
  options.settle.backoff.first = 200ms;
  World world(options);
  world.transport().server = [&](const client::OutboundRequest& request) -> std::optional<rules::Exchange> {
    if (request.method == "POST" && request.body.contains(person(7))) return rules::Failure::connect_refused;
    return world.server(request);
  };
  world.start();
  const auto poison = world.accept({.nik = person(7)});
  ASSERT_TRUE(world.pass_until([&] { return world.breaker() == BreakerState::open; }, 5min))
      << "alone it looks like one";
  std::vector<storage::SubmissionId> others = crowd(world, 6);
  const auto before = world.transport().seen.size();
  ASSERT_TRUE(world.pass_until([&] { return world.breaker() == BreakerState::closed; }, 1min)) << "at the first try";
  std::vector<std::string> writes;
  for (auto at = before; at < world.transport().seen.size(); ++at)
    if (world.transport().seen[at].method == "POST") writes.push_back(world.transport().seen[at].body);
  ASSERT_GE(writes.size(), 3U);
  for (std::size_t at = 0; at < 3; ++at) EXPECT_FALSE(writes[at].contains(person(7))) << at;
  for (const auto& id : others) EXPECT_EQ(world.state(id), State::delivered);
  EXPECT_EQ(world.health().outages, 1U);
  EXPECT_NE(world.state(poison), State::delivered);
}

TEST(Outage, who_tripped_it_is_tried_where_there_is_nobody_else) {
  WorldOptions options;
  options.settle.backoff.first = 200ms;
  World world(options);
  bool poisoned = true;
  world.transport().server = [&](const client::OutboundRequest& request) -> std::optional<rules::Exchange> {
    if (poisoned && request.method == "POST") return rules::Failure::connect_refused;
    return world.server(request);
  };
  world.start();
  const auto id = world.accept({.nik = person(7)});
  ASSERT_TRUE(world.pass_until([&] { return world.breaker() == BreakerState::open; }, 5min));
  poisoned = false;
  ASSERT_TRUE(world.pass_until([&] { return world.state(id) == State::delivered; }, 1min));
}

// Nobody else comes: one of those that tripped it the server will never bear, and the others must get their turn.
TEST(Outage, who_tripped_it_are_tried_by_turns) {
  for (const int poison : {7, 8, 9}) {
    WorldOptions options;
    options.settle.backoff.first = 200ms;
    options.facilities = 3;
    World world(options);
    bool all_poisoned = true;
    world.transport().server = [&](const client::OutboundRequest& request) -> std::optional<rules::Exchange> {
      if (request.method == "POST" && (all_poisoned || request.body.contains(person(poison))))
        return rules::Failure::connect_refused;
      return world.server(request);
    };
    world.start();
    std::vector<storage::SubmissionId> others;
    for (const int number : {7, 8, 9}) {
      const auto id = world.accept({.nik = person(number)}, "vaksin/simpan", fmt::format("F{:03}", number - 7));
      if (number != poison) others.push_back(id);
    }
    ASSERT_TRUE(world.pass_until([&] { return world.breaker() == BreakerState::open; }, 5min));
    all_poisoned = false;
    for (const auto& id : others)
      EXPECT_TRUE(world.pass_until([&] { return world.state(id) == State::delivered; }, 30min)) << poison;
  }
}

// Slow start: what was in flight before the outage says little about what the server bears after it.
TEST(Outage, afterwards_the_window_starts_small_again) {
  WorldOptions options;
  options.upstream.window = {.initial = 2, .cap = 16};
  World world(options);
  crowd(world, 300);
  world.start();
  ASSERT_EQ(world.upstream().window(), 16U) << "it grew, and not beyond its cap";
  world.pass(11s);  // what was served leaves the breaker's window
  world.server.mood = Mood::refuse;
  for (int number = 1000; number < 1100; ++number) world.accept({.nik = person(number)});
  ASSERT_TRUE(world.pass_until([&] { return world.breaker() == BreakerState::open; }, 1min));
  world.server.mood = Mood::silence;
  std::size_t most = 0;
  ASSERT_TRUE(world.pass_until([&] { return world.breaker() == BreakerState::half_open; }, 5min));
  for (int answers = 0; world.breaker() != BreakerState::closed && answers < 20; ++answers) {
    world.pass_until([&] { return !world.transport().waiting().empty(); }, 5min);
    ASSERT_FALSE(world.transport().waiting().empty());
    const bool is_read = world.transport().waiting()[0].request.method == "GET";
    world.transport().answer(0, is_read ? tests::national(200, 200, "OK") : tests::national(201, 201, "CREATED"));
    world.run();
    if (world.breaker() == BreakerState::half_open) most = std::max(most, world.transport().waiting().size());
  }
  EXPECT_LE(most, 1U) << "one at a time until it is closed";
  EXPECT_EQ(world.upstream().window(), 2U);
  EXPECT_EQ(world.transport().waiting().size(), 2U);
  world.transport().answer(0, tests::national(201, 201, "CREATED"));
  world.run();
  EXPECT_EQ(world.transport().waiting().size(), 3U) << "one more for each success";
}

// A health read that hangs: half-open waits for it without spinning.
TEST(Outage, half_open_does_not_spin) {
  World world;
  world.server.mood = Mood::refuse;
  crowd(world, 10);
  world.start();
  ASSERT_TRUE(world.pass_until([&] { return world.breaker() == BreakerState::open; }, 1min));
  world.server.mood = Mood::silence;
  ASSERT_TRUE(world.pass_until([&] { return world.breaker() == BreakerState::half_open; }, 1min));
  const auto before = world.timers_run;
  world.pass(30s);
  EXPECT_LE(world.timers_run - before, 20U);
}

TEST(Outage, records_marked_when_the_breaker_opens_are_taken_back) {
  WorldOptions options;
  options.upstream.window.initial = 8;
  World world(options);
  world.server.mood = Mood::silence;
  crowd(world, 20);
  world.start();
  ASSERT_EQ(world.transport().waiting().size(), 8U);
  // One fails after the other; with the fifth the breaker opens while the sixth place's mark is on its way.
  for (int failed = 0; failed < 8; ++failed) world.transport().answer(0, rules::Failure::connect_refused);
  world.run();
  EXPECT_EQ(world.breaker(), BreakerState::open);
  EXPECT_EQ(world.counts().by_state[static_cast<std::size_t>(State::in_flight)], 0U);
  world.server.mood = Mood::serve;
  world.pass(10min);
  EXPECT_EQ(delivered(world), 20U);
  EXPECT_EQ(world.server.effects().size(), 20U);
}

// A single record that always fails must not look like an outage to the others.
TEST(Outage, one_poisoned_record_does_not_open_the_breaker) {
  World world;
  world.start();
  world.transport().server = [&](const client::OutboundRequest& request) -> std::optional<rules::Exchange> {
    if (request.body.contains(person(7))) return rules::Reply{500, "text/html", "<html>", {}};
    return world.server(request);
  };
  crowd(world, 12);
  world.pass(10min);
  EXPECT_EQ(world.health().outages, 0U);
  EXPECT_EQ(delivered(world), 11U);
}

TEST(Outage, with_nothing_to_send_health_reads_close_the_breaker) {
  World world;
  world.start();
  world.server.mood = Mood::refuse;
  for (int i = 0; i < 6; ++i)
    world.upstream().send_read({"GET", "/referensi/alasan", {}, {}}, {}, client::Upstream::Asker::somebody,
                               [](const auto&) {});
  world.run();
  ASSERT_EQ(world.breaker(), BreakerState::open);
  world.server.mood = Mood::serve;
  EXPECT_TRUE(world.pass_until([&] { return world.breaker() == BreakerState::closed; }, 1min));
}

TEST(Outage, unknown_records_are_asked_about_when_it_is_over) {
  World world;
  world.server.mood = Mood::silence;
  const auto ids = crowd(world, 6);
  WorldOptions options;
  world.start();
  // All that can be in flight loses its replies, and the server is gone.
  while (!world.transport().waiting().empty()) {
    world.server.apply(world.transport().waiting()[0].request);
    world.transport().answer(0, rules::Failure::connection_reset);
    world.run();
    if (world.breaker() != BreakerState::closed) break;
  }
  world.server.mood = Mood::refuse;
  world.pass(10min);
  world.server.mood = Mood::serve;
  world.pass(10min);
  EXPECT_EQ(delivered(world), 6U);
  EXPECT_EQ(world.server.effects().size(), 6U) << "each has one effect";
}

TEST(OutageRecord, says_when_why_and_what_it_cost) {
  World world;
  crowd(world, 20);
  world.server.mood = Mood::error_page;
  world.start();
  ASSERT_TRUE(world.pass_until([&] { return world.breaker() == BreakerState::open; }, 1min));
  const auto began = world.clock.wall();
  world.run();
  ASSERT_EQ(world.outages().size(), 1U) << "written down when it begins";
  EXPECT_FALSE(world.outages()[0].ended_at);
  for (int number = 100; number < 107; ++number) world.accept({.nik = person(number)});
  world.pass(20min);
  EXPECT_EQ(world.outages()[0].accepted_meanwhile, 7U) << "kept up while it lasts";
  world.server.mood = Mood::serve;
  ASSERT_TRUE(world.pass_until([&] { return world.breaker() == BreakerState::closed; }, 10min));
  const auto ended = world.clock.wall();
  world.run();
  const auto outages = world.outages();
  ASSERT_EQ(outages.size(), 1U) << "one outage, however often the breaker tried";
  EXPECT_EQ(outages[0].began_at, began);
  EXPECT_EQ(outages[0].ended_at, ended);
  EXPECT_EQ(outages[0].cause, "http_503");
  EXPECT_EQ(outages[0].accepted_meanwhile, 7U);
  EXPECT_GE(outages[0].delayed, 20U);
}

TEST(OutageRecord, goes_on_over_a_restart) {
  World world;
  crowd(world, 20);
  world.server.mood = Mood::refuse;
  world.start();
  ASSERT_TRUE(world.pass_until([&] { return world.breaker() == BreakerState::open; }, 1min));
  world.pass(5min);
  const auto began = world.outages().at(0).began_at;
  world.kill();
  world.accept({.nik = person(100)});
  world.start();
  ASSERT_TRUE(world.pass_until([&] { return world.breaker() == BreakerState::open; }, 5min));
  world.pass(5min);
  world.server.mood = Mood::serve;
  world.pass(30min);
  const auto outages = world.outages();
  ASSERT_EQ(outages.size(), 1U);
  EXPECT_EQ(outages[0].began_at, began);
  EXPECT_EQ(outages[0].cause, "connect_refused");
  EXPECT_TRUE(outages[0].ended_at);
  EXPECT_EQ(outages[0].accepted_meanwhile, 1U);
}

TEST(OutageRecord, one_that_ended_unseen_ends_at_the_start) {
  World world;
  crowd(world, 20);
  world.server.mood = Mood::refuse;
  world.start();
  ASSERT_TRUE(world.pass_until([&] { return world.breaker() == BreakerState::open; }, 1min));
  world.pass(1min);
  world.kill();
  world.server.mood = Mood::serve;
  world.start();
  world.pass(1min);
  const auto outages = world.outages();
  ASSERT_EQ(outages.size(), 1U);
  EXPECT_TRUE(outages[0].ended_at);
}

// Years of records are not read for it: the newest is found from now on backwards.
TEST(OutageRecord, the_newest_is_found_among_a_thousand) {
  for (const auto ago : {std::chrono::milliseconds(1h), std::chrono::milliseconds(100 * 24h)}) {
    World world;
    const auto open_since = world.clock.wall() - ago;
    Outage outage;
    for (const auto* destination : {"pcare-vaksin", "pcare-vaksin-2", "another"}) {
      outage.destination = destination;
      for (int i = 0; i < 1000; ++i) {
        outage.began_at = open_since - (i + 1) * 240h;
        outage.ended_at = outage.began_at + 1h;
        world.put_object(std::string(outage_kind), object_name(outage), encode(outage));
      }
    }
    outage.destination = "pcare-vaksin";
    outage.began_at = open_since;
    outage.ended_at.reset();
    world.put_object(std::string(outage_kind), object_name(outage), encode(outage));
    world.start();
    world.accept({});
    world.pass(1min);
    EXPECT_LE(world.store().lists, 6U);
    const auto outages = world.outages();
    const auto mine = std::ranges::find(outages, open_since, &Outage::began_at);
    ASSERT_NE(mine, outages.end());
    EXPECT_TRUE(mine->ended_at) << "it ended when somebody was served";
  }
}

}  // namespace
}  // namespace titip::delivery
