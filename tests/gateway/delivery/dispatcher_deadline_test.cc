// Deadlines: near midnight in the server's zone those go first that are worth sending until then alone, and what missed
// its deadline is counted, and sent or held as the route says.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include "tests/gateway/delivery/world.h"

namespace titip::delivery {
namespace {

using namespace std::chrono_literals;
using rules::BreakerState;
using storage::HoldReason;
using storage::State;
using tests::in_state;
using tests::Mood;
using tests::person;
using tests::World;
using tests::WorldOptions;

constexpr auto change = "vaksin/ubah";  // of a postponed person: until 23:59 of that day

// Ten a second and no more, so that a queue stays a queue.
WorldOptions slow_world() {
  WorldOptions options;
  options.permits.pace = {.per_second = 10, .burst = 1};
  options.upstream.window.initial = options.upstream.window.cap = 4;
  return options;
}

struct Queue {
  std::vector<storage::SubmissionId> changes;
  std::size_t in_time(World& world) const {
    return static_cast<std::size_t>(
        std::ranges::count_if(changes, [&](const auto& id) { return world.state(id) == State::delivered; }));
  }
};

// At 08:00: a pile of doses, and behind it twenty changes that the server takes today alone.
Queue fill(World& world, int pile) {
  Queue queue;
  for (int i = 0; i < pile; ++i) world.accept({.nik = person(i)});
  for (int i = 0; i < 20; ++i) queue.changes.push_back(world.accept({.nik = person(50'000 + i)}, change));
  return queue;
}

TEST(Deadline, is_the_end_of_the_business_date_in_the_servers_zone) {
  for (const auto zone : {7h, 9h}) {
    WorldOptions options;
    options.profile = [&](profile::Profile& changed) { changed.utc_offset = zone; };
    World world(options);
    const auto midnight = tests::morning + 16h - (zone - 7h);
    const auto deadline_of = [&](const char* date, const char* route) {
      static int number = 0;
      return world.load(world.accept({.nik = person(++number), .date = date}, route)).submission.deadline;
    };
    EXPECT_EQ(deadline_of("2021-08-16", change), midnight - 1ms);
    EXPECT_EQ(deadline_of("2021-08-17", change), midnight + 24h - 1ms);
    EXPECT_EQ(deadline_of("2021-08-15", change), std::nullopt) << "over already: nothing to hurry for";
    EXPECT_EQ(deadline_of("2021-08-16", "vaksin/simpan"), std::nullopt);
    world.clock.advance(midnight - 1ms - world.clock.wall());
    EXPECT_EQ(deadline_of("2021-08-16", change), midnight - 1ms);
    world.clock.advance(1ms);
    EXPECT_EQ(deadline_of("2021-08-16", change), std::nullopt);
    EXPECT_EQ(deadline_of("2021-08-17", change), midnight + 24h - 1ms);
  }
}

TEST(Deadline, makes_its_record_go_first_when_it_is_near) {
  World noon(slow_world());
  const auto at_noon = fill(noon, 400);
  noon.pass(4h);
  noon.start();
  noon.pass(10s);
  EXPECT_EQ(at_noon.in_time(noon), 0U) << "there is time enough";

  World evening(slow_world());
  const auto in_the_evening = fill(evening, 400);
  evening.pass(13h + 30min);
  evening.start();
  evening.pass(5s);
  EXPECT_EQ(in_the_evening.in_time(evening), 20U);
  const auto all = in_state(evening, State::delivered);
  EXPECT_GE(all, 40U) << "half of the sends at most: the others go on";
  EXPECT_LE(all, 52U);
}

TEST(Deadline, comes_near_while_the_queue_stands) {
  World world(slow_world());
  const auto queue = fill(world, 3000);
  world.pass(12h + 58min);
  world.start();
  world.pass(55s);
  EXPECT_EQ(queue.in_time(world), 0U);
  world.pass(2min + 15s);
  EXPECT_EQ(queue.in_time(world), 20U) << "three hours before midnight";
  EXPECT_GT(in_state(world, State::queued), 500U);
}

TEST(Deadline, that_is_over_makes_nobody_go_first) {
  World world(slow_world());
  const auto queue = fill(world, 400);
  world.pass(16h + 1min);
  world.start();
  world.pass(10s);
  EXPECT_EQ(queue.in_time(world), 0U) << "there is nothing left to be in time for";
  EXPECT_GT(in_state(world, State::delivered), 80U);
}

// In an outage nothing can be done about it but to say so; then the server decides.
TEST(Deadline, missed_in_an_outage_is_counted_once_and_the_server_decides) {
  World world;
  world.pass(15h + 50min);
  world.server.mood = Mood::refuse;
  for (int i = 0; i < 10; ++i) world.accept({.nik = person(i)});
  world.start();
  ASSERT_TRUE(world.pass_until([&] { return world.breaker() == BreakerState::open; }, 1min));
  std::vector<storage::SubmissionId> changes;
  for (int i = 0; i < 3; ++i) changes.push_back(world.accept({.nik = person(100 + i)}, change));
  EXPECT_EQ(world.counts().pending_by_deadline.size(), 1U);
  const auto missed = [&](int count) {
    return world.metrics().contains(
        fmt::format("titip_deadlines_missed_total{{destination=\"pcare-vaksin\"}} {}", count));
  };
  world.pass(8min);
  EXPECT_TRUE(missed(0));
  world.pass(3min);
  EXPECT_TRUE(missed(3));
  world.pass(2h);
  EXPECT_TRUE(missed(3)) << "once";
  for (const auto& id : changes) EXPECT_EQ(world.state(id), State::queued) << "the deadline changes no state";
  world.server.mood = Mood::serve;
  world.pass(10min);
  for (const auto& id : changes) EXPECT_EQ(world.state(id), State::delivered);
  EXPECT_TRUE(world.counts().pending_by_deadline.empty());
  EXPECT_EQ(world.server.effects().size(), 13U);
}

TEST(Deadline, missed_is_held_where_the_route_says_so_and_a_release_sends_it) {
  WorldOptions options;
  options.profile = [](profile::Profile& changed) {
    for (auto& route : changed.routes)
      if (route.id == change) route.deadline = profile::DeadlineRule{profile::WhenMissed::hold};
  };
  World world(options);
  const auto late = world.accept({.nik = person(1), .batch = "B1"}, change);
  const auto behind = world.accept({.nik = person(1), .batch = "B2", .number = 2});
  const auto other = world.accept({.nik = person(2)});
  world.pass(16h);
  world.start();
  EXPECT_EQ(world.state(late), State::held);
  EXPECT_EQ(world.load(late).submission.hold_reason, HoldReason::deadline);
  EXPECT_TRUE(world.load(late).attempts.empty()) << "nothing was tried";
  EXPECT_EQ(world.state(behind), State::queued) << "it holds its person's later records";
  EXPECT_EQ(world.state(other), State::delivered);

  const auto held = world.load(late).submission;
  world.change({.id = late,
                .expected_state = State::held,
                .expected_version = held.version,
                .event = storage::Event::release,
                .due_at = {}});
  world.pass(1s);
  EXPECT_EQ(world.state(late), State::delivered) << "somebody wants it to be sent all the same";
  EXPECT_EQ(world.state(behind), State::delivered);
}

// 23:59:59 in the server's zone is in time, a moment later is not.
TEST(Deadline, ends_with_the_last_moment_of_the_day) {
  for (const bool in_time : {true, false}) {
    WorldOptions options;
    options.profile = [](profile::Profile& changed) {
      changed.utc_offset = 9h;
      for (auto& route : changed.routes)
        if (route.id == change) route.deadline = profile::DeadlineRule{profile::WhenMissed::hold};
    };
    World world(options);
    const auto id = world.accept({.nik = person(1)}, change);
    world.clock.advance(14h - 1ms);  // 23:59:59.999 in Jayapura, 21:59 in Jakarta
    if (!in_time) world.clock.advance(1ms);
    world.start();
    EXPECT_EQ(world.state(id), in_time ? State::delivered : State::held);
  }
}

}  // namespace
}  // namespace titip::delivery
