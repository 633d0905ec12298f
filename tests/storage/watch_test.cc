// The contract of watches and leases, on every engine.
#include <atomic>

#include "storage/memory_kv.h"
#include "storage/queue_store.h"
#include "tests/storage/lives.h"

namespace titip::storage {
namespace {

using Answer = Result<std::optional<Submission>>;

class Watching : public Lives {
 protected:
  struct Watch {
    std::vector<Answer> answers;  // each exactly once
    Store::WatchId id = 0;
  };
  void watch(const SubmissionId& id, Watch& watch) {
    watch.id = store->watch(id, caller->home, [&watch](Answer answer) { watch.answers.push_back(std::move(answer)); });
  }
  // Whatever can happen, happens.
  void settle_down() {
    for (int quiet = 0; quiet < 3;) {
      const bool did = pump() || caller->home.run();
      if (did) {
        quiet = 0;
      } else {
        ++quiet;
        caller->home.wait(std::chrono::milliseconds(10));
      }
    }
  }
};
INSTANTIATE_TEST_SUITE_P(Engines, Watching, ::testing::ValuesIn(engines()),
                         [](const auto& param) { return param.param.name; });

TEST_P(Watching, AnswersOnceWhenTheRecordIsSettled) {
  accept(submission(1));
  Watch first;
  Watch second;
  watch(id_of(1), first);
  watch(id_of(1), second);
  settle_down();
  EXPECT_TRUE(first.answers.empty());
  caller->open_attempt(now_of(1));
  settle_down();
  EXPECT_TRUE(first.answers.empty()) << "not yet";
  caller->settle(settlement(now_of(1), Event::delivered));
  settle_down();
  for (const Watch* each : {&first, &second}) {
    ASSERT_EQ(each->answers.size(), 1U);
    ASSERT_TRUE(each->answers[0].has_value() && each->answers[0]->has_value());
    EXPECT_EQ((*each->answers[0])->state, State::delivered);
    EXPECT_EQ((*each->answers[0])->id, id_of(1));
  }
}

TEST_P(Watching, AnswersAtOnceWhenItIsSettledAlready) {
  const std::vector<std::pair<std::uint64_t, State>> settled{
      {1, State::delivered}, {2, State::rejected}, {3, State::cancelled}, {4, State::expired}, {5, State::held}};
  for (const auto& [number, state] : settled) accept(submission(number, std::to_string(number)));
  finish(1, Event::delivered);
  finish(2, Event::rejected);
  change(3, Event::cancel);
  change(4, Event::expire);
  change(5, Event::hold);
  for (const auto& [number, state] : settled) {
    Watch seen;
    watch(id_of(number), seen);
    settle_down();
    ASSERT_EQ(seen.answers.size(), 1U) << name(state);
    ASSERT_TRUE(seen.answers[0].has_value() && seen.answers[0]->has_value()) << name(state);
    EXPECT_EQ((*seen.answers[0])->state, state);
  }
}

TEST_P(Watching, SomebodyElsesDoingSettlesItToo) {
  accept(needing(1, "a", {}, {"visit"}));
  accept(needing(2, "b", {"visit"}));
  Watch dependant;
  watch(id_of(2), dependant);
  settle_down();
  change(1, Event::cancel);
  settle_down();
  ASSERT_EQ(dependant.answers.size(), 1U);
  EXPECT_EQ((*dependant.answers[0])->state, State::cancelled);
}

TEST_P(Watching, NobodyIsThere) {
  Watch seen;
  watch(id_of(9), seen);
  settle_down();
  ASSERT_EQ(seen.answers.size(), 1U);
  EXPECT_TRUE(seen.answers[0].has_value() && !seen.answers[0]->has_value());
}

TEST_P(Watching, WhatIsForgottenIsNotAnswered) {
  accept(submission(1));
  Watch seen;
  watch(id_of(1), seen);
  settle_down();
  store->forget(seen.id);
  store->forget(seen.id);
  finish(1, Event::delivered);
  settle_down();
  EXPECT_TRUE(seen.answers.empty());
}

TEST_P(Watching, CloseAnswersWhoWaits) {
  accept(submission(1));
  Watch seen;
  watch(id_of(1), seen);
  settle_down();
  store->close();
  caller->home.run();
  ASSERT_EQ(seen.answers.size(), 1U);
  EXPECT_EQ(seen.answers[0].error(), Error::unavailable);
  watch(id_of(1), seen);
  caller->home.run();
  ASSERT_EQ(seen.answers.size(), 2U);
  EXPECT_EQ(seen.answers[1].error(), Error::unavailable);
}

// The race between the look at the record and the commit: whichever comes first, one answer.
TEST_P(Watching, EachIsAnsweredOnceWhateverComesFirst) {
  for (std::uint64_t i = 1; i <= 60; ++i) {
    accept(submission(i, std::to_string(i)));
    caller->open_attempt(now_of(i));
    const auto landed = settlement(now_of(i), Event::delivered);
    Watch before;
    Watch after;
    watch(id_of(i), before);
    bool settled = false;
    Settlement ours = landed;
    ours.epoch = store->health().epoch;
    store->settle({ours}, caller->home, [&](auto) { settled = true; });
    watch(id_of(i), after);
    const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(10);
    while ((!settled || before.answers.empty() || after.answers.empty()) && std::chrono::steady_clock::now() < until) {
      if (!pump()) caller->home.wait(std::chrono::milliseconds(1));
      caller->home.run();
    }
    settle_down();
    ASSERT_EQ(before.answers.size(), 1U);
    ASSERT_EQ(after.answers.size(), 1U);
    EXPECT_EQ((*before.answers[0])->state, State::delivered);
    EXPECT_EQ((*after.answers[0])->state, State::delivered);
  }
}

TEST(WatchLimit, TooManyAreRefused) {
  StoreOptions options;
  options.now = [] { return at(noon_ms); };
  options.on_fatal = [](const std::string& why) { ADD_FAILURE() << why; };
  options.free_space_floor_bytes = 0;
  options.watches = 2;
  auto store = open_memory_store(std::move(options), Pumping::by_hand);
  Caller caller(*store, [&] { return store->pump(); });
  caller.accept(submission(1));
  std::vector<Answer> answers;
  for (int i = 0; i < 3; ++i) {
    store->watch(id_of(1), caller.home, [&](Answer answer) { answers.push_back(std::move(answer)); });
  }
  while (store->pump() || caller.home.run()) {
  }
  ASSERT_EQ(answers.size(), 1U);
  EXPECT_EQ(answers[0].error(), Error::overloaded);
  caller.finish(caller.load(id_of(1)).submission, Event::delivered);
  caller.home.run();
  EXPECT_EQ(answers.size(), 3U);
  store->watch(id_of(1), caller.home, [&](Answer answer) { answers.push_back(std::move(answer)); });
  while (store->pump() || caller.home.run()) {
  }
  ASSERT_EQ(answers.size(), 4U) << "there is room again";
  EXPECT_TRUE(answers[3].has_value());
  store->close();
}

// --- leases
// -----------------------------------------------------------------------------------------------------------

TEST_P(Watching, ALeaseIsGivenAtOnceUnderTheEpochOfThisOpening) {
  Shards some;
  some.set(3).set(77);
  std::optional<Lease> lease;
  store->claim(some, caller->home, [&](Result<Lease> given) { lease = *given; });
  settle_down();
  ASSERT_TRUE(lease.has_value());
  EXPECT_EQ(lease->shards, some);
  EXPECT_EQ(lease->epoch, store->health().epoch);
  EXPECT_FALSE(lease->expires_at.has_value());
  const Lease old = *lease;
  reopen();
  store->renew(old, caller->home, [&](Result<Lease> given) { lease = *given; });
  settle_down();
  EXPECT_EQ(lease->shards, some);
  EXPECT_EQ(lease->epoch, old.epoch + 1);
}

TEST_P(Watching, WhatIsDoneUnderAnotherEpochIsFencedAndWritesNothing) {
  accept(submission(1, "a"));
  auto other = submission(2, "b");
  other.submission.references = {digest("provisional")};
  accept(other);
  const std::uint64_t stale_epoch = store->health().epoch + 1;
  OpenAttempt open{id_of(1), 1, {}, stale_epoch};
  EXPECT_EQ(caller->open_attempts({open})->at(0).applied, Applied::fenced);
  EXPECT_EQ(state_of(1), State::queued);
  caller->open_attempt(now_of(1));
  auto landed = settlement(now_of(1), Event::delivered);
  landed.epoch = stale_epoch;
  const Changed changed = caller->settle(landed);
  EXPECT_EQ(changed.applied, Applied::fenced);
  EXPECT_EQ(changed.state, State::in_flight) << "tells what is";
  EXPECT_EQ(caller->load(id_of(1)).attempts.back().outcome, Outcome::unsettled);

  caller->open_attempt(now_of(2));
  auto second = settlement(now_of(2), Event::delivered);
  second.read_back_at = at(noon_ms);
  caller->settle(second);
  const ReadBack read{.id = id_of(2),
                      .expected_version = now_of(2).version,
                      .resolved = {{digest("provisional"), {"sealed"}, {}}},
                      .again_at = {},
                      .epoch = stale_epoch};
  EXPECT_EQ(caller->read_back(read).applied, Applied::fenced);
  EXPECT_TRUE(now_of(2).due_at.has_value());
}

}  // namespace
}  // namespace titip::storage
