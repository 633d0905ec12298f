// Attempts of unknown outcome: asked about, never repeated blindly.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "tests/gateway/delivery/world.h"

namespace titip::delivery {
namespace {

using namespace std::chrono_literals;
using storage::HoldReason;
using storage::Outcome;
using storage::State;
using tests::Mood;
using tests::World;
using tests::WorldOptions;
using Batches = std::vector<std::string>;
using Outcomes = std::vector<Outcome>;

constexpr auto nik = "3300000000000001";

TEST(Unknown, a_lost_reply_is_asked_about_and_found) {
  World world;
  world.start();
  world.server.next_writes = {Mood::lose_reply};
  const auto id = world.accept({});
  EXPECT_EQ(world.state(id), State::unknown);
  EXPECT_EQ(world.load(id).submission.outcome_rule, "connection_reset");
  world.pass(2s);
  EXPECT_EQ(world.state(id), State::delivered);
  EXPECT_EQ(world.outcomes(id), (Outcomes{Outcome::unknown, Outcome::found}));
  EXPECT_EQ(world.server.effects().size(), 1U);
  EXPECT_EQ(world.writes(), 1U);
}

TEST(Unknown, not_there_before_the_wait_is_over_decides_nothing) {
  World world;
  world.start();
  world.server.next_writes = {Mood::swallow};
  const auto id = world.accept({});
  world.pass(29'999ms);
  EXPECT_GE(world.probes(), 1U);
  EXPECT_EQ(world.writes(), 1U) << "sent again before the late-apply wait was over";
  EXPECT_EQ(world.state(id), State::unknown);
  world.pass(3s);
  EXPECT_EQ(world.writes(), 2U);
  EXPECT_EQ(world.state(id), State::delivered);
  EXPECT_EQ(world.outcomes(id),
            (Outcomes{Outcome::unknown, Outcome::not_found, Outcome::not_found, Outcome::delivered}));
  EXPECT_EQ(world.server.effects().size(), 1U);
}

TEST(Unknown, what_is_applied_late_has_one_effect) {
  World world;
  world.start();
  world.server.next_writes = {Mood::swallow};
  const auto id = world.accept({});
  world.pass(20s);
  world.server.apply(world.transport().seen[0]);
  world.pass(1min);
  EXPECT_EQ(world.state(id), State::delivered);
  EXPECT_EQ(world.writes(), 1U);
  EXPECT_EQ(world.server.effects().size(), 1U);
}

// The read began before the wait was over and came back after it: what it saw may be older than the late effect.
TEST(Unknown, a_read_decides_by_when_it_began) {
  World world;
  world.start();
  world.server.next_writes = {Mood::swallow};
  world.server.next_reads = {Mood::silence};
  const auto id = world.accept({});
  world.pass(40s);
  ASSERT_EQ(world.transport().waiting().size(), 1U);
  world.transport().answer(0, tests::national(404, 404, "Data tidak ditemukan"));
  EXPECT_EQ(world.writes(), 1U);
  world.server.apply(world.transport().seen[0]);
  world.run();
  EXPECT_EQ(world.state(id), State::delivered);
  EXPECT_EQ(world.writes(), 1U);
}

// Somebody sets the clock: the wait is counted in steady time.
TEST(Unknown, a_wall_clock_that_jumps_does_not_shorten_the_wait) {
  World world;
  world.start();
  world.server.next_writes = {Mood::swallow};
  world.accept({});
  world.clock.jump_wall(2h);
  world.pass(29s);
  EXPECT_GE(world.probes(), 1U);
  EXPECT_EQ(world.writes(), 1U);
  world.pass(2min);
  EXPECT_EQ(world.writes(), 2U);
}

TEST(Unknown, holds_the_persons_later_records_and_nobody_elses) {
  World world;
  world.start();
  world.server.next_writes = {Mood::swallow};
  world.accept({.nik = nik, .batch = "B1"});
  const auto correction = world.accept({.nik = nik, .batch = "B2"});
  const auto other = world.accept({.nik = "3300000000000002"});
  EXPECT_EQ(world.state(other), State::delivered);
  world.pass(20s);
  EXPECT_EQ(world.state(correction), State::queued);
  world.pass(1min);
  EXPECT_EQ(world.server.effects_of(nik), (Batches{"B1", "B2"}));
}

TEST(Unknown, a_correction_that_is_not_there_yet_is_sent_again) {
  World world;
  world.start();
  world.accept({.nik = nik, .batch = "B1"});
  world.server.next_writes = {Mood::swallow};
  const auto correction = world.accept({.nik = nik, .batch = "B2"});
  world.pass(20s);
  EXPECT_EQ(world.state(correction), State::unknown);
  world.pass(1min);
  EXPECT_EQ(world.state(correction), State::delivered);
  EXPECT_EQ(world.server.effects_of(nik), (Batches{"B1", "B2"}));
}

TEST(Unknown, a_create_that_is_there_with_other_values_waits_for_a_person) {
  World world;
  world.start();
  world.server.next_writes = {Mood::swallow};
  const auto id = world.accept({.batch = "B1"});
  auto elsewhere = world.transport().seen[0];  // somebody typed it into the national application
  elsewhere.body = tests::Dose{.batch = "typed"}.text();
  world.server.apply(elsewhere);
  world.pass(1min);
  EXPECT_EQ(world.state(id), State::held);
  EXPECT_EQ(world.load(id).submission.hold_reason, HoldReason::conflict);
  EXPECT_EQ(world.writes(), 1U);
}

// Others' values are no conflict while ours may still be applied over them: a person who cancelled it then would free
// the key of what lands a moment later.
TEST(Unknown, other_values_decide_nothing_before_the_wait_is_over) {
  World world;
  world.start();
  world.server.next_writes = {Mood::swallow};
  const auto id = world.accept({.batch = "B1"});
  auto elsewhere = world.transport().seen[0];
  elsewhere.body = tests::Dose{.batch = "typed"}.text();
  world.server.apply(elsewhere);
  world.pass(20s);
  EXPECT_GE(world.probes(), 1U);
  EXPECT_EQ(world.state(id), State::unknown);
  world.server.apply(world.transport().seen[0]);
  world.pass(1min);
  EXPECT_EQ(world.state(id), State::delivered);
  EXPECT_EQ(world.writes(), 1U);
}

TEST(Unknown, five_times_and_a_person_must_look) {
  World world;
  world.start();
  world.server.next_writes = std::deque<Mood>(9, Mood::swallow);
  const auto id = world.accept({});
  world.pass(1h);
  EXPECT_EQ(world.state(id), State::held);
  EXPECT_EQ(world.load(id).submission.hold_reason, HoldReason::unknown);
  EXPECT_EQ(world.writes(), 5U);
}

TEST(Unknown, a_question_that_is_not_answered_is_asked_again) {
  World world;
  world.start();
  world.server.next_writes = {Mood::lose_reply};
  world.server.next_reads = {Mood::error_page, Mood::swallow};
  const auto id = world.accept({});
  world.pass(1min);
  EXPECT_EQ(world.state(id), State::delivered);
  EXPECT_EQ(world.outcomes(id),
            (Outcomes{Outcome::unknown, Outcome::inconclusive, Outcome::inconclusive, Outcome::found}));
  EXPECT_EQ(world.load(id).attempts.at(2).rule, "response_timeout");
}

TEST(Unknown, a_day_without_an_answer_and_a_person_must_look) {
  WorldOptions options;
  options.settle.maximum_unknown_age = 10min;
  World world(options);
  world.start();
  world.server.next_writes = {Mood::lose_reply};
  world.server.next_reads = std::deque<Mood>(100, Mood::error_page);
  const auto id = world.accept({});
  world.pass(20min);
  EXPECT_EQ(world.state(id), State::held);
  EXPECT_EQ(world.load(id).submission.hold_reason, HoldReason::unknown);
}

struct RouteRow {
  const char* name;
  profile::AfterUnknown after;
  bool honours_key;
  State state;
  std::size_t writes;
};

TEST(Unknown, the_route_says_what_is_done_without_asking) {
  for (const auto& row : {RouteRow{"park", profile::AfterUnknown::park, false, State::held, 1},
                          RouteRow{"repeat", profile::AfterUnknown::repeat, true, State::delivered, 2},
                          RouteRow{"repeat waits", profile::AfterUnknown::repeat, false, State::unknown, 1}}) {
    WorldOptions options;
    options.profile = [&](profile::Profile& changed) {
      changed.honours_idempotency_key = row.honours_key;
      for (auto& route : changed.routes) {
        route.after_unknown = row.after;
        route.probe.reset();
      }
    };
    World world(options);
    world.start();
    world.server.next_writes = {Mood::swallow};
    const auto id = world.accept({});
    world.pass(20s);  // the late-apply wait is 30 s
    EXPECT_EQ(world.state(id), row.state) << row.name;
    EXPECT_EQ(world.writes(), row.writes) << row.name;
    EXPECT_EQ(world.probes(), 0U) << row.name;
    if (row.state != State::unknown) continue;
    world.pass(5min);
    EXPECT_EQ(world.state(id), State::delivered) << row.name;
    EXPECT_EQ(world.writes(), 2U) << row.name;
  }
}

// Who needs another is put behind him by the repeat, though its own first attempt may still be applied.
TEST(Unknown, where_the_key_is_honoured_a_repeat_that_others_may_pass_waits_all_the_same) {
  WorldOptions options;
  options.profile = [](profile::Profile& changed) {
    changed.honours_idempotency_key = true;
    for (auto& route : changed.routes) {
      route.after_unknown = profile::AfterUnknown::repeat;
      route.probe.reset();
      if (route.id == "sasaran/simpan") route.provides = {"/nik"};
      if (route.id == "vaksin/simpan") route.requirements = {{.route = "sasaran/simpan", .identity = {"/nik"}}};
    }
  };
  World world(options);
  world.start();
  world.server.next_writes = {Mood::silence};
  const auto dose = world.accept({.batch = "dose"});
  const auto person =
      world.accept({.batch = "person", .more = R"(,"nama":"X","tglLahir":"1980-01-02")"}, "sasaran/simpan");
  world.transport().answer(0, rules::Failure::response_timeout);
  world.run();
  ASSERT_EQ(world.state(dose), State::unknown);
  world.pass(29s);  // the late-apply wait is 30 s
  EXPECT_EQ(world.writes(), 1U) << "sent while the dose may still be applied";
  EXPECT_EQ(world.state(person), State::queued);
  world.pass(3s);
  EXPECT_EQ(world.state(dose), State::delivered);
  EXPECT_EQ(world.server.effects_of(nik), (Batches{"person", "dose"}));
}

// --- a restart ---

TEST(Restart, an_attempt_that_was_open_is_unknown_and_asked_about) {
  World world;
  world.start();
  world.server.mood = Mood::silence;
  const auto id = world.accept({});
  ASSERT_EQ(world.transport().waiting().size(), 1U);
  world.server.apply(world.transport().waiting()[0].request);
  world.server.mood = Mood::serve;
  world.kill();
  EXPECT_EQ(world.state(id), State::unknown);
  EXPECT_EQ(world.load(id).submission.outcome_rule, "restart");
  world.start();
  EXPECT_EQ(world.state(id), State::delivered);
  EXPECT_EQ(world.writes(), 0U) << "by the new process";
  EXPECT_EQ(world.server.effects().size(), 1U);
}

// Nobody knows how long the gateway was gone, so the wait begins anew.
TEST(Restart, the_late_apply_wait_begins_anew) {
  World world;
  world.start();
  world.server.mood = Mood::silence;
  const auto id = world.accept({});
  world.server.mood = Mood::serve;
  world.clock.advance(1h);
  world.kill();
  world.start();
  world.pass(29s);
  EXPECT_GE(world.probes(), 1U);
  EXPECT_EQ(world.writes(), 0U);
  world.pass(5s);
  EXPECT_EQ(world.state(id), State::delivered);
  EXPECT_EQ(world.writes(), 1U);
  EXPECT_EQ(world.server.effects().size(), 1U);
}

// Killed at every step of a small day: whatever was acknowledged has its effect once, in order.
TEST(Restart, killed_at_any_step_nothing_is_lost_doubled_or_out_of_order) {
  for (int at = 0; at < 120; ++at) {
    World world;
    world.server.next_writes = {Mood::serve, Mood::lose_reply};
    for (const auto* batch : {"B1", "B2", "B3"}) world.accept({.nik = nik, .batch = batch});
    world.accept({.nik = "3300000000000002"});
    world.dispatcher().start();
    for (int step = 0; step < at; ++step)
      if (!world.step()) world.pass(500ms);
    world.kill();
    world.start();
    world.pass(3min);
    ASSERT_EQ(world.server.effects_of(nik), (Batches{"B1", "B2", "B3"})) << "killed at step " << at;
    ASSERT_EQ(world.server.effects_of("3300000000000002").size(), 1U) << "killed at step " << at;
    ASSERT_EQ(world.counts().by_state[static_cast<std::size_t>(State::delivered)], 4U) << "killed at step " << at;
  }
}

}  // namespace
}  // namespace titip::delivery
