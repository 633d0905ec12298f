// A drain: the backlog goes home on a person's terms, and whoever comes today goes on beside it.
#include "tests/gateway/delivery/drained.h"

namespace titip::delivery {
namespace {

using namespace std::chrono_literals;
using namespace tests;
using rules::BreakerState;
using storage::State;
using What = DrainOrder::What;

TEST(DispatcherDrain, the_canary_goes_first_and_is_waited_for) {
  World world(roomy());
  world.start();
  pile_up(world, 200);
  world.server.mood = Mood::silence;
  begin(world, {.canary = 5});
  world.run();
  EXPECT_EQ(world.transport().waiting().size(), 5U);
  while (world.transport().waiting().size() > 1) {
    world.server.apply(world.transport().waiting()[0].request);
    world.transport().answer(0, tests::national(201, 201, "CREATED"));
    world.run();
  }
  EXPECT_EQ(world.writes(), 5U) << "all of it is waited for";
  world.server.mood = Mood::serve;
  world.transport().answer(0, tests::national(201, 201, "CREATED"));
  world.pass(10s);
  EXPECT_EQ(in_state(world, State::delivered), 200U);
  EXPECT_EQ(state(world), DrainState::done);
  ASSERT_TRUE(world.drain());
  EXPECT_EQ(world.drain()->state(world.clock.wall()), DrainState::done);
  EXPECT_EQ(world.drain()->delivered(), 200U);
  EXPECT_LT(world.timers_run, 1000U);
}

TEST(DispatcherDrain, the_pace_holds_beside_the_window) {
  World world(roomy());
  world.start();
  pile_up(world, 400);
  begin(world, {.canary = 0, .per_second = 10});
  world.pass(20s);
  EXPECT_GE(world.writes(), 198U);
  EXPECT_LE(world.writes(), 202U);
  EXPECT_EQ(world.drain_stands->state(world.clock.wall()), DrainState::running);
  const auto eta = world.drain_stands->eta(world.clock.wall());
  ASSERT_TRUE(eta);
  EXPECT_NEAR(static_cast<double>(eta->count()), 20, 4);
  world.pass(25s);
  EXPECT_EQ(in_state(world, State::delivered), 400U);
  EXPECT_EQ(state(world), DrainState::done);
}

// A slow pace over many facilities must not look at all of them for every record.
TEST(DispatcherDrain, the_work_follows_the_pace_not_the_facilities) {
  auto options = roomy();
  options.facilities = 900;
  World world(options);
  world.start();
  world.dispatcher().gate(true, "an outage of the clinic's network");
  for (int i = 0; i < 1800; ++i) world.accept({.nik = person(i)}, "vaksin/simpan", fmt::format("F{:03}", i % 900));
  world.pass(1s);
  begin(world, {.canary = 0, .per_second = 10});
  world.pass(5s);
  EXPECT_GE(world.store().due_queries, 900U) << "each was looked at once";
  const auto writes = world.writes();
  const auto queries = world.store().due_queries;
  world.pass(60s);
  EXPECT_NEAR(static_cast<double>(world.writes() - writes), 600, 2);
  EXPECT_LE(world.store().due_queries - queries, 8 * 600U);
  // In turn: nobody has both records gone while others have both waiting.
  world.pass(26s);
  std::size_t gone = 0;
  for (const auto& row : world.server.effects()) gone += row.at("nik") < person(900) ? 1 : 0;
  EXPECT_GE(gone, 890U);
}

TEST(DispatcherDrain, a_narrow_window_holds_beside_the_pace) {
  auto options = roomy();
  options.upstream.window.initial = options.upstream.window.cap = 2;
  World world(options);
  world.start();
  pile_up(world, 50);
  world.server.mood = Mood::silence;
  begin(world, {.canary = 0, .per_second = 1000});
  world.pass(10s);
  EXPECT_LE(world.transport().waiting().size(), 2U);
}

TEST(DispatcherDrain, stops_by_itself_when_too_much_is_rejected) {
  World world(roomy());
  world.start();
  pile_up(world, 300);
  for (int i = 0; i < 300; ++i) world.server.next_writes.push_back(i >= 40 && i % 2 == 0 ? Mood::reject : Mood::serve);
  begin(world, {.canary = 10, .abort_share = 0.3});
  world.pass(1min);
  EXPECT_EQ(state(world), DrainState::aborted);
  EXPECT_TRUE(world.drain_stands->reason().english().contains("of the last 50"))
      << world.drain_stands->reason().english();
  const auto writes = world.writes();
  EXPECT_GE(writes, 70U);
  EXPECT_LE(writes, 71U + 64U) << "what was in flight ends, nothing follows";
  world.pass(5h);
  EXPECT_EQ(world.writes(), writes);
  // A person has looked.
  world.server.next_writes.clear();
  ASSERT_FALSE(world.order_drain({What::resume}).refused);
  world.pass(1min);
  EXPECT_EQ(in_state(world, State::queued), 0U);
  EXPECT_EQ(state(world), DrainState::done);
  EXPECT_EQ(world.drain_stands->settled_so_far(), 300U);
}

TEST(DispatcherDrain, poison_in_the_canary_stops_it_there) {
  World world(roomy());
  world.start();
  pile_up(world, 100);
  world.server.mood = Mood::reject;
  begin(world, {.canary = 10});
  world.pass(1min);
  EXPECT_EQ(world.writes(), 10U);
  EXPECT_EQ(state(world), DrainState::aborted);
  EXPECT_EQ(world.drain()->state(world.clock.wall()), DrainState::aborted) << "written down";
}

TEST(DispatcherDrain, a_pause_with_an_end_resumes_by_itself) {
  World world(roomy());
  world.start();
  pile_up(world, 100);
  begin(world, {.canary = 0, .per_second = 5});
  world.pass(4s);
  const auto before = world.writes();
  const auto answer = world.order_drain({What::pause, {}, "the server's people asked", world.clock.wall() + 2h});
  ASSERT_FALSE(answer.refused);
  EXPECT_TRUE(answer.kept);
  const auto timers = world.timers_run;
  world.pass(2h - 1s);
  EXPECT_EQ(world.writes(), before);
  EXPECT_EQ(world.drain_stands->reason().english(), "the server's people asked");
  // Each of the 20 lanes is looked at every five minutes, and the dispatcher every minute.
  EXPECT_LT(world.timers_run, timers + 20 * 24 + 120 + 10) << "waited for, not asked again and again";
  world.pass(30s);
  EXPECT_EQ(in_state(world, State::delivered), 100U);
  EXPECT_EQ(state(world), DrainState::done);
}

// 08:00 there at the start.
TEST(DispatcherDrain, the_daily_pause_is_kept) {
  World world(roomy());
  world.start();
  pile_up(world, 100);
  begin(world, {.canary = 0, .per_second = 0.01, .daily_pause = DailyPause{9h, 17h}});
  world.pass(59min);
  const auto before = world.writes();
  EXPECT_NEAR(static_cast<double>(before), 36, 2);
  world.pass(8h - 2s);
  EXPECT_NEAR(static_cast<double>(world.writes()), static_cast<double>(before), 1);
  EXPECT_EQ(state(world), DrainState::paused);
  world.pass(3h);
  EXPECT_EQ(in_state(world, State::delivered), 100U);
}

TEST(DispatcherDrain, who_comes_today_goes_on_while_it_is_paused) {
  World world(roomy());
  world.start();
  pile_up(world, 100);
  begin(world, {.canary = 0});
  // Not one of them has left: the gate opened a moment ago.
  ASSERT_FALSE(world.order_drain({What::pause, {}, "a look"}).refused);
  const auto before = world.writes();
  EXPECT_LE(before, 64U);
  for (int i = 0; i < 50; ++i) world.accept({.nik = person(1000 + i)}, "vaksin/simpan", fmt::format("F{:03}", i % 20));
  world.pass(1s);
  EXPECT_EQ(world.writes(), before + 50);
  // Hours later too, and after the server was away for a while.
  world.pass(5h);
  world.server.next_writes = {Mood::busy_without_wait, Mood::refuse, Mood::lose_reply};
  std::vector<storage::SubmissionId> later;
  for (int i = 0; i < 10; ++i) later.push_back(world.accept({.nik = person(2000 + i)}, "vaksin/simpan", "F003"));
  world.pass(10min);
  for (const auto& id : later) EXPECT_EQ(world.state(id), State::delivered);
  EXPECT_EQ(in_state(world, State::delivered), before + 60);
  EXPECT_EQ(world.drain_stands->settled_so_far(), before) << "they are not of the backlog";
  ASSERT_FALSE(world.order_drain({What::resume}).refused);
  world.pass(1min);
  EXPECT_EQ(in_state(world, State::delivered), 160U);
  EXPECT_EQ(state(world), DrainState::done);
}

// Its lane stays awake, and cannot be asked: what would be the backlog's share must not be kept for it.
TEST(DispatcherDrain, a_facility_that_is_refused_takes_nothing_from_who_comes_today) {
  auto options = roomy();
  options.upstream.window.initial = options.upstream.window.cap = 2;
  World world(options);
  world.start();
  world.server.next_writes = {Mood::credentials_refused};
  world.accept({.nik = person(9000)}, "vaksin/simpan", "F000");
  world.run();
  pile_up(world, 40);
  ASSERT_FALSE(world.order_drain({What::start, {}}).refused);
  ASSERT_FALSE(world.order_drain({What::pause, {}, "a look"}).refused);
  world.dispatcher().gate(false, "");
  for (int i = 0; i < 30; ++i) {
    const auto today = world.accept({.nik = person(1000 + i)}, "vaksin/simpan", "F001");
    world.pass(5s);
    ASSERT_EQ(world.state(today), State::delivered) << i;
  }
}

// Held records stand in every minute of an hour: whether any other waits among them is seen in one look.
TEST(DispatcherDrain, its_end_is_seen_in_one_look_at_what_is_held) {
  World world(roomy());
  world.start();
  world.dispatcher().gate(true, "an outage of the clinic's network");
  for (int i = 0; i < 60; ++i) {
    const auto id = world.accept({.nik = person(i)}, "vaksin/simpan", "F001");
    world.change({.id = id,
                  .expected_state = State::queued,
                  .expected_version = world.load(id).submission.version,
                  .event = storage::Event::hold,
                  .hold_reason = storage::HoldReason::person,
                  .due_at = {}});
    world.pass(1min);
  }
  world.accept({.nik = person(900)}, "vaksin/simpan", "F002");
  begin(world, {.canary = 0});
  const auto before = world.store().scans;
  world.pass(10s);
  EXPECT_EQ(state(world), DrainState::done);
  EXPECT_EQ(in_state(world, State::delivered), 1U);
  EXPECT_LE(world.store().scans - before, 3U);
}

// Its lane is first in turn, and nothing of it can go: the places the pace leaves are others'.
TEST(DispatcherDrain, who_cannot_log_in_keeps_nobody_else_aside) {
  World world(roomy());
  world.transport().server = [&](const client::OutboundRequest& request) -> std::optional<rules::Exchange> {
    if (request.method == "POST" && tests::header(request, "x-kdppk") == "F000")
      return tests::national(401, 401, "Sesi login telah berakhir, silakan login kembali");
    return world.server(request);
  };
  world.start();
  pile_up(world, 100);
  begin(world, {.canary = 0, .per_second = 1});
  world.pass(3min);
  EXPECT_EQ(in_state(world, State::delivered), 95U);
  EXPECT_EQ(state(world), DrainState::running) << "five still wait";
}

TEST(DispatcherDrain, who_comes_today_brings_along_what_that_person_still_has_waiting) {
  World world(roomy());
  world.start();
  pile_up(world, 100);
  world.order_drain({What::start, {}});
  world.order_drain({What::pause, {}, "a look"});
  world.dispatcher().gate(false, "");
  const auto today = world.accept({.nik = person(7), .batch = "B2", .number = 2}, "vaksin/simpan", "F007");
  world.pass(5s);
  EXPECT_EQ(world.state(today), State::delivered);
  EXPECT_EQ(world.writes(), 2U) << "that person's older one before it, nobody else's";
  EXPECT_EQ(world.drain_stands->settled_so_far(), 1U) << "which was of the backlog";
}

TEST(DispatcherDrain, what_is_unknown_is_asked_after_while_it_is_paused) {
  World world(roomy());
  world.start();
  pile_up(world, 30);
  world.server.next_writes = {Mood::lose_reply, Mood::swallow};
  begin(world, {.canary = 2, .abort_share = 1});
  world.run();
  world.order_drain({What::pause, {}, "a look"});
  const auto before = world.writes();
  EXPECT_GE(world.drain_stands->unknown(), 2U);
  world.pass(10min);
  EXPECT_EQ(in_state(world, State::unknown), 0U);
  EXPECT_EQ(world.drain_stands->unknown(), 0U);
  EXPECT_EQ(world.writes(), before) << "the one that was not found goes when it is resumed";
  world.order_drain({What::resume});
  world.pass(1min);
  EXPECT_EQ(world.drain_stands->delivered(), 30U);
  EXPECT_EQ(world.server.effects().size(), 30U);
  EXPECT_EQ(state(world), DrainState::done);
}

// A deadline that is near does not let a record of the backlog past a drain that stands still.
TEST(DispatcherDrain, paused_it_holds_deadlines_back_too) {
  World world(roomy());
  world.start();
  world.dispatcher().gate(true, "an outage of the clinic's network");
  for (int i = 0; i < 40; ++i) world.accept({.nik = person(i)}, "vaksin/ubah", "F001");
  world.pass(1s);
  world.order_drain({What::start, {}});
  world.order_drain({What::pause, {}, "over the evening"});
  world.dispatcher().gate(false, "");
  world.pass(15h);  // until an hour before midnight
  EXPECT_EQ(world.writes(), 0U);
  const auto today = world.accept({.nik = person(900)}, "vaksin/ubah", "F001");
  world.pass(1min);
  EXPECT_EQ(world.state(today), State::delivered);
  EXPECT_EQ(world.writes(), 1U);
}

TEST(DispatcherDrain, nothing_grows_old_while_it_is_paused) {
  auto options = roomy();
  options.settle.maximum_age.age = 1h;
  World world(options);
  world.start();
  pile_up(world, 20);
  world.server.next_writes.assign(20, Mood::busy_without_wait);
  begin(world, {.canary = 0});
  world.run();
  ASSERT_GT(in_state(world, State::deferred), 0U);
  world.order_drain({What::pause, {}, "over the weekend"});
  world.pass(60h);
  EXPECT_EQ(in_state(world, State::expired), 0U);
  world.order_drain({What::resume});
  world.pass(10min);
  EXPECT_EQ(in_state(world, State::delivered), 20U);
}

TEST(DispatcherDrain, an_outage_in_the_middle_changes_nothing_of_it) {
  World world(roomy());
  world.start();
  pile_up(world, 200);
  begin(world, {.canary = 0, .per_second = 10});
  world.pass(5s);
  world.server.mood = Mood::refuse;
  ASSERT_TRUE(world.pass_until([&] { return world.breaker() == BreakerState::open; }, 1min));
  world.pass(30min);
  EXPECT_EQ(state(world), DrainState::running) << "what was not sent is no verdict";
  for (int i = 0; i < 5; ++i) world.accept({.nik = person(1000 + i)}, "vaksin/simpan", "F002");
  world.server.mood = Mood::serve;
  world.pass(10min);
  EXPECT_EQ(in_state(world, State::delivered), 205U);
  EXPECT_EQ(world.drain_stands->delivered(), 200U);
  EXPECT_EQ(state(world), DrainState::done);
}

TEST(DispatcherDrain, is_not_done_while_one_is_unknown_and_done_beside_one_that_is_held) {
  World world(roomy());
  world.start();
  pile_up(world, 10);
  world.accept({.nik = person(900), .date = "2021-08-10"}, "vaksin/simpan", "0905R004");  // no reason for late entries
  world.pass(1s);
  world.server.next_reads.assign(3, Mood::swallow);
  world.server.next_writes = {Mood::swallow};
  begin(world, {.canary = 0, .abort_share = 1});
  world.pass(10s);
  ASSERT_EQ(in_state(world, State::delivered), 9U);
  EXPECT_EQ(in_state(world, State::held), 1U);
  EXPECT_EQ(state(world), DrainState::running);
  world.pass(30min);
  EXPECT_EQ(in_state(world, State::delivered), 10U);
  EXPECT_EQ(state(world), DrainState::done);
}

TEST(DispatcherDrain, cancelled_everything_goes_as_ever) {
  World world(roomy());
  world.start();
  pile_up(world, 100);
  begin(world, {.canary = 0, .per_second = 1});
  world.pass(5s);
  EXPECT_LE(world.writes(), 7U);
  ASSERT_FALSE(world.order_drain({What::cancel}).refused);
  EXPECT_FALSE(world.drain()) << "its object is gone";
  EXPECT_FALSE(world.drain_stands);
  world.pass(5s);
  EXPECT_EQ(in_state(world, State::delivered), 100U);
  EXPECT_TRUE(world.order_drain({What::cancel}).refused->nothing_there);
}

TEST(DispatcherDrain, a_second_one_is_refused_and_nothing_is_nothing_to_drain) {
  World world(roomy());
  world.start();
  EXPECT_TRUE(world.order_drain({What::start}).refused->nothing_there);
  pile_up(world, 5);
  begin(world, {.canary = 0, .per_second = 1});
  EXPECT_TRUE(world.order_drain({What::start}).refused->sentence.english().contains("already"));
}

TEST(DispatcherDrain, is_shown_as_metrics) {
  World world(roomy());
  world.start();
  pile_up(world, 100);
  begin(world, {.canary = 0, .per_second = 10});
  world.pass(5s);
  const auto text = world.metrics();
  const auto has = [&](std::string_view line) { return text.contains(line); };
  EXPECT_TRUE(has(R"(titip_drain_state{destination="pcare-vaksin",state="running"} 1)")) << text;
  EXPECT_TRUE(has(R"(titip_drain_state{destination="pcare-vaksin",state="paused"} 0)"));
  EXPECT_TRUE(has(R"(titip_drain_rate_limit_submissions_per_second{destination="pcare-vaksin"} 10)"));
  EXPECT_FALSE(has(R"(titip_drain_settled_submissions{destination="pcare-vaksin"} 0)"));
  EXPECT_TRUE(has(R"(titip_drain_paused{destination="pcare-vaksin"} 0)"));
}

}  // namespace
}  // namespace titip::delivery
