// The contract of accept, on every engine.
#include "tests/storage/engines.h"

namespace titip::storage {
namespace {

class Accept : public OnEveryEngine {};
INSTANTIATE_TEST_SUITE_P(Engines, Accept, ::testing::ValuesIn(engines()),
                         [](const auto& param) { return param.param.name; });

TEST_P(Accept, GivesPositionVersionAndStateAndKeepsTheBytes) {
  auto incoming = submission(1);
  incoming.submission.position = 77;  // the store's to set, whatever comes in
  incoming.submission.attempts = 5;
  incoming.payload.bytes = std::string("\0\xff\x01 any bytes", 13);
  const Verdict verdict = caller->accept(incoming);
  EXPECT_EQ(verdict.kind, VerdictKind::accepted);
  EXPECT_EQ(verdict.submission.position, 1U);
  EXPECT_EQ(verdict.submission.version, 1U);
  EXPECT_EQ(verdict.submission.state, State::queued);
  EXPECT_EQ(verdict.submission.attempts, 0U);

  const Loaded loaded = caller->load(id_of(1));
  EXPECT_EQ(loaded.payload, incoming.payload);
  EXPECT_EQ(loaded.submission.receipt, "RECEIPT-1");
  EXPECT_EQ(loaded.submission.accepted_at, incoming.submission.accepted_at);
  EXPECT_EQ(loaded.submission.wrapped_key, "wrapped 1");
  EXPECT_TRUE(loaded.attempts.empty());
  EXPECT_TRUE(loaded.reply.empty());
}

TEST_P(Accept, PositionsRiseInTheOrderOfTheBatch) {
  std::vector<NewSubmission> batch;
  for (std::uint64_t i = 1; i <= 50; ++i) batch.push_back(submission(i, "person " + std::to_string(i % 7)));
  const auto verdicts = caller->accept(std::move(batch));
  ASSERT_TRUE(verdicts.has_value());
  for (std::size_t i = 0; i < 50; ++i) EXPECT_EQ(verdicts->at(i).submission.position, i + 1);
  EXPECT_EQ(store->health().last_position, 50U);
}

TEST_P(Accept, TellsWhetherAnythingOfItsKeyGoesBeforeIt) {
  const Verdict first = caller->accept(submission(1, "person"));
  EXPECT_TRUE(first.is_front);
  EXPECT_FALSE(caller->accept(submission(1, "person")).is_front) << "a replay goes nowhere";
  EXPECT_FALSE(caller->accept(submission(2, "person")).is_front) << "it stands behind the first";
  EXPECT_TRUE(caller->accept(submission(3, "somebody else")).is_front);
  const auto together = caller->accept({submission(4, "a third"), submission(5, "a third"), submission(6, "a fourth")});
  ASSERT_TRUE(together.has_value());
  EXPECT_TRUE(together->at(0).is_front);
  EXPECT_FALSE(together->at(1).is_front) << "the members of one group see each other";
  EXPECT_TRUE(together->at(2).is_front);

  auto provider = submission(7, "a fifth");
  provider.submission.provides = {digest("visit")};
  EXPECT_TRUE(caller->accept(provider).is_front);
  auto waits = submission(8, "a sixth");
  waits.submission.requirements = {digest("visit")};
  EXPECT_FALSE(caller->accept(waits).is_front) << "it is blocked";
  auto taking_back = submission(9, "a seventh");
  taking_back.takes_back = digest("visit");
  const Verdict done = caller->accept(taking_back);
  ASSERT_EQ(done.submission.state, State::cancelled);
  EXPECT_FALSE(done.is_front);

  caller->finish(first.submission, Event::delivered);
  EXPECT_FALSE(caller->accept(submission(10, "person")).is_front) << "the second goes first";
}

TEST_P(Accept, TheSameIdAgainIsReplayed) {
  caller->accept(submission(1));
  const Verdict again = caller->accept(submission(1));
  EXPECT_EQ(again.kind, VerdictKind::replayed);
  EXPECT_EQ(again.submission.position, 1U);
  EXPECT_EQ(store->counts().destinations.at("pcare").accepted, 1U);
}

TEST_P(Accept, TheMembersOfOneGroupSeeEachOther) {
  auto first = submission(1);
  auto second = submission(2);
  second.submission.fingerprint = first.submission.fingerprint;
  first.idempotency_key = second.idempotency_key = digest("key");
  auto third = submission(3);
  third.idempotency_key = digest("key");
  const auto verdicts = caller->accept({first, second, third, first});
  ASSERT_TRUE(verdicts.has_value());
  EXPECT_EQ(verdicts->at(0).kind, VerdictKind::accepted);
  EXPECT_EQ(verdicts->at(1).kind, VerdictKind::replayed);
  EXPECT_EQ(verdicts->at(1).submission.id, id_of(1));
  EXPECT_EQ(verdicts->at(2).kind, VerdictKind::key_reused);
  EXPECT_EQ(verdicts->at(2).submission.id, id_of(1));
  EXPECT_EQ(verdicts->at(3).kind, VerdictKind::replayed);
  EXPECT_EQ(store->health().last_position, 1U);
}

TEST_P(Accept, ANewKeyThatIsReplayedByNaturalKeyIsBoundToTheOldSubmission) {
  auto first = submission(1);
  first.submission.natural_key = digest("dose");
  caller->accept(first);
  auto repeat = submission(2);
  repeat.submission.natural_key = digest("dose");
  repeat.submission.fingerprint = first.submission.fingerprint;
  repeat.idempotency_key = digest("late key");
  EXPECT_EQ(caller->accept(repeat).kind, VerdictKind::replayed);

  auto other_body = submission(3);
  other_body.idempotency_key = digest("late key");
  const Verdict refused = caller->accept(other_body);
  EXPECT_EQ(refused.kind, VerdictKind::key_reused);
  EXPECT_EQ(refused.submission.id, id_of(1));
}

TEST_P(Accept, AnotherBodyIsAConflictOrACorrection) {
  auto first = submission(1);
  first.submission.natural_key = digest("dose");
  caller->accept(first);
  auto other = submission(2);
  other.submission.natural_key = digest("dose");
  const Verdict refused = caller->accept(other);
  EXPECT_EQ(refused.kind, VerdictKind::conflict);
  EXPECT_EQ(refused.submission.id, id_of(1));

  other.on_conflict = OnConflict::queue_behind;
  const Verdict behind = caller->accept(other);
  EXPECT_EQ(behind.kind, VerdictKind::accepted);
  EXPECT_TRUE(behind.submission.correction);
  EXPECT_EQ(caller->due().items.size(), 1U) << "it waits behind the first";
}

TEST_P(Accept, AMemberThatEndsRejectedFreesTheNaturalKey) {
  for (const auto event : {Event::cancel, Event::expire, Event::erase}) {
    const auto number = static_cast<std::uint64_t>(event) * 10;
    auto first = submission(number, name(event));
    first.submission.natural_key = digest(name(event));
    const auto verdict = caller->accept(first);
    ASSERT_EQ(caller->transition(transition_of(verdict.submission, event)).applied, Applied::yes);
    auto second = submission(number + 1, name(event));
    second.submission.natural_key = digest(name(event));
    const Verdict again = caller->accept(second);
    EXPECT_EQ(again.kind, VerdictKind::accepted) << name(event);
    EXPECT_FALSE(again.submission.correction);
  }
  auto rejected = submission(1);
  rejected.submission.natural_key = digest("rejected");
  caller->finish(caller->accept(rejected).submission, Event::rejected);
  auto after = submission(2);
  after.submission.natural_key = digest("rejected");
  EXPECT_EQ(caller->accept(after).kind, VerdictKind::accepted);
}

TEST_P(Accept, WhatMayHaveLandedStaysBoundWhenItIsCancelled) {
  auto first = submission(1);
  first.submission.natural_key = digest("dose");
  const auto accepted = caller->accept(first).submission;
  caller->finish(accepted, Event::went_unknown);
  ASSERT_EQ(caller->settle(settlement(caller->load(accepted.id).submission, Event::gave_up_probing)).state,
            State::held);
  const auto held = caller->load(accepted.id).submission;
  ASSERT_EQ(caller->transition(transition_of(held, Event::cancel)).state, State::cancelled);
  auto second = submission(2);
  second.submission.natural_key = digest("dose");
  const Verdict refused = caller->accept(second);
  EXPECT_EQ(refused.kind, VerdictKind::conflict);
  EXPECT_EQ(refused.submission.hold_reason, HoldReason::unknown) << "and says why";
}

// On a route that repeats without asking the record goes back into the queue with its doubt.
TEST_P(Accept, WhatWasRepeatedStaysBoundHoweverItIsGivenUp) {
  enum Way { at_once, put_off, held };
  const auto dose = [&](std::uint64_t number, std::string_view key) {
    auto made = submission(number, key);
    made.submission.natural_key = digest(key);
    return made;
  };
  std::uint64_t number = 0;
  for (const auto event : {Event::cancel, Event::expire, Event::erase}) {
    for (const Way way : {at_once, put_off, held}) {
      if (event == Event::expire && way == held) continue;  // the table refuses it
      const std::string key = std::string(name(event)) + std::to_string(way);
      const SubmissionId id = caller->accept(dose(++number, key)).submission.id;
      const auto is = [&] { return caller->load(id).submission; };
      caller->finish(is(), Event::went_unknown);
      ASSERT_EQ(caller->settle(settlement(is(), Event::repeat_allowed)).state, State::queued);
      if (way == put_off) caller->finish(is(), Event::deferred);
      if (way == held) caller->transition(transition_of(is(), Event::hold));
      ASSERT_EQ(caller->transition(transition_of(is(), event)).applied, Applied::yes) << key;
      EXPECT_EQ(caller->accept(dose(++number, key)).kind, VerdictKind::conflict) << key;
    }
  }
}

// Other values in its place may have been written over its own: by whom, nobody can tell.
TEST_P(Accept, WhatAProbeFoundOtherValuesOfStaysBound) {
  for (const auto event : {Event::cancel, Event::erase}) {
    const std::string key(name(event));
    const std::uint64_t number = event == Event::cancel ? 1 : 11;
    auto first = submission(number, key);
    first.submission.natural_key = digest(key);
    caller->accept(first);
    const auto is = [&] { return caller->load(id_of(number)).submission; };
    caller->finish(is(), Event::went_unknown);
    ASSERT_EQ(caller->settle(settlement(is(), Event::found_other)).state, State::held);
    ASSERT_EQ(is().hold_reason, HoldReason::conflict);
    ASSERT_EQ(caller->transition(transition_of(is(), event)).state, State::cancelled) << key;
    auto again = first;
    again.submission.id = id_of(number + 1);
    EXPECT_EQ(caller->accept(again).submission.id, id_of(number)) << "the same form once more: " << key;
    again.submission.fingerprint = digest("other values");
    EXPECT_EQ(caller->accept(again).kind, VerdictKind::conflict) << key;
    again.on_conflict = OnConflict::queue_behind;
    EXPECT_TRUE(caller->accept(again).submission.correction) << key;
  }
}

TEST_P(Accept, WhatAProbeDidNotFindIsBoundNoMore) {
  enum Way { missed, missed_by_a_person };
  for (const Way way : {missed, missed_by_a_person}) {
    const auto number = static_cast<std::uint64_t>(way) * 10 + 1;
    auto first = submission(number, std::to_string(way));
    first.submission.natural_key = digest(std::to_string(way));
    caller->accept(first);
    const auto is = [&] { return caller->load(id_of(number)).submission; };
    caller->finish(is(), Event::went_unknown);
    if (way == missed) caller->settle(settlement(is(), Event::not_found));
    if (way == missed_by_a_person) {
      caller->settle(settlement(is(), Event::gave_up_probing));
      ASSERT_EQ(caller->transition(transition_of(is(), Event::not_found)).state, State::queued);
    }
    EXPECT_FALSE(is().unknown_since.has_value());
    ASSERT_EQ(caller->transition(transition_of(is(), Event::cancel)).state, State::cancelled);
    auto second = submission(number + 1, std::to_string(way));
    second.submission.natural_key = digest(std::to_string(way));
    EXPECT_EQ(caller->accept(second).kind, VerdictKind::accepted) << way;
  }
}

TEST_P(Accept, AnsweredByARejectionItIsFreeThoughItWasRepeated) {
  auto first = submission(1);
  first.submission.natural_key = digest("dose");
  caller->accept(first);
  const auto is = [&] { return caller->load(id_of(1)).submission; };
  caller->finish(is(), Event::went_unknown);
  caller->settle(settlement(is(), Event::repeat_allowed));
  caller->finish(is(), Event::rejected);
  auto second = submission(2);
  second.submission.natural_key = digest("dose");
  EXPECT_EQ(caller->accept(second).kind, VerdictKind::accepted);
}

// Only who takes its place by name may have its key.
TEST_P(Accept, WhatExpiredInDoubtIsBoundUntilAPersonRepeatsIt) {
  auto first = submission(1);
  first.submission.natural_key = digest("dose");
  caller->accept(first);
  const auto is = [&] { return caller->load(id_of(1)).submission; };
  caller->finish(is(), Event::went_unknown);
  caller->settle(settlement(is(), Event::repeat_allowed));
  caller->finish(is(), Event::deferred);
  ASSERT_EQ(caller->transition(transition_of(is(), Event::expire)).state, State::expired);
  auto behind_its_back = submission(2);
  behind_its_back.submission.natural_key = digest("dose");
  EXPECT_EQ(caller->accept(behind_its_back).kind, VerdictKind::conflict);
  auto again = submission(3);
  again.submission.natural_key = digest("dose");
  again.replaces = id_of(1);
  EXPECT_EQ(caller->accept(again).kind, VerdictKind::accepted);
  const Verdict taken = caller->accept(behind_its_back);
  EXPECT_EQ(taken.kind, VerdictKind::conflict);
  EXPECT_EQ(taken.submission.id, id_of(3)) << "its key stands for the repetition now";
  ASSERT_EQ(caller->transition(transition_of(caller->load(id_of(3)).submission, Event::cancel)).state,
            State::cancelled);
  EXPECT_EQ(caller->accept(behind_its_back).kind, VerdictKind::accepted) << "and for nobody besides";
}

TEST_P(Accept, AnEarlierMemberOfAChainIsRepeatedWithoutAKeyAndWishedForWithANewOne) {
  const auto dose = [](std::uint64_t number, std::string_view body) {
    auto made = submission(number, "a");
    made.submission.natural_key = digest("dose");
    made.submission.fingerprint = digest(body);
    made.on_conflict = OnConflict::queue_behind;
    return made;
  };
  caller->accept(dose(1, "first"));
  caller->accept(dose(2, "corrected"));
  EXPECT_EQ(caller->accept(dose(3, "first")).submission.id, id_of(1));
  EXPECT_EQ(caller->accept(dose(3, "corrected")).submission.id, id_of(2));
  auto back_to_it = dose(4, "first");
  back_to_it.idempotency_key = digest("new");
  const Verdict wished = caller->accept(back_to_it);
  EXPECT_EQ(wished.kind, VerdictKind::accepted);
  EXPECT_TRUE(wished.submission.correction);
  back_to_it.submission.id = id_of(5);
  EXPECT_EQ(caller->accept(back_to_it).submission.id, id_of(4)) << "its key stands for it now";
  EXPECT_EQ(caller->accept(dose(6, "first")).submission.id, id_of(4)) << "the last member comes first";
}

TEST_P(Accept, AReplayAnswersWithTheCurrentState) {
  caller->finish(caller->accept(submission(1)).submission, Event::delivered);
  const Verdict again = caller->accept(submission(1));
  EXPECT_EQ(again.kind, VerdictKind::replayed);
  EXPECT_EQ(again.submission.state, State::delivered);
  EXPECT_EQ(again.submission.outcome_rule, "rule of delivered");
}

TEST_P(Accept, AnEmptyBatchIsAnswered) {
  const auto verdicts = caller->accept(std::vector<NewSubmission>{});
  ASSERT_TRUE(verdicts.has_value());
  EXPECT_TRUE(verdicts->empty());
}

TEST_P(Accept, AfterCloseEverythingIsUnavailable) {
  caller->accept(submission(1));
  store->close();
  EXPECT_FALSE(store->health().writable);
  EXPECT_EQ(caller->accept(std::vector{submission(2)}).error(), Error::unavailable);
  EXPECT_EQ(caller->load({LoadRequest{id_of(1)}}).error(), Error::unavailable);
}

TEST_P(Accept, CloseAnswersWhatWaits) {
  std::size_t answered = 0;
  for (std::uint64_t i = 1; i <= 100; ++i) {
    store->accept({submission(i)}, caller->home, [&](auto verdicts) { answered += verdicts.has_value() ? 1 : 0; });
  }
  store->close();
  caller->home.run();
  EXPECT_EQ(answered, 100U);
}

}  // namespace
}  // namespace titip::storage
