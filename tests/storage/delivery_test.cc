// The contract of attempts, settlements and transitions, on every engine.
#include "tests/storage/engines.h"

namespace titip::storage {
namespace {

class Delivery : public OnEveryEngine {
 protected:
  Submission now_of(std::uint64_t number) { return caller->load(id_of(number)).submission; }
};
INSTANTIATE_TEST_SUITE_P(Engines, Delivery, ::testing::ValuesIn(engines()),
                         [](const auto& param) { return param.param.name; });

TEST_P(Delivery, OnlyTheHeadOfAKeyIsDueAndTheNextFollows) {
  caller->accept({submission(1, "a"), submission(2, "a"), submission(3, "b"), submission(4, "a")});
  auto due = caller->due();
  ASSERT_EQ(due.items.size(), 2U);
  EXPECT_EQ(due.items[0].submission.id, id_of(1));
  EXPECT_EQ(due.items[1].submission.id, id_of(3));
  EXPECT_EQ(due.items[0].payload.bytes, "sealed payload 1");

  caller->finish(now_of(1), Event::delivered);
  due = caller->due();
  ASSERT_EQ(due.items.size(), 2U);
  EXPECT_EQ(due.items[0].submission.id, id_of(2)) << "by the time it was accepted";
  EXPECT_EQ(due.items[1].submission.id, id_of(3));
}

TEST_P(Delivery, ARecordThatIsNotTheHeadCannotBeOpened) {
  caller->accept({submission(1, "a"), submission(2, "a")});
  EXPECT_EQ(caller->open_attempt(now_of(2)).applied, Applied::stale);
  EXPECT_EQ(now_of(2).state, State::queued);
}

TEST_P(Delivery, AnOpenAttemptIsNotDueAndShowsInTheTimeline) {
  const auto record = caller->accept(submission(1)).submission;
  OpenAttempt open{record.id, record.version, {}, 0};
  open.attempt.opened_at = at(noon_ms + 3);
  open.attempt.patched = {"/reason"};
  const auto changed = caller->open_attempts({open});
  ASSERT_TRUE(changed.has_value());
  EXPECT_EQ(changed->at(0).state, State::in_flight);
  EXPECT_EQ(changed->at(0).version, 2U);
  EXPECT_TRUE(caller->due().items.empty());
  EXPECT_TRUE(caller->lanes().empty());
  const auto loaded = caller->load(record.id);
  ASSERT_EQ(loaded.attempts.size(), 1U);
  EXPECT_EQ(loaded.attempts[0].outcome, Outcome::unsettled);
  EXPECT_EQ(loaded.attempts[0].number, 1U);
  EXPECT_EQ(loaded.attempts[0].opened_at, at(noon_ms + 3));
}

TEST_P(Delivery, ASettlementKeepsTheLineTheReplyAndTheCounters) {
  const auto record = caller->accept(submission(1)).submission;
  caller->open_attempt(record, at(noon_ms + 5));
  auto settled = settlement(record, Event::rejected, 1);
  settled.attempt.outcome = Outcome::rejected;
  settled.attempt.http_status = 412;
  settled.attempt.note = {"sealed words"};
  settled.reply = {"sealed reply"};
  EXPECT_EQ(caller->settle(settled).state, State::rejected);
  const auto loaded = caller->load(record.id);
  EXPECT_EQ(loaded.submission.settled_at, at(noon_ms + 250));
  EXPECT_EQ(loaded.submission.attempts, 1U);
  EXPECT_EQ(loaded.submission.outcome_rule, "rule of rejected");
  EXPECT_FALSE(loaded.submission.due_at.has_value());
  EXPECT_EQ(loaded.reply.bytes, "sealed reply");
  ASSERT_EQ(loaded.attempts.size(), 1U);
  EXPECT_EQ(loaded.attempts[0].opened_at, at(noon_ms + 5)) << "from the open mark";
  EXPECT_EQ(loaded.attempts[0].outcome, Outcome::rejected);
  EXPECT_EQ(loaded.attempts[0].note.bytes, "sealed words");
}

TEST_P(Delivery, AnOldVersionIsStaleAndChangesNothing) {
  const auto record = caller->accept(submission(1)).submission;
  EXPECT_EQ(caller->open_attempt(record).applied, Applied::yes);
  const Changed twice = caller->open_attempt(record);
  EXPECT_EQ(twice.applied, Applied::stale);
  EXPECT_EQ(twice.version, 2U) << "tells what is";
  EXPECT_EQ(twice.state, State::in_flight);
  EXPECT_EQ(caller->settle(settlement(record, Event::delivered)).applied, Applied::stale);
  EXPECT_EQ(caller->settle(settlement(record, Event::delivered, 1)).applied, Applied::yes);
  EXPECT_EQ(caller->settle(settlement(record, Event::delivered, 2)).applied, Applied::stale) << "terminal";
  Submission unknown_id = record;
  unknown_id.id = id_of(99);
  EXPECT_EQ(caller->open_attempt(unknown_id).applied, Applied::stale);
}

TEST_P(Delivery, ADeferredRecordIsDueLaterAndHoldsItsKey) {
  caller->accept({submission(1, "a"), submission(2, "a")});
  const auto record = now_of(1);
  caller->open_attempt(record);
  auto settled = settlement(record, Event::deferred, 1);
  settled.due_at = at(noon_ms + 9000);
  settled.backoff_steps = 3;
  EXPECT_EQ(caller->settle(settled).state, State::deferred);
  auto due = caller->due("clinic-1", DueClass::send, at(noon_ms + 8999));
  EXPECT_TRUE(due.items.empty());
  EXPECT_EQ(due.next_due_at, at(noon_ms + 9000));
  due = caller->due("clinic-1", DueClass::send, at(noon_ms + 9000));
  ASSERT_EQ(due.items.size(), 1U);
  EXPECT_EQ(due.items[0].submission.backoff_steps, 3U);
  EXPECT_EQ(due.items[0].submission.attempts, 1U);
}

TEST_P(Delivery, AnAgeIsKeptWhileItWaitsInTheQueueAndForgottenByAHold) {
  const auto put_off = [&](std::optional<std::chrono::milliseconds> since) {
    const auto record = now_of(1);
    caller->open_attempt(record);
    auto settled = settlement(record, Event::deferred, 1);
    settled.aging_since = since;
    settled.due_at = at(noon_ms);
    ASSERT_EQ(caller->settle(settled).state, State::deferred);
  };
  caller->accept(submission(1));
  EXPECT_FALSE(now_of(1).aging_since);
  put_off(std::chrono::milliseconds(70'000'000'000));
  EXPECT_EQ(now_of(1).aging_since, std::chrono::milliseconds(70'000'000'000));
  caller->open_attempt(now_of(1));
  EXPECT_EQ(now_of(1).aging_since, std::chrono::milliseconds(70'000'000'000)) << "while it is on its way";
  auto returned = settlement(now_of(1), Event::returned);
  returned.aging_since = now_of(1).aging_since;
  caller->settle(returned);
  EXPECT_EQ(now_of(1).aging_since, std::chrono::milliseconds(70'000'000'000));
  Transition hold{.id = id_of(1),
                  .expected_state = State::queued,
                  .expected_version = now_of(1).version,
                  .event = Event::hold,
                  .hold_reason = HoldReason::person,
                  .due_at = {}};
  ASSERT_EQ(caller->transition(hold).state, State::held);
  EXPECT_FALSE(now_of(1).aging_since) << "a person who releases it wants it to be tried";
}

TEST_P(Delivery, WhoReleasesWhatMissedItsDeadlineGivesTheDeadlineUp) {
  for (const HoldReason reason : {HoldReason::deadline, HoldReason::person}) {
    const std::uint64_t number = reason == HoldReason::deadline ? 1 : 2;
    NewSubmission late = submission(number, std::to_string(number));
    late.submission.deadline = at(noon_ms - 1);
    caller->accept(std::move(late));
    auto hold = transition_of(now_of(number), Event::hold);
    hold.hold_reason = reason;
    ASSERT_EQ(caller->transition(hold).state, State::held);
    EXPECT_EQ(now_of(number).deadline, at(noon_ms - 1)) << "it says what was missed";
    ASSERT_EQ(caller->transition(transition_of(now_of(number), Event::release)).state, State::queued);
    EXPECT_EQ(now_of(number).deadline.has_value(), reason == HoldReason::person);
  }
}

TEST_P(Delivery, AReturnedAttemptIsNotCounted) {
  const auto record = caller->accept(submission(1)).submission;
  caller->open_attempt(record);
  auto settled = settlement(record, Event::returned, 1);
  settled.counts_as_attempt = false;
  EXPECT_EQ(caller->settle(settled).state, State::queued);
  EXPECT_EQ(now_of(1).attempts, 0U);
  EXPECT_EQ(now_of(1).due_at, at(noon_ms + 250)) << "none given: now";
  caller->open_attempt(now_of(1));
  EXPECT_EQ(caller->load(id_of(1)).attempts.back().number, 2U) << "but its line stays and has its number";
}

TEST_P(Delivery, AnUnknownOutcomeIsProbedUntilItIsFound) {
  const auto record = caller->accept(submission(1)).submission;
  caller->open_attempt(record);
  auto unknown = settlement(record, Event::went_unknown, 1);
  unknown.due_at = at(noon_ms + 500);
  EXPECT_EQ(caller->settle(unknown).state, State::unknown);
  EXPECT_EQ(now_of(1).unknown_since, at(noon_ms + 250));
  EXPECT_EQ(now_of(1).unknown_attempts, 1U);
  EXPECT_TRUE(caller->due("clinic-1", DueClass::send, at(noon_ms + 500)).items.empty());
  EXPECT_EQ(caller->due("clinic-1", DueClass::probe, at(noon_ms + 500)).items.size(), 1U);
  EXPECT_EQ(caller->open_attempt(now_of(1)).applied, Applied::stale) << "never sent again blindly";

  auto probe = settlement(now_of(1), Event::probe_inconclusive);
  probe.counts_as_attempt = false;
  probe.attempt.probe = true;
  probe.attempt.outcome = Outcome::inconclusive;
  probe.due_at = at(noon_ms + 900);
  EXPECT_EQ(caller->settle(probe).state, State::unknown);
  EXPECT_EQ(now_of(1).probes, 1U);
  EXPECT_EQ(caller->due("clinic-1", DueClass::probe, at(noon_ms + 500)).next_due_at, at(noon_ms + 900));

  probe = settlement(now_of(1), Event::delivered);
  probe.attempt.probe = true;
  probe.attempt.outcome = Outcome::found;
  EXPECT_EQ(caller->settle(probe).state, State::delivered);
  const auto loaded = caller->load(id_of(1));
  ASSERT_EQ(loaded.attempts.size(), 3U);
  EXPECT_FALSE(loaded.attempts[0].probe);
  EXPECT_TRUE(loaded.attempts[2].probe);
  EXPECT_EQ(loaded.attempts[2].number, 3U);
  EXPECT_EQ(loaded.submission.probes, 2U);
}

TEST_P(Delivery, AProbeThatDoesNotFindItDefers) {
  const auto record = caller->accept(submission(1)).submission;
  caller->finish(record, Event::went_unknown);
  auto probe = settlement(now_of(1), Event::not_found);
  probe.backoff_steps = 1;
  probe.due_at = at(noon_ms + 2000);
  EXPECT_EQ(caller->settle(probe).state, State::deferred);
  EXPECT_EQ(caller->due("clinic-1", DueClass::send, at(noon_ms + 2000)).items.size(), 1U);
}

TEST_P(Delivery, RepeatWithoutAProbeLeavesNoLine) {
  caller->finish(caller->accept(submission(1)).submission, Event::went_unknown);
  Settlement repeat{.id = id_of(1),
                    .expected_version = now_of(1).version,
                    .event = Event::repeat_allowed,
                    .attempt = {},
                    .due_at = {},
                    .reply = {}};
  EXPECT_EQ(caller->settle(repeat).state, State::queued);
  EXPECT_EQ(caller->load(id_of(1)).attempts.size(), 1U);
}

TEST_P(Delivery, HoldAndReleaseGoBackToWhereItWas) {
  caller->finish(caller->accept(submission(1)).submission, Event::deferred);
  auto hold = transition_of(now_of(1), Event::hold);
  hold.hold_reason = HoldReason::late_entry;
  EXPECT_EQ(caller->transition(hold).state, State::held);
  EXPECT_EQ(now_of(1).hold_reason, HoldReason::late_entry);
  EXPECT_EQ(now_of(1).held_from, State::deferred);
  EXPECT_TRUE(caller->due().items.empty());
  auto release = transition_of(now_of(1), Event::release);
  release.due_at = at(noon_ms - 5);
  EXPECT_EQ(caller->transition(release).state, State::deferred);
  EXPECT_EQ(now_of(1).hold_reason, HoldReason::none);
  EXPECT_EQ(caller->due().items.size(), 1U);
}

TEST_P(Delivery, ATransitionNeverTouchesAnAttempt) {
  const auto record = caller->accept(submission(1)).submission;
  EXPECT_EQ(caller->transition(transition_of(record, Event::attempt_opened)).applied, Applied::stale);
  caller->open_attempt(record);
  for (const auto event : {Event::cancel, Event::hold, Event::delivered, Event::returned}) {
    EXPECT_EQ(caller->transition(transition_of(now_of(1), event)).applied, Applied::stale) << name(event);
  }
  auto wrong_state = transition_of(now_of(1), Event::cancel);
  wrong_state.expected_state = State::queued;
  EXPECT_EQ(caller->transition(wrong_state).applied, Applied::stale);
}

TEST_P(Delivery, CancellingBehindTheHeadLeavesTheHead) {
  caller->accept({submission(1, "a"), submission(2, "a"), submission(3, "a")});
  EXPECT_EQ(caller->transition(transition_of(now_of(2), Event::cancel)).state, State::cancelled);
  ASSERT_EQ(caller->due().items.size(), 1U);
  caller->finish(now_of(1), Event::delivered);
  const auto due = caller->due();
  ASSERT_EQ(due.items.size(), 1U);
  EXPECT_EQ(due.items[0].submission.id, id_of(3));
}

TEST_P(Delivery, ALongTimelineKeepsItsFirstAndItsLastLines) {
  auto record = caller->accept(submission(1)).submission;
  for (int i = 0; i < 130; ++i) {
    caller->open_attempt(record);
    caller->settle(settlement(record, Event::went_unknown, 1));
    record.version += 2;
    caller->settle(settlement(record, Event::not_found));
    record.version += 1;
  }
  const auto attempts = caller->load(record.id).attempts;
  ASSERT_EQ(attempts.size(), 200U);
  EXPECT_EQ(attempts.front().number, 1U);
  EXPECT_EQ(attempts[19].number, 20U);
  EXPECT_EQ(attempts[20].number, 81U);
  EXPECT_EQ(attempts.back().number, 260U);
}

TEST_P(Delivery, CountsBalanceAtEveryStep) {
  const auto counts = [&] { return store->counts().destinations.at("pcare"); };
  const auto in = [&](State state) { return counts().by_state[static_cast<std::size_t>(state)]; };
  caller->accept({submission(1, "a"), submission(2, "b")});
  EXPECT_EQ(counts().accepted, 2U);
  EXPECT_EQ(in(State::queued), 2U);
  EXPECT_EQ(counts().payload_bytes_pending, 2 * std::string("sealed payload 1").size());
  caller->open_attempt(now_of(1));
  EXPECT_EQ(in(State::in_flight), 1U);
  caller->settle(settlement(now_of(1), Event::delivered));
  EXPECT_EQ(in(State::delivered), 1U);
  EXPECT_EQ(in(State::in_flight), 0U);
  EXPECT_EQ(counts().payload_bytes_pending, std::string("sealed payload 1").size());
}

TEST_P(Delivery, SubscribersHearOfTheLaneThatWoke) {
  TestHome home;
  std::vector<Lane> heard;
  store->subscribe("pcare", home, [&](const CommitNotice& notice) {
    heard.insert(heard.end(), notice.lanes.begin(), notice.lanes.end());
  });
  TestHome others;
  store->subscribe("antrean", others, [](const CommitNotice&) { ADD_FAILURE() << "woken for another destination"; });
  caller->accept({submission(1, "a"), submission(2, "a"), submission(3, "b", "clinic-2")});
  home.wait(std::chrono::seconds(5));
  home.run();
  EXPECT_EQ(heard, (std::vector<Lane>{{"pcare", "clinic-1"}, {"pcare", "clinic-2"}}));
  heard.clear();
  caller->finish(now_of(1), Event::delivered);  // the second one of its key becomes due
  home.wait(std::chrono::seconds(5));
  home.run();
  EXPECT_EQ(heard, (std::vector<Lane>{{"pcare", "clinic-1"}}));
  EXPECT_FALSE(others.run());
  store->close();
}

// --- retention zero
// ---------------------------------------------------------------------------------------------------

TEST(RetentionZero, ContentGoesWithTheSettlementAndOnlyThen) {
  StoreOptions options;
  options.now = [] { return at(noon_ms); };
  options.on_fatal = [](const std::string& why) { ADD_FAILURE() << why; };
  options.free_space_floor_bytes = 0;
  options.retain_delivered = std::chrono::milliseconds(0);
  auto store = open_memory_store(std::move(options), Pumping::by_hand);
  Caller caller(*store, [&] { return store->pump(); });
  const auto end = [&](std::uint64_t number, Settlement (*shape)(Settlement)) {
    caller.open_attempt(caller.load(id_of(number)).submission);
    auto made = settlement(caller.load(id_of(number)).submission, Event::delivered);
    made.reply = {"sealed reply"};
    made.attempt.note = {"sealed words"};
    return caller.settle(shape(std::move(made)));
  };
  const auto as_it_is = [](Settlement made) { return made; };

  caller.accept(submission(1, "a"));
  end(1, as_it_is);
  Loaded loaded = caller.load(id_of(1));
  EXPECT_EQ(loaded.submission.state, State::delivered);
  EXPECT_TRUE(loaded.submission.content_erased);
  EXPECT_TRUE(loaded.submission.wrapped_key.empty());
  EXPECT_TRUE(loaded.payload.empty());
  EXPECT_TRUE(loaded.reply.empty());
  ASSERT_EQ(loaded.attempts.size(), 1U) << "what was done stays";
  EXPECT_TRUE(loaded.attempts[0].note.empty());

  caller.accept(submission(2, "b"));
  end(2, [](Settlement made) {
    made.event = Event::rejected;
    return made;
  });
  loaded = caller.load(id_of(2));
  EXPECT_FALSE(loaded.payload.empty()) << "a person must still deal with it";
  EXPECT_FALSE(loaded.reply.empty());

  auto numbered = submission(3, "c");
  numbered.submission.references = {digest("provisional")};
  caller.accept(numbered);
  end(3, [](Settlement made) {
    made.read_back_at = at(noon_ms);
    return made;
  });
  loaded = caller.load(id_of(3));
  EXPECT_FALSE(loaded.payload.empty()) << "its number is still read back";
  ReadBack read{.id = id_of(3), .expected_version = loaded.submission.version, .resolved = {}, .again_at = {}};
  read.resolved = {{digest("provisional"), {"sealed number"}, {}}};
  EXPECT_EQ(caller.read_back(read).applied, Applied::yes);
  loaded = caller.load(id_of(3));
  EXPECT_TRUE(loaded.payload.empty());
  EXPECT_FALSE(loaded.submission.wrapped_key.empty()) << "its number is sealed under it";
  store->close();
}

}  // namespace
}  // namespace titip::storage
