// The contract of requirements, references and resubmission, on every engine.
#include "storage/book.h"
#include "tests/storage/lives.h"

namespace titip::storage {
namespace {

using Numbers = std::vector<std::uint64_t>;

class Requiring : public Lives {};
INSTANTIATE_TEST_SUITE_P(Engines, Requiring, ::testing::ValuesIn(engines()),
                         [](const auto& param) { return param.param.name; });

TEST_P(Requiring, WhatWasNeverInCustodyIsNotWaitedFor) {
  EXPECT_EQ(accept(needing(1, "a", {"visit"})).submission.state, State::queued);
}

TEST_P(Requiring, APendingProviderBlocksAndItsDeliveryReleases) {
  accept(needing(1, "a", {}, {"visit"}));
  const Verdict verdict = accept(needing(2, "b", {"visit"}));
  EXPECT_EQ(verdict.submission.state, State::blocked);
  EXPECT_FALSE(verdict.submission.due_at.has_value());
  EXPECT_EQ(due(), (Numbers{1}));
  finish(1, Event::delivered);
  EXPECT_EQ(state_of(2), State::queued);
  EXPECT_EQ(now_of(2).due_at, now_of(2).accepted_at) << "by its age, as if it had stood in the queue";
  EXPECT_EQ(due(), (Numbers{2}));
  EXPECT_EQ(accept(needing(3, "c", {"visit"})).submission.state, State::queued) << "met for good";
}

TEST_P(Requiring, WithinOneGroupToo) {
  const auto verdicts = caller->accept({needing(1, "a", {}, {"visit"}), needing(2, "b", {"visit"})});
  ASSERT_TRUE(verdicts.has_value());
  EXPECT_EQ(verdicts->at(1).submission.state, State::blocked);
}

TEST_P(Requiring, AllRequirementsAreAskedFor) {
  accept(needing(1, "a", {}, {"visit"}));
  accept(needing(2, "b", {}, {"consent"}));
  accept(needing(3, "c", {"visit", "consent", "visit"}));
  finish(1, Event::delivered);
  EXPECT_EQ(state_of(3), State::blocked);
  finish(2, Event::delivered);
  EXPECT_EQ(state_of(3), State::queued);
}

TEST_P(Requiring, ARejectedOrExpiredProviderHoldsThemAndANewOneTakesThemBack) {
  for (const Event event : {Event::rejected, Event::expire}) {
    const auto base = static_cast<std::uint64_t>(event) * 10;
    const std::string key(name(event));
    accept(needing(base + 1, key + "a", {}, {key}));
    accept(needing(base + 2, key + "b", {key}));
    event == Event::rejected ? finish(base + 1, event) : change(base + 1, event);
    EXPECT_EQ(state_of(base + 2), State::held) << key;
    EXPECT_EQ(reason_of(base + 2), HoldReason::requirement);
    EXPECT_EQ(accept(needing(base + 3, key + "c", {key})).submission.hold_reason, HoldReason::requirement)
        << "and who comes later";
    EXPECT_EQ(change(base + 2, Event::release).applied, Applied::stale) << "it would lead nowhere";

    accept(needing(base + 4, key + "d", {}, {key}));
    EXPECT_EQ(state_of(base + 2), State::blocked);
    EXPECT_EQ(state_of(base + 3), State::blocked);
    finish(base + 4, Event::delivered);
    EXPECT_EQ(state_of(base + 2), State::queued);
    EXPECT_EQ(state_of(base + 3), State::queued);
  }
}

TEST_P(Requiring, OneOfTwoProvidersIsEnough) {
  accept(needing(1, "a", {}, {"visit"}));
  accept(needing(2, "b", {}, {"visit"}));
  accept(needing(3, "c", {"visit"}));
  finish(1, Event::rejected);
  EXPECT_EQ(state_of(3), State::blocked) << "the other may still bring it";
  finish(2, Event::delivered);
  EXPECT_EQ(state_of(3), State::queued);
}

TEST_P(Requiring, ACancelledProviderTakesItsDependantsAlongAndTheirs) {
  accept(needing(1, "a", {}, {"visit"}));
  accept(needing(2, "b", {"visit"}, {"dose"}));
  accept(needing(3, "c", {"dose"}));
  accept(needing(4, "d", {"elsewhere"}));
  const Changed changed = change(1, Event::cancel);
  EXPECT_EQ(changed.state, State::cancelled);
  EXPECT_EQ(changed.cancelled, (std::vector{id_of(2), id_of(3)}));
  EXPECT_EQ(state_of(2), State::cancelled);
  EXPECT_EQ(state_of(3), State::cancelled);
  EXPECT_EQ(now_of(3).outcome_rule, "requirement_cancelled");
  EXPECT_EQ(state_of(4), State::queued);
}

TEST_P(Requiring, ADependantThatAPersonHoldsIsAskedAgainWhenItIsReleased) {
  accept(needing(1, "a", {}, {"visit"}));
  accept(needing(2, "b", {"visit"}));
  ASSERT_EQ(change(2, Event::hold).state, State::held);
  finish(1, Event::delivered);
  EXPECT_EQ(state_of(2), State::held) << "the person's word holds";
  EXPECT_EQ(change(2, Event::release).state, State::queued) << "it was held from blocked, and nothing blocks it";
  accept(needing(3, "c", {}, {"consent"}));
  accept(needing(4, "d", {"consent"}));
  change(4, Event::hold);
  finish(3, Event::rejected);
  EXPECT_EQ(change(4, Event::release).applied, Applied::yes);
  EXPECT_EQ(reason_of(4), HoldReason::requirement);
}

TEST_P(Requiring, NobodyElseMovesAlongTheRowsOfRequirements) {
  accept(needing(1, "a", {}, {"visit"}));
  accept(needing(2, "b", {"visit"}));
  for (const Event event : {Event::requirement_delivered, Event::requirement_failed, Event::requirement_cancelled}) {
    EXPECT_EQ(change(2, event).applied, Applied::stale) << name(event);
  }
}

TEST_P(Requiring, TheServerSaysThatSomethingIsMissing) {
  accept(needing(1, "a", {"visit", "consent"}));  // neither was ever here
  accept(needing(2, "b", {}, {"visit"}));
  EXPECT_EQ(finish(1, Event::blocked).state, State::blocked) << "now it is, and pending";
  EXPECT_EQ(now_of(1).blocked_replies, 0U);
  finish(2, Event::delivered);
  EXPECT_EQ(state_of(1), State::queued);
  for (const State expected : {State::deferred, State::deferred, State::rejected}) {
    EXPECT_EQ(finish(1, Event::blocked).state, expected) << "though we have delivered it";
  }
  EXPECT_EQ(now_of(1).blocked_replies, 3U);

  accept(needing(3, "c", {"consent"}));
  accept(needing(4, "d", {}, {"consent"}));
  finish(4, Event::rejected);
  EXPECT_EQ(finish(3, Event::blocked).state, State::held) << "what it needs was rejected";
  EXPECT_EQ(reason_of(3), HoldReason::requirement);
}

TEST_P(Requiring, WhoeverComesBackIntoTheQueueIsAskedAgain) {
  accept(needing(1, "a", {"visit"}));
  caller->open_attempt(now_of(1));
  accept(needing(2, "b", {}, {"visit"}));
  auto returned = settlement(now_of(1), Event::returned);
  EXPECT_EQ(caller->settle(returned).state, State::blocked);
}

TEST_P(Requiring, AReferenceIsMetOnlyWithItsNumber) {
  accept(numbered(1, "a"));
  accept(needing(2, "b", {"provisional"}));
  EXPECT_EQ(state_of(2), State::blocked);
  auto landed = delivered(1);
  landed.read_back_at = at(noon_ms + 4000);
  EXPECT_EQ(caller->settle(landed).state, State::delivered);
  EXPECT_EQ(state_of(2), State::blocked) << "the server said nothing of a number";
  EXPECT_EQ(due(DueClass::read_back), (Numbers{1}));
  EXPECT_EQ(now_of(1).due_at, at(noon_ms + 4000));

  ReadBack read{.id = id_of(1), .expected_version = now_of(1).version, .resolved = {}, .again_at = at(noon_ms + 8000)};
  EXPECT_EQ(caller->read_back(read).applied, Applied::yes);
  EXPECT_EQ(now_of(1).due_at, at(noon_ms + 8000));
  EXPECT_EQ(caller->read_back(read).applied, Applied::stale) << "the version moved on";

  read.expected_version = now_of(1).version;
  read.resolved = {{digest("provisional"), {"sealed 4711"}, digest("real")}};
  EXPECT_EQ(caller->read_back(read).applied, Applied::yes);
  EXPECT_EQ(state_of(2), State::queued);
  EXPECT_TRUE(due(DueClass::read_back).empty());
  EXPECT_FALSE(now_of(1).due_at.has_value());
  EXPECT_EQ(accept(needing(3, "c", {"real"})).submission.state, State::queued) << "by its real number too";
}

TEST_P(Requiring, TheNumberMayComeWithTheReply) {
  accept(numbered(1, "a"));
  accept(needing(2, "b", {"provisional"}));
  auto landed = delivered(1);
  landed.resolved = {{digest("provisional"), {"sealed 4711"}, {}}};
  landed.read_back_at = at(noon_ms + 4000);  // not needed
  caller->settle(landed);
  EXPECT_EQ(state_of(2), State::queued);
  EXPECT_TRUE(due(DueClass::read_back).empty());
}

TEST_P(Requiring, ANumberThatNeverComesHoldsWhoeverNeedsItUntilAPersonBringsIt) {
  accept(numbered(1, "a"));
  accept(needing(2, "b", {"provisional"}));
  auto landed = delivered(1);
  landed.read_back_at = at(noon_ms + 4000);
  caller->settle(landed);
  ReadBack read{.id = id_of(1), .expected_version = now_of(1).version, .resolved = {}, .again_at = {}};
  caller->read_back(read);
  EXPECT_EQ(reason_of(2), HoldReason::requirement);
  EXPECT_TRUE(due(DueClass::read_back).empty());

  read.expected_version = now_of(1).version;
  read.again_at = at(noon_ms + 9000);
  caller->read_back(read);
  EXPECT_EQ(state_of(2), State::blocked) << "it is read again after all";
  read.expected_version = now_of(1).version;
  read.resolved = {{digest("provisional"), {"sealed 4711"}, {}}};
  caller->read_back(read);
  EXPECT_EQ(state_of(2), State::queued);
}

TEST_P(Requiring, APersonsWordBringsTheNumber) {
  accept(numbered(1, "a"));
  accept(needing(2, "b", {"provisional"}));
  finish(1, Event::went_unknown);
  caller->settle(settlement(now_of(1), Event::gave_up_probing));
  auto landed = transition_of(now_of(1), Event::delivered);
  landed.resolved = {{digest("provisional"), {"sealed 4711"}, {}}};
  EXPECT_EQ(caller->transition(landed).state, State::delivered);
  EXPECT_EQ(state_of(2), State::queued);
}

TEST_P(Requiring, TooManyWaitersAreRefusedAndNothingHappens) {
  accept(needing(1, "a", {}, {"visit"}));
  std::vector<NewSubmission> batch;
  for (std::uint64_t i = 2; i <= 1001; ++i) batch.push_back(needing(i, "person " + std::to_string(i), {"visit"}));
  ASSERT_TRUE(caller->accept(std::move(batch)).has_value());
  EXPECT_EQ(caller->accept(std::vector{needing(2000, "z", {"visit"})}).error(), Error::overloaded);
  EXPECT_EQ(store->health().last_position, 1001U);
  finish(1, Event::delivered);
  EXPECT_EQ(store->counts().destinations.at("pcare").by_state[static_cast<std::size_t>(State::queued)], 1000U);
  EXPECT_EQ(accept(needing(2000, "z", {"visit"})).submission.state, State::queued);
}

// As many as may go with one record in one commit; with one more nothing happens at all.
TEST_P(Requiring, AsManyFollowAsMayAndNotOneMore) {
  constexpr std::uint64_t keys = most_followers / 1'000;
  std::vector<std::string> provided;
  for (std::uint64_t key = 0; key <= keys; ++key) provided.push_back("visit " + std::to_string(key));
  auto visited = needing(1, "a", {});
  for (const auto& key : provided) visited.submission.provides.push_back(digest(key));
  accept(std::move(visited));
  for (std::uint64_t key = 0; key < keys; ++key) {
    std::vector<NewSubmission> batch;
    for (std::uint64_t i = 0; i < 1'000; ++i) {
      const auto number = 10 + key * 1'000 + i;
      batch.push_back(needing(number, "person " + std::to_string(number), {provided[key]}));
    }
    ASSERT_TRUE(caller->accept(std::move(batch)).has_value());
  }
  const auto one_more = accept(needing(2, "b", {provided.back()})).submission;
  const auto cancel = [&] { return caller->transition(std::vector{transition_of(now_of(1), Event::cancel)}); };
  EXPECT_EQ(cancel().error(), Error::overloaded);
  EXPECT_EQ(state_of(1), State::queued);
  EXPECT_EQ(state_of(10), State::blocked);
  ASSERT_EQ(caller->transition(transition_of(one_more, Event::cancel)).state, State::cancelled);
  const auto gone = cancel();
  ASSERT_TRUE(gone.has_value());
  EXPECT_EQ(gone->front().cancelled.size(), most_followers);
  EXPECT_EQ(state_of(10), State::cancelled);
}

// --- resubmission ---------------------------------------------------------------------------------------------------

TEST_P(Requiring, ARepetitionIsNamedByTheOldOneAndTakesItsPlaceForTheDependants) {
  auto old = numbered(1, "a");
  old.submission.provides = {digest("visit")};
  accept(old);
  accept(needing(2, "b", {"visit"}));
  accept(needing(3, "c", {"provisional"}));
  finish(1, Event::rejected);
  ASSERT_EQ(reason_of(2), HoldReason::requirement);

  auto again = submission(4, "a");
  again.replaces = id_of(1);
  const Verdict verdict = accept(again);
  EXPECT_EQ(verdict.kind, VerdictKind::accepted);
  EXPECT_EQ(verdict.submission.replaces, id_of(1));
  EXPECT_EQ(verdict.submission.position, 4U) << "at the end";
  EXPECT_EQ(now_of(1).replaced_by, id_of(4));
  EXPECT_EQ(state_of(1), State::rejected) << "it stays";
  EXPECT_EQ(state_of(2), State::blocked);
  EXPECT_EQ(state_of(3), State::blocked);
  auto landed = delivered(4);
  landed.resolved = {{digest("provisional"), {"sealed 4711"}, {}}};
  caller->settle(landed);
  EXPECT_EQ(state_of(2), State::queued);
  EXPECT_EQ(state_of(3), State::queued);
}

TEST_P(Requiring, OnlyARejectedOrExpiredRecordIsReplacedAndOnlyOnce) {
  accept(submission(1, "a"));
  auto again = submission(2, "a");
  again.replaces = id_of(1);
  Verdict verdict = accept(again);
  EXPECT_EQ(verdict.kind, VerdictKind::not_replaceable) << "it is still on its way";
  EXPECT_EQ(verdict.submission.id, id_of(1));
  change(1, Event::expire);
  EXPECT_EQ(accept(again).kind, VerdictKind::accepted);
  EXPECT_EQ(accept(again).kind, VerdictKind::replayed) << "the same one again";
  auto other = submission(3, "a");
  other.replaces = id_of(1);
  EXPECT_EQ(accept(other).kind, VerdictKind::not_replaceable) << "somebody has done it";
  EXPECT_EQ(accept(other).submission.replaced_by, id_of(2));
  other.replaces = id_of(99);
  EXPECT_EQ(accept(other).kind, VerdictKind::not_replaceable) << "nobody knows it";
}

TEST_P(Requiring, ARepetitionWhoseNaturalKeyIsTakenIsAConflict) {
  auto first = submission(1, "a");
  first.submission.natural_key = digest("dose");
  accept(first);
  finish(1, Event::rejected);
  auto second = submission(2, "a");
  second.submission.natural_key = digest("dose");
  accept(second);
  auto again = submission(3, "a");
  again.submission.natural_key = digest("dose");
  again.replaces = id_of(1);
  again.on_conflict = OnConflict::queue_behind;
  const Verdict verdict = accept(again);
  EXPECT_EQ(verdict.kind, VerdictKind::conflict);
  EXPECT_EQ(verdict.submission.id, id_of(2));
  EXPECT_FALSE(now_of(1).replaced_by.has_value());
}

// What it corrects was there before the rejected correction, which stood behind it too.
TEST_P(Requiring, ARepetitionOfACorrectionStandsBehindWhatItCorrects) {
  const auto dose = [](std::uint64_t number, std::string_view body) {
    auto made = submission(number, "a");
    made.submission.natural_key = digest("dose");
    made.submission.fingerprint = digest(body);
    made.on_conflict = OnConflict::queue_behind;
    return made;
  };
  accept(dose(1, "first"));
  finish(1, Event::went_unknown);
  caller->settle(settlement(now_of(1), Event::gave_up_probing));
  accept(dose(2, "corrected"));
  ASSERT_EQ(caller->transition(transition_of(now_of(1), Event::cancel)).state, State::cancelled);
  finish(2, Event::rejected);

  auto again = dose(3, "mended");
  again.replaces = id_of(2);
  auto refused = again;
  refused.on_conflict = OnConflict::refuse;
  EXPECT_EQ(accept(refused).kind, VerdictKind::conflict) << "a route that takes no corrections";
  const Verdict verdict = accept(again);
  EXPECT_EQ(verdict.kind, VerdictKind::accepted);
  EXPECT_TRUE(verdict.submission.correction);
  EXPECT_EQ(now_of(2).replaced_by, id_of(3));
  finish(3, Event::rejected);
  accept(dose(4, "somebody else's"));
  auto too_late = dose(5, "mended again");
  too_late.replaces = id_of(3);
  EXPECT_EQ(accept(too_late).submission.id, id_of(4)) << "who has come since has the key";
  EXPECT_FALSE(now_of(3).replaced_by.has_value());
}

// Released into another hold, its state stays as it was, and its deadline is given up all the same.
TEST_P(Requiring, ADeadlineThatIsGivenUpIsCountedNoMore) {
  accept(needing(1, "a", {}, {"visit"}));
  auto late = needing(2, "b", {"visit"});
  late.submission.deadline = at(noon_ms - 1);
  accept(late);
  const auto counted = [&] { return store->counts().destinations.at("pcare").pending_by_deadline.size(); };
  ASSERT_EQ(counted(), 1U);
  auto hold = transition_of(now_of(2), Event::hold);
  hold.hold_reason = HoldReason::deadline;
  ASSERT_EQ(caller->transition(hold).state, State::held);
  finish(1, Event::rejected);
  ASSERT_EQ(now_of(2).hold_reason, HoldReason::deadline);
  ASSERT_EQ(counted(), 1U);
  ASSERT_EQ(caller->transition(transition_of(now_of(2), Event::release)).state, State::held);
  EXPECT_EQ(now_of(2).hold_reason, HoldReason::requirement);
  EXPECT_EQ(counted(), 0U);
}

// --- erasure on the way
// -------------------------------------------------------------------------------------------------

TEST_P(Requiring, WhatIsErasedOnItsWayIsCancelledAsSoonAsItComesBack) {
  accept(needing(1, "a", {}, {"visit"}));
  accept(needing(2, "b", {"visit"}));
  caller->open_attempt(now_of(1));
  std::vector<Erased> erased;
  store->erase({id_of(1)}, caller->home, [&](Result<std::vector<Erased>> said) { erased = *said; });
  const auto deferred = settlement(now_of(1), Event::deferred);
  const Changed changed = caller->settle(deferred);  // behind the erasure
  ASSERT_EQ(erased.size(), 1U);
  EXPECT_EQ(erased[0].kind, Erased::Kind::when_settled);
  EXPECT_EQ(changed.state, State::cancelled);
  EXPECT_EQ(changed.cancelled, (std::vector{id_of(2)}));
  const Loaded loaded = caller->load(id_of(1));
  EXPECT_TRUE(loaded.payload.empty());
  EXPECT_TRUE(loaded.submission.wrapped_key.empty());
  EXPECT_TRUE(loaded.submission.content_erased);
}

}  // namespace
}  // namespace titip::storage
