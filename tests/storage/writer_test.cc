// Fail-stop, back-pressure, priorities, the free-space floor, and what a power cut leaves.
#include <algorithm>

#include "storage/keys.h"
#include "storage/queue_store.h"
#include "tests/storage/faulty_kv.h"
#include "tests/storage/support.h"

namespace titip::storage {
namespace {

class WriterTest : public ::testing::Test {
 protected:
  WriterTest() {
    options.now = [] { return at(noon_ms); };
    options.probes = &probes;
    options.free_space_floor_bytes = 1000;
    options.on_fatal = [this](const std::string& why) {
      ++fatal_calls;
      fatal_why = why;
    };
  }
  ~WriterTest() override {
    if (store) store->close();
    home.run();
  }
  void open(Pumping pumping, std::function<std::optional<std::uint64_t>()> free_bytes = {}) {
    store = QueueStore::open(kv, options, pumping, std::move(free_bytes)).value();
    caller = std::make_unique<Caller>(*store, [this] { return store->pump(); });
  }
  // Answers gathered as words: "ok", or the error's name.
  Done<std::vector<Verdict>> note(std::vector<std::string>& answers) {
    return [&answers](const auto& result) { answers.emplace_back(result ? "ok" : name(result.error())); };
  }
  void accept(std::uint64_t number, std::vector<std::string>& answers) {
    store->accept({submission(number, std::to_string(number))}, home, note(answers));
  }
  void drain() {
    while (store->pump()) {
    }
    home.run();
  }

  StoreOptions options;
  CountingProbes probes;
  std::shared_ptr<FaultyKv> kv = std::make_shared<FaultyKv>(std::make_shared<MemoryKv>());
  TestHome home;
  std::unique_ptr<QueueStore> store;
  std::unique_ptr<Caller> caller;
  std::atomic<int> fatal_calls = 0;
  std::string fatal_why;
};

TEST_F(WriterTest, TheFirstBadWriteStopsTheStoreForEver) {
  options.group_submissions = 2;
  open(Pumping::by_hand);
  std::vector<std::string> answers;
  kv->fail_commit = kv->commits + 2;
  for (std::uint64_t i = 1; i <= 6; ++i) accept(i, answers);
  drain();
  EXPECT_EQ(answers, (std::vector<std::string>{"ok", "ok", "in_doubt", "in_doubt", "unavailable", "unavailable"}));
  EXPECT_EQ(fatal_calls, 1);
  EXPECT_NE(fatal_why.find("no space left on device"), std::string::npos);
  EXPECT_EQ(probes.writes_failed, 1U);
  EXPECT_FALSE(store->health().writable);
  EXPECT_FALSE(store->takes_accepts());
  EXPECT_EQ(store->health().why_not.english(), fatal_why);
  const std::size_t commits = kv->commits;
  accept(7, answers);
  drain();
  EXPECT_EQ(answers.back(), "unavailable");
  EXPECT_EQ(caller->settle(std::vector<Settlement>{}).error(), Error::unavailable);
  EXPECT_EQ(kv->commits, commits) << "never tried again";
  EXPECT_EQ(store->health().last_position, 2U) << "what was not committed is not counted";
}

TEST_F(WriterTest, AStallIsWaitedOut) {
  open(Pumping::by_hand);
  kv->busy_commits = 5;
  EXPECT_EQ(caller->accept(submission(1)).kind, VerdictKind::accepted);
  EXPECT_EQ(fatal_calls, 0);
  EXPECT_TRUE(store->health().writable);
}

TEST_F(WriterTest, WhatBecomesLateWhileItIsLookedAtDoesNotComeToTheEngine) {
  const auto begin = SteadyTime(std::chrono::hours(1));
  // Looks at the clock: when the group forms, and before it is handed over. The store outlives this body.
  options.steady = [begin, looks = 0]() mutable { return begin + std::chrono::seconds(++looks > 1 ? 3 : 0); };
  open(Pumping::by_hand);
  auto late = submission(1, "1"), in_time = submission(2, "2");
  late.answer_by = begin + std::chrono::seconds(3);
  in_time.answer_by = begin + std::chrono::seconds(4);
  std::vector<std::string> answers;
  store->accept({late}, home, note(answers));
  store->accept({in_time}, home, note(answers));
  const std::size_t commits = kv->commits;
  drain();
  EXPECT_EQ(answers, (std::vector<std::string>{"too_late", "ok"}));
  EXPECT_EQ(kv->commits, commits + 1);
  EXPECT_EQ(store->health().last_position, 1U);
}

TEST_F(WriterTest, NothingIsAnsweredBeforeTheCommit) {
  open(Pumping::thread);
  kv->hold();
  std::vector<std::string> answers;
  accept(1, answers);
  kv->wait_until_a_commit_waits();
  home.run();
  EXPECT_TRUE(answers.empty());
  EXPECT_EQ(store->health().last_position, 0U);
  EXPECT_TRUE(store->counts().destinations.empty());
  kv->let_go();
  home.wait(std::chrono::seconds(10));
  home.run();
  EXPECT_EQ(answers.size(), 1U);
}

TEST_F(WriterTest, AFullQueueRefusesAcceptsButNeverOutcomes) {
  options.writer_queue_submissions = 3;
  open(Pumping::by_hand);
  const auto record = caller->accept(submission(100)).submission;
  std::vector<std::string> answers;
  for (std::uint64_t i = 1; i <= 5; ++i) accept(i, answers);
  Result<std::vector<Changed>> opened;
  store->open_attempts({{record.id, record.version, {}, store->health().epoch}}, home,
                       [&](auto result) { opened = std::move(result); });
  home.run();
  EXPECT_EQ(answers, (std::vector<std::string>{"overloaded", "overloaded"}));
  drain();
  EXPECT_EQ(answers.size(), 5U);
  ASSERT_TRUE(opened.has_value());
  EXPECT_EQ(opened->at(0).state, State::in_flight);
  EXPECT_EQ(probes.overloaded, 2U);
}

TEST_F(WriterTest, TheQueueIsBoundedInBytesToo) {
  options.writer_queue_bytes = 1000;
  open(Pumping::by_hand);
  std::vector<std::string> answers;
  for (std::uint64_t i = 1; i <= 3; ++i) {
    auto one = submission(i);
    one.payload.bytes.assign(600, 'p');
    store->accept({one}, home, note(answers));
  }
  auto large = submission(9);
  large.payload.bytes.assign(5000, 'p');
  home.run();
  EXPECT_EQ(answers, (std::vector<std::string>{"overloaded", "overloaded"}));
  drain();
  EXPECT_EQ(caller->accept(large).kind, VerdictKind::accepted) << "alone, even one larger than the queue gets in";
}

TEST_F(WriterTest, WhatIsNoAcceptIsBoundedInBytesTooAndOutcomesLast) {
  options.writer_queue_bytes = 1000;
  open(Pumping::by_hand);
  std::vector<std::string> objects, outcomes, accepts;
  const auto put = [&](std::size_t bytes) {
    store->put_objects({{"gate", "pcare", {}, std::string(bytes, 'o')}}, home,
                       [&](const auto& result) { objects.emplace_back(result ? "ok" : name(result.error())); });
  };
  const auto settle = [&](std::size_t reply, std::size_t note) {
    Settlement one;
    one.id = id_of(99);
    one.epoch = store->health().epoch;
    one.reply.bytes.assign(reply, 'r');
    one.attempt.note.bytes.assign(note, 'n');
    store->settle({one}, home,
                  [&](const auto& result) { outcomes.emplace_back(result ? "ok" : name(result.error())); });
  };
  put(5000);  // alone, even one larger than the queue gets in
  drain();
  EXPECT_EQ(objects, (std::vector<std::string>{"ok"}));

  put(600);
  put(600);  // too much
  for (int i = 0; i < 5; ++i) settle(400, 280);
  EXPECT_EQ(store->health().writer_queue_bytes, 600U + 5 * 680U);
  settle(0, 1);  // exactly four times the queue, and one byte more
  put(1);
  accept(1, accepts);
  home.run();
  EXPECT_EQ(objects, (std::vector<std::string>{"ok", "overloaded", "overloaded"}));
  EXPECT_EQ(outcomes, (std::vector<std::string>{"overloaded"}));
  EXPECT_EQ(probes.overloaded, 3U);
  drain();
  EXPECT_EQ(objects.back(), "ok");
  EXPECT_EQ(std::ranges::count(outcomes, "ok"), 5);
  EXPECT_EQ(accepts, (std::vector<std::string>{"ok"}));
  EXPECT_EQ(store->health().writer_queue_bytes, 0U);
}

TEST_F(WriterTest, OutcomesGoFirstAndAcceptsAreNotStarved) {
  options.group_submissions = 4;
  open(Pumping::by_hand);
  std::vector<Submission> records;
  for (std::uint64_t i = 101; i <= 110; ++i)
    records.push_back(caller->accept(submission(i, std::to_string(i))).submission);
  std::vector<std::string> order;
  for (std::uint64_t i = 1; i <= 2; ++i) {
    store->accept({submission(i)}, home, [&](auto) { order.emplace_back("accept"); });
  }
  for (const auto& record : records) {
    store->open_attempts({{record.id, record.version, {}, store->health().epoch}}, home,
                         [&](auto) { order.emplace_back("open"); });
  }
  store->pump();
  home.run();
  EXPECT_EQ(order, (std::vector<std::string>{"open", "open", "open", "accept"}));
  drain();
  EXPECT_EQ(order.size(), 12U);
}

TEST_F(WriterTest, AGroupFormsWhileACommitRunsAndEachHomeIsEnteredOnce) {
  open(Pumping::thread);
  TestHome other;
  kv->hold();
  std::vector<std::string> answers, others;
  accept(1, answers);
  kv->wait_until_a_commit_waits();
  for (std::uint64_t i = 2; i <= 40; ++i) {
    store->accept({submission(i)}, i % 2 == 0 ? home : other, note(i % 2 == 0 ? answers : others));
  }
  const std::size_t commits = kv->commits;
  kv->let_go();
  store->close();
  EXPECT_EQ(kv->commits - commits, 2U) << "the first alone, the rest together";
  EXPECT_EQ(home.posts(), 2U);
  EXPECT_EQ(other.posts(), 1U);
  home.run();
  other.run();
  EXPECT_EQ(answers.size() + others.size(), 40U);
}

TEST_F(WriterTest, BelowTheFloorAcceptsAreRefusedAndSettlementsGoOn) {
  std::atomic<std::uint64_t> free = 5000;
  open(Pumping::thread, [&free] { return std::optional<std::uint64_t>(free.load()); });
  const auto record = caller->accept(submission(1)).submission;
  free = 999;
  const auto wait_for = [&](bool disk_low) {
    for (int i = 0; i < 100 && store->health().disk_low != disk_low; ++i) {
      std::this_thread::sleep_for(std::chrono::milliseconds(50));
    }
  };
  wait_for(true);
  EXPECT_TRUE(store->health().writable) << "settlements go on";
  EXPECT_FALSE(store->takes_accepts());
  EXPECT_NE(store->health().why_not.english().find("floor"), std::string::npos) << store->health().why_not.english();
  EXPECT_EQ(caller->accept(std::vector{submission(2)}).error(), Error::unavailable);
  EXPECT_EQ(caller->finish(record, Event::delivered).state, State::delivered);
  EXPECT_EQ(probes.disk_full, 1U);
  free = 5000;
  wait_for(false);
  EXPECT_TRUE(store->takes_accepts());
  EXPECT_EQ(caller->accept(submission(2)).kind, VerdictKind::accepted);
  EXPECT_EQ(fatal_calls, 0);
  store->close();
  EXPECT_FALSE(store->takes_accepts());
}

TEST_F(WriterTest, ADamagedRecordIsAnErrorOfItsOwnCallAlone) {
  open(Pumping::by_hand);
  caller->accept({submission(1, "a"), submission(2, "b"), submission(3, "c")});
  std::string damaged = *kv->get(Family::meta, std::string(keys::of(id_of(2)))).value();
  damaged[40] = static_cast<char>(damaged[40] ^ 1);
  ASSERT_TRUE(kv->commit({{Family::meta, keys::of(id_of(2)), damaged}}));

  const auto good = caller->load(id_of(1)).submission;
  Submission bad = good;
  bad.id = id_of(2);
  Result<std::vector<Changed>> first, second;
  const auto open_of = [&](const Submission& s) { return OpenAttempt{s.id, s.version, {}, store->health().epoch}; };
  store->open_attempts({open_of(good), open_of(bad)}, home, [&](auto result) { first = std::move(result); });
  auto third = caller->load(id_of(3)).submission;
  store->open_attempts({open_of(third)}, home, [&](auto result) { second = std::move(result); });
  drain();
  EXPECT_EQ(first.error(), Error::corrupt);
  ASSERT_TRUE(second.has_value());
  EXPECT_EQ(second->at(0).applied, Applied::yes);
  EXPECT_EQ(caller->load(id_of(1)).submission.state, State::queued) << "a call is kept or left as a whole";
  EXPECT_EQ(caller->load({LoadRequest{id_of(2)}}).error(), Error::corrupt);
  const auto due = caller->due();
  ASSERT_EQ(due.items.size(), 1U) << "the lane goes on without it";
  EXPECT_EQ(due.items[0].submission.id, id_of(1));
  EXPECT_EQ(probes.corrupt_records, 1U) << "told once, however often it is met";
  EXPECT_EQ(fatal_calls, 0);
}

TEST_F(WriterTest, ADamagedFrontKeepsItsLineWaitingAndNobodyOut) {
  open(Pumping::by_hand);
  caller->accept({submission(1, "a"), submission(2, "a"), submission(3, "b"), submission(4, "b")});
  const auto spoil = [&](std::uint64_t number) {
    ASSERT_TRUE(kv->commit({{Family::meta, keys::of(id_of(number)), std::string("rubbish")}}));
  };
  spoil(1);
  EXPECT_EQ(caller->accept(submission(5, "a")).kind, VerdictKind::accepted);
  const auto second = caller->load(id_of(2)).submission;
  EXPECT_EQ(caller->transition(transition_of(second, Event::cancel)).state, State::cancelled);
  EXPECT_EQ(caller->open_attempt(caller->load(id_of(5)).submission).applied, Applied::stale);

  spoil(4);  // the next of its line, when the first is settled
  EXPECT_EQ(caller->finish(caller->load(id_of(3)).submission, Event::delivered).state, State::delivered);
  EXPECT_EQ(caller->accept(submission(6, "b")).kind, VerdictKind::accepted);
  EXPECT_TRUE(caller->due().items.empty());
}

TEST_F(WriterTest, ASubmissionWithTheIdOfADamagedOneIsNotAcceptedAgain) {
  open(Pumping::by_hand);
  caller->accept(submission(1));
  ASSERT_TRUE(kv->commit({{Family::meta, keys::of(id_of(1)), std::string("rubbish")}}));
  EXPECT_EQ(caller->accept(std::vector{submission(1)}).error(), Error::corrupt);
}

}  // namespace
}  // namespace titip::storage
