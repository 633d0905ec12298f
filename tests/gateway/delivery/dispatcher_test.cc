// The dispatcher at work: order, one at a time, holding, stopping, starting again.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include "tests/gateway/delivery/world.h"

namespace titip::delivery {
namespace {

using namespace std::chrono_literals;
using storage::HoldReason;
using storage::Outcome;
using storage::State;
using tests::Dose;
using tests::Mood;
using tests::person;
using tests::World;
using tests::WorldOptions;
using Batches = std::vector<std::string>;

TEST(Dispatcher, delivers_what_comes_in) {
  World world;
  world.start();
  const auto id = world.accept({});
  const auto loaded = world.load(id);
  EXPECT_EQ(loaded.submission.state, State::delivered);
  EXPECT_EQ(loaded.submission.attempts, 1U);
  EXPECT_EQ(loaded.submission.outcome_rule, "accepted");
  ASSERT_EQ(loaded.attempts.size(), 1U);
  EXPECT_EQ(loaded.attempts[0].outcome, Outcome::delivered);
  EXPECT_EQ(loaded.attempts[0].http_status, 201);
  EXPECT_EQ(world.server.effects().size(), 1U);
  const auto key = world.sealer().unwrap(id, loaded.submission.wrapped_key);
  const auto kept = world.sealer().open(*key, id, "reply", loaded.reply);
  ASSERT_TRUE(kept) << "the national answer must be kept for replays";
  EXPECT_EQ(storage::decode_kept_reply(*kept)->http_status, 201);
  EXPECT_EQ(world.dispatcher().active(), 0U);
}

TEST(Dispatcher, delivers_what_was_there_before_it_started) {
  World world;
  const auto first = world.accept({.nik = person(1)});
  const auto second = world.accept({.nik = person(2)}, "vaksin/simpan", "0905R003");
  EXPECT_EQ(world.writes(), 0U);
  world.start();
  EXPECT_EQ(world.state(first), State::delivered);
  EXPECT_EQ(world.state(second), State::delivered);
}

TEST(Dispatcher, keeps_each_persons_order_and_sends_one_at_a_time) {
  World world;
  world.server.mood = Mood::silence;
  for (const auto* batch : {"B1", "B2", "B3"})
    for (int number = 1; number <= 2; ++number) world.accept({.nik = person(number), .batch = batch});
  world.start();
  for (int turn = 0; turn < 3; ++turn) {
    ASSERT_EQ(world.transport().waiting().size(), 2U) << "one of each person";
    for (int answers = 0; answers < 2; ++answers) {
      world.server.apply(world.transport().waiting()[0].request);
      world.transport().answer(0, tests::national(201, 201, "CREATED"));
    }
    world.run();
  }
  for (int number = 1; number <= 2; ++number)
    EXPECT_EQ(world.server.effects_of(person(number)), (Batches{"B1", "B2", "B3"}));
  EXPECT_EQ(world.writes(), 6U);
}

TEST(Dispatcher, a_rejected_record_lets_the_next_one_pass) {
  World world;
  world.server.next_writes = {Mood::reject};
  const auto first = world.accept({.batch = "B1"});
  const auto second = world.accept({.batch = "B2"});
  world.start();
  EXPECT_EQ(world.state(first), State::rejected);
  EXPECT_EQ(world.state(second), State::delivered);
  EXPECT_FALSE(world.load(first).reply.empty());
  EXPECT_FALSE(world.load(first).attempts.at(0).note.empty()) << "the server's words are for the clinic";
}

TEST(Dispatcher, never_more_in_flight_than_the_window) {
  World world;
  world.server.mood = Mood::silence;
  for (int number = 0; number < 40; ++number) world.accept({.nik = person(number)});
  world.start();
  while (!world.transport().waiting().empty()) {
    ASSERT_LE(world.transport().waiting().size(), world.upstream().window());
    world.transport().answer(0, tests::national(201, 201, "CREATED"));
    world.run();
  }
  EXPECT_EQ(world.counts().by_state[static_cast<std::size_t>(State::delivered)], 40U);
}

TEST(Dispatcher, whom_the_server_answered_makes_room_though_the_store_has_not_taken_it_yet) {
  WorldOptions options;
  options.upstream.window = {.initial = 2, .cap = 2};
  World world(options);
  for (int number = 0; number < 40; ++number) world.accept({.nik = person(number)});
  world.store().settle_error = storage::Error::overloaded;
  world.start();
  EXPECT_EQ(world.writes(), 4U) << "two wait for the store, two more were let go meanwhile, and nobody else";
  world.pass(5s);
  EXPECT_EQ(world.writes(), 4U) << "a store that takes nothing stops us";
  world.store().settle_error.reset();
  world.pass(5s);
  EXPECT_EQ(in_state(world, State::delivered), 40U);
  EXPECT_EQ(world.writes(), 40U) << "each once";
}

TEST(Dispatcher, a_look_asks_for_no_more_than_it_can_take) {
  WorldOptions options;
  options.upstream.window = {.initial = 4, .cap = 4};
  World world(options);
  world.server.mood = Mood::silence;
  for (int number = 0; number < 40; ++number) world.accept({.nik = person(number)});
  world.start();
  ASSERT_EQ(world.transport().waiting().size(), 4U);
  world.store().most_due_wanted = 0;
  world.transport().answer(0, tests::national(201, 201, "CREATED"));
  world.run();
  EXPECT_EQ(world.transport().waiting().size(), 4U);
  EXPECT_LE(world.store().most_due_wanted, 2U) << "who is opened is not met again, and hides nobody";
}

TEST(Dispatcher, what_is_in_hand_is_not_read_again) {
  WorldOptions options;
  options.upstream.window = {.initial = 4, .cap = 4};
  World world(options);
  world.accept({.nik = person(1)});
  world.accept({.nik = person(2)});
  world.store().holds_opens = true;
  world.start();
  world.store().due_read = 0;
  world.accept({.nik = person(3)});
  world.pass(1s);
  EXPECT_EQ(world.writes(), 0U);
  EXPECT_EQ(world.store().due_read, 1U) << "of three that stand in the index";
  world.store().let_opens_go();
  world.run();
  EXPECT_EQ(in_state(world, State::delivered), 3U);
  EXPECT_EQ(world.writes(), 3U) << "each once";
}

TEST(Dispatcher, a_small_facility_does_not_wait_behind_a_large_one) {
  World world;
  for (int number = 0; number < 200; ++number) world.accept({.nik = person(number)});
  world.accept({.nik = person(999), .batch = "small"}, "vaksin/simpan", "0905R003");
  world.start();
  const auto& effects = world.server.effects();
  ASSERT_EQ(effects.size(), 201U);
  const auto place = std::ranges::find(effects, "small", [](const auto& e) { return e.at("noBatch"); });
  EXPECT_LT(place - effects.begin(), 5);
}

TEST(Dispatcher, a_record_the_server_puts_off_waits_as_long_as_it_asks) {
  World world;
  world.start();
  world.server.next_writes = {Mood::busy};
  const auto id = world.accept({});
  EXPECT_EQ(world.state(id), State::deferred);
  world.pass(29s);
  EXPECT_EQ(world.writes(), 1U);
  world.pass(2s);
  EXPECT_EQ(world.state(id), State::delivered);
  EXPECT_EQ(world.outcomes(id), (std::vector{Outcome::deferred, Outcome::delivered}));
  EXPECT_EQ(world.load(id).submission.attempts, 2U);
}

// --- the day after ---

TEST(Dispatcher, a_late_entry_is_given_its_reason_and_the_timeline_says_so) {
  World world;
  world.start();
  const auto today = world.accept({.nik = person(1), .date = "2021-08-16"});
  const auto late = world.accept({.nik = person(2), .date = "2021-08-15"});
  ASSERT_EQ(world.server.effects().size(), 2U);
  EXPECT_FALSE(world.server.effects()[0].contains("alasan"));
  EXPECT_EQ(world.server.effects()[1].at("alasan"), "02");
  EXPECT_TRUE(world.load(today).attempts.at(0).patched.empty());
  EXPECT_EQ(world.load(late).attempts.at(0).patched, std::vector<std::string>{"/alasan"});
}

// 23:59 in Jakarta, and the server comes back after midnight.
TEST(Dispatcher, a_record_that_crosses_midnight_in_the_queue_keeps_its_date) {
  World world;
  world.pass(15h + 59min);
  const auto id = world.accept({.date = "2021-08-16"});
  world.pass(2min);
  world.start();
  EXPECT_EQ(world.state(id), State::delivered);
  ASSERT_EQ(world.server.effects().size(), 1U);
  EXPECT_EQ(world.server.effects()[0].at("tglVaksin"), "2021-08-16");
  EXPECT_EQ(world.server.effects()[0].at("alasan"), "02");
}

TEST(Dispatcher, a_late_entry_without_a_reason_is_held_and_others_go_on) {
  World world;
  world.start();
  const auto late = world.accept({.nik = person(1), .date = "2021-08-15"}, "vaksin/simpan", "0905R004");
  const auto behind = world.accept({.nik = person(1), .number = 2, .date = "2021-08-16"}, "vaksin/simpan", "0905R004");
  const auto other = world.accept({.nik = person(2), .date = "2021-08-16"}, "vaksin/simpan", "0905R004");
  EXPECT_EQ(world.state(late), State::held);
  EXPECT_EQ(world.load(late).submission.hold_reason, HoldReason::late_entry);
  EXPECT_EQ(world.state(behind), State::queued) << "a held record keeps its person's later ones";
  EXPECT_EQ(world.state(other), State::delivered);
  EXPECT_EQ(world.load(late).attempts.size(), 0U) << "nothing was tried";
}

// --- trouble with the store ---

TEST(Dispatcher, nothing_is_sent_when_the_mark_cannot_be_written) {
  World world;
  world.store().open_error = storage::Error::unavailable;
  world.start();
  const auto id = world.accept({});
  world.pass(1s);
  EXPECT_EQ(world.writes(), 0U);
  EXPECT_EQ(world.state(id), State::queued);
  EXPECT_LE(world.timers_run, 12U) << "and it does not ask the store as fast as it can refuse";
  world.store().open_error.reset();
  world.pass(1s);
  EXPECT_EQ(world.state(id), State::delivered);
  EXPECT_EQ(world.writes(), 1U);
}

// --- stopping ---

TEST(Dispatcher, stops_at_once_when_nothing_is_in_flight) {
  World world;
  world.start();
  bool stopped = false;
  world.dispatcher().stop([&] { stopped = true; });
  EXPECT_TRUE(stopped);
  const auto id = world.accept({});
  world.pass(5min);
  EXPECT_EQ(world.state(id), State::queued);
  EXPECT_EQ(world.writes(), 0U);
}

TEST(Dispatcher, stop_waits_for_what_is_in_flight_and_sends_nothing_new) {
  World world;
  world.start();
  world.server.mood = Mood::silence;
  const auto first = world.accept({.batch = "B1"});
  const auto second = world.accept({.batch = "B2"});
  bool stopped = false;
  world.dispatcher().stop([&] { stopped = true; });
  world.run();
  EXPECT_FALSE(stopped);
  world.transport().answer(0, tests::national(201, 201, "CREATED"));
  EXPECT_FALSE(stopped) << "the settlement must be durable first";
  world.run();
  EXPECT_TRUE(stopped);
  EXPECT_EQ(world.state(first), State::delivered);
  EXPECT_EQ(world.state(second), State::queued);
  EXPECT_EQ(world.writes(), 1U);
}

TEST(Dispatcher, what_is_abandoned_by_a_stop_is_unknown) {
  World world;
  world.start();
  world.server.mood = Mood::silence;
  const auto id = world.accept({});
  bool stopped = false;
  world.dispatcher().stop([&] { stopped = true; });
  world.upstream().close();
  world.run();
  EXPECT_TRUE(stopped);
  EXPECT_EQ(world.state(id), State::unknown);
}

TEST(Dispatcher, a_stop_between_mark_and_send_takes_the_record_back) {
  World world;
  world.accept({});
  world.dispatcher().start();
  bool stopped = false;
  // As far as the mark's commit, and not into its answer.
  while (world.counts().by_state[static_cast<std::size_t>(State::in_flight)] == 0) ASSERT_TRUE(world.step());
  world.dispatcher().stop([&] { stopped = true; });
  world.run();
  EXPECT_TRUE(stopped);
  EXPECT_EQ(world.writes(), 0U);
  EXPECT_EQ(world.counts().by_state[static_cast<std::size_t>(State::queued)], 1U);
}

TEST(Dispatcher, at_rest_it_sleeps) {
  World world;
  world.start();
  world.accept({});
  const auto before = world.timers_run;
  world.pass(1h);
  EXPECT_LE(world.timers_run - before, 62U);
}

}  // namespace
}  // namespace titip::delivery
