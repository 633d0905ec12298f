// The contract of taking back, on every engine: what was not sent yet comes to nothing with it, and what was is free to
// be sent again once the taking back is delivered.
#include "storage/state_table.h"
#include "tests/storage/lives.h"

namespace titip::storage {
namespace {

class TakingBack : public Lives {};
INSTANTIATE_TEST_SUITE_P(Engines, TakingBack, ::testing::ValuesIn(engines()),
                         [](const auto& param) { return param.param.name; });

TEST_P(TakingBack, WhatIsStillOursIsTakenBackWithAllThatNeedsIt) {
  for (const State from : {State::queued, State::deferred, State::blocked, State::held}) {
    const auto base = static_cast<std::uint64_t>(from) * 10;
    const std::string word(name(from));
    accept(needing(base + 1, word + "p", {}, {word + " pending"}));
    auto target = needing(base + 2, word + "a", {}, {word});
    if (from == State::blocked) target.submission.requirements = {digest(word + " pending")};
    accept(target);
    if (from == State::deferred) finish(base + 2, Event::deferred);
    if (from == State::held) change(base + 2, Event::hold);
    ASSERT_EQ(state_of(base + 2), from);
    accept(needing(base + 3, word + "b", {word}));

    auto taking = submission(base + 4, word + "a");
    taking.takes_back = digest(word);
    const Verdict verdict = accept(taking);
    EXPECT_EQ(verdict.kind, VerdictKind::accepted) << word;
    EXPECT_EQ(verdict.submission.state, State::cancelled) << word;
    EXPECT_EQ(verdict.cancelled, (std::vector{id_of(base + 2), id_of(base + 3)})) << word;
    EXPECT_EQ(state_of(base + 2), State::cancelled);
    EXPECT_EQ(now_of(base + 2).outcome_rule, "taken_back");
    EXPECT_EQ(state_of(base + 3), State::cancelled);
    EXPECT_EQ(accept(taking).kind, VerdictKind::replayed);
    EXPECT_EQ(accept(taking).submission.state, State::cancelled) << "answered as done";
  }
}

TEST_P(TakingBack, WhatMayHaveBeenThereIsNotTakenBackButFollowed) {
  enum Way { in_flight, unknown, held_unknown, repeated, delivered };
  for (const Way way : {in_flight, unknown, held_unknown, repeated, delivered}) {
    const auto base = static_cast<std::uint64_t>(way) * 10;
    const std::string key = "act " + std::to_string(way);
    accept(needing(base + 1, key, {}, {key}));
    if (way == in_flight) caller->open_attempt(now_of(base + 1));
    if (way == delivered) finish(base + 1, Event::delivered);
    if (way == unknown || way == held_unknown || way == repeated) finish(base + 1, Event::went_unknown);
    if (way == repeated) caller->settle(settlement(now_of(base + 1), Event::repeat_allowed));
    if (way == held_unknown) caller->settle(settlement(now_of(base + 1), Event::gave_up_probing));
    const State before = state_of(base + 1);
    auto taking = submission(base + 2, key);
    taking.takes_back = digest(key);
    const Verdict verdict = accept(taking);
    EXPECT_EQ(verdict.submission.state, State::queued) << key;
    EXPECT_TRUE(verdict.cancelled.empty());
    EXPECT_EQ(state_of(base + 1), before);
  }
  EXPECT_EQ(caller->open_attempt(now_of(2)).applied, Applied::stale) << "behind what is in flight";
}

TEST_P(TakingBack, AReferenceNamesWhatIsTakenBackToo) {
  accept(numbered(1, "a"));
  auto taking = submission(2, "a");
  taking.takes_back = digest("provisional");
  taking.submission.requirements = {digest("provisional")};  // for its real number, were it sent
  EXPECT_EQ(accept(taking).submission.state, State::cancelled);
  EXPECT_EQ(state_of(1), State::cancelled);
}

// What is sent again after it was taken back is meant anew.
TEST_P(TakingBack, ADeliveredTakingBackFreesTheNaturalKeyOfWhatItTookBack) {
  for (const std::string key : {"visit", "provisional", "4711"}) {
    const std::uint64_t base = key == "visit" ? 0 : key == "4711" ? 10 : 20;
    const auto act = [&](std::uint64_t number) {
      NewSubmission made = submission(base + number, "a");
      made.submission.natural_key = digest("register " + key);
      made.submission.fingerprint = digest("the same body");
      made.submission.provides = {digest("visit")};
      made.submission.references = {digest(number == 1 ? "provisional " + key : "another " + key)};
      return made;
    };
    accept(act(1));
    auto landed = delivered(base + 1);
    landed.resolved = {{digest("provisional " + key), {"sealed 4711"}, digest("4711 " + key)}};
    caller->settle(landed);
    ASSERT_EQ(accept(act(2)).kind, VerdictKind::replayed);
    ASSERT_EQ(accept(needing(base + 3, "b", {"visit"})).submission.state, State::queued);

    auto taking = submission(base + 4, "a");
    taking.takes_back = digest(key == "visit" ? key : key == "4711" ? "4711 " + key : "provisional " + key);
    accept(taking);
    EXPECT_EQ(now_of(base + 4).takes_back, taking.takes_back);
    EXPECT_EQ(accept(act(2)).kind, VerdictKind::replayed) << "it is not there yet";
    finish(base + 4, Event::delivered);
    EXPECT_EQ(state_of(base + 1), State::delivered) << "it was";

    const Verdict again = accept(act(5));
    EXPECT_EQ(again.kind, VerdictKind::accepted) << key;
    EXPECT_EQ(again.submission.state, State::queued);
    EXPECT_FALSE(again.submission.correction) << "of nothing";
    EXPECT_EQ(accept(needing(base + 6, "c", {"visit"})).submission.state, State::blocked) << "until it is there again";
    EXPECT_EQ(accept(act(7)).kind, VerdictKind::replayed);
    EXPECT_EQ(accept(needing(base + 8, "d", {"provisional " + key})).submission.state, State::queued)
        << "the number names what it named, and the server judges";
    finish(base + 5, Event::delivered);
    EXPECT_EQ(state_of(base + 6), State::queued);
    EXPECT_EQ(accept(act(9)).kind, VerdictKind::replayed) << "only what came before was taken back";
    finish(base + 3, Event::delivered);
    finish(base + 6, Event::delivered);
    finish(base + 8, Event::delivered);
  }
}

TEST_P(TakingBack, WhatIsTakenBackGoesWithItsCorrectionsAndNothingElse) {
  const auto act = [](std::uint64_t number, std::string_view body, std::string_view natural) {
    NewSubmission made = submission(number, "a");
    made.submission.natural_key = digest(natural);
    made.submission.fingerprint = digest(body);
    made.submission.provides = {digest(natural)};
    made.on_conflict = OnConflict::queue_behind;
    return made;
  };
  accept(act(1, "first", "dose"));
  accept(act(2, "mended", "dose"));
  accept(act(3, "first", "another dose"));
  for (const std::uint64_t number : {1U, 2U, 3U}) finish(number, Event::delivered);
  auto taking = submission(4, "a");
  taking.takes_back = digest("dose");
  accept(taking);
  accept(act(5, "mended again", "dose"));  // behind it: not what it takes back
  finish(4, Event::delivered);
  EXPECT_EQ(accept(act(6, "mended again", "dose")).kind, VerdictKind::replayed);
  EXPECT_EQ(accept(act(7, "first", "another dose")).kind, VerdictKind::replayed);
  EXPECT_EQ(accept(act(8, "first", "dose")).kind, VerdictKind::accepted);
  EXPECT_EQ(accept(act(9, "mended", "dose")).kind, VerdictKind::accepted);
}

TEST_P(TakingBack, ATakingBackThatIsNotDeliveredFreesNothing) {
  const auto act = [](std::uint64_t number) {
    NewSubmission made = submission(number, "a");
    made.submission.natural_key = digest("register");
    made.submission.fingerprint = digest("the same body");
    made.submission.provides = {digest("visit")};
    return made;
  };
  accept(act(1));
  finish(1, Event::delivered);
  const auto taking_back = [&](std::uint64_t number) {
    auto taking = submission(number, "a");
    taking.takes_back = digest("visit");
    accept(taking);
  };
  const auto is_bound = [&] { return accept(act(100)).kind == VerdictKind::replayed; };
  taking_back(2);
  finish(2, Event::rejected);
  EXPECT_TRUE(is_bound());
  taking_back(3);
  finish(3, Event::went_unknown);
  EXPECT_TRUE(is_bound());
  caller->settle(settlement(now_of(3), Event::gave_up_probing));
  ASSERT_EQ(state_of(3), State::held);
  EXPECT_TRUE(is_bound()) << "parked";
  EXPECT_EQ(accept(needing(4, "b", {"visit"})).submission.state, State::queued) << "and met";
  change(3, Event::delivered);
  EXPECT_FALSE(is_bound()) << "somebody says that it landed";
}

// Both came to nothing in custody: the act never was.
TEST_P(TakingBack, WhatWasTakenBackBeforeItWasSentMayBeSentAgain) {
  auto act = needing(1, "a", {}, {"visit"});
  act.submission.natural_key = digest("register");
  accept(act);
  auto taking = submission(2, "a");
  taking.takes_back = digest("visit");
  ASSERT_EQ(accept(taking).submission.state, State::cancelled);
  auto again = act;
  again.submission.id = id_of(3);
  EXPECT_EQ(accept(again).kind, VerdictKind::accepted);
  EXPECT_EQ(accept(needing(4, "b", {"visit"})).submission.state, State::blocked);
  finish(3, Event::delivered);
  EXPECT_EQ(state_of(4), State::queued);
}

// A DELETE by the provisional number, which it would need to be sent.
NewSubmission taking_number(std::uint64_t number, std::string_view person, std::string_view reference) {
  NewSubmission taking = submission(number, person);
  taking.takes_back = digest(reference);
  taking.submission.requirements = {digest(reference)};
  return taking;
}

// A registration, a visit that needs it, and what quotes the visit's number.
void accept_a_chain(Caller& caller, std::uint64_t base, const std::string& person) {
  NewSubmission act = needing(base + 1, person, {}, {person + " registered"});
  act.submission.references = {digest(person + " number")};
  NewSubmission visit = needing(base + 2, person, {person + " registered"});
  visit.submission.references = {digest(person + " visit")};
  caller.accept(act);
  caller.accept(visit);
  caller.accept(needing(base + 3, person, {person + " visit"}));
}

TEST_P(TakingBack, WhatNeverLandedIsAsGoodAsTakenBack) {
  for (const Event end : {Event::cancel, Event::rejected, Event::expire}) {
    const auto base = static_cast<std::uint64_t>(end) * 10;
    const std::string person(name(end));
    accept_a_chain(*caller, base, person);
    end == Event::rejected ? finish(base + 1, end) : change(base + 1, end);
    const bool all_went = end == Event::cancel;
    ASSERT_EQ(state_of(base + 2), all_went ? State::cancelled : State::held) << person;

    for (const std::uint64_t twice : {4U, 5U}) {
      const Verdict verdict = accept(taking_number(base + twice, person, person + " number"));
      EXPECT_EQ(verdict.kind, VerdictKind::accepted) << person;
      EXPECT_EQ(verdict.submission.state, State::cancelled) << person << twice;
      EXPECT_EQ(verdict.submission.outcome_rule, nothing_to_take_back) << person;
      EXPECT_EQ(now_of(base + twice).settled_at, verdict.submission.settled_at);
      const auto went = std::vector{id_of(base + 2), id_of(base + 3)};
      EXPECT_EQ(verdict.cancelled, twice == 4 && !all_went ? went : std::vector<SubmissionId>{}) << person;
    }
    EXPECT_EQ(state_of(base + 2), State::cancelled) << "who waited for it to be mended goes with it";
    EXPECT_EQ(state_of(base + 3), State::cancelled) << "and who waited for that one";
    EXPECT_EQ(accept(submission(base + 6, person)).submission.state, State::queued);
    EXPECT_EQ(caller->open_attempt(now_of(base + 6)).applied, Applied::yes) << "nobody blocks the line";
    EXPECT_EQ(accept(needing(base + 7, person + "!", {person + " number"})).submission.state, State::held)
        << "who is no taking back and wants the number still waits for a person";
  }
}

// The target is on its way when both are accepted, and its outcome comes later, or after a restart.
TEST_P(TakingBack, WhoWaitsToTakeBackIsDoneOnceItIsKnownThatNothingIsThere) {
  for (const Event end : {Event::rejected, Event::cancel, Event::expire}) {
    const auto base = static_cast<std::uint64_t>(end) * 10;
    const std::string person(name(end));
    accept_a_chain(*caller, base, person);
    caller->open_attempt(now_of(base + 1));
    for (const std::uint64_t twice : {4U, 5U}) {
      EXPECT_EQ(accept(taking_number(base + twice, person, person + " number")).submission.state, State::blocked);
    }
    const Changed ended = end == Event::rejected
                              ? caller->settle(settlement(now_of(base + 1), end))
                              : (caller->settle(settlement(now_of(base + 1), Event::deferred)), change(base + 1, end));
    ASSERT_EQ(ended.applied, Applied::yes) << person;
    for (const std::uint64_t taking : {4U, 5U}) {
      EXPECT_EQ(state_of(base + taking), State::cancelled) << person << taking;
      EXPECT_EQ(now_of(base + taking).outcome_rule, nothing_to_take_back) << person;
    }
    EXPECT_EQ(state_of(base + 2), State::cancelled) << person;
    EXPECT_EQ(state_of(base + 3), State::cancelled) << person;
    EXPECT_EQ(ended.cancelled.size(), 4U) << "the dependants and both who took it back";
    EXPECT_TRUE(accept(submission(base + 6, person)).is_front) << "nobody blocks the line";
  }
}

// What may be there must not be given up in silence: a person says what came of it.
TEST_P(TakingBack, WhatMayHaveLandedIsNotDone) {
  accept(numbered(1, "a"));
  finish(1, Event::went_unknown);
  caller->settle(settlement(now_of(1), Event::gave_up_probing));
  change(1, Event::cancel);
  ASSERT_EQ(state_of(1), State::cancelled);
  EXPECT_EQ(accept(taking_number(2, "a", "provisional")).submission.state, State::held);
  EXPECT_EQ(reason_of(2), HoldReason::requirement);
  change(2, Event::cancel);

  NewSubmission expired = needing(3, "b", {});
  expired.submission.references = {digest("expired")};
  accept(expired);
  finish(3, Event::went_unknown);
  caller->settle(settlement(now_of(3), Event::repeat_allowed));
  change(3, Event::expire);
  ASSERT_EQ(state_of(3), State::expired);
  EXPECT_EQ(accept(taking_number(4, "b", "expired")).submission.state, State::held);

  // Repeated, edited, and that one is rejected: the first may still be there.
  NewSubmission edited = submission(5, "b");
  edited.replaces = id_of(3);
  accept(edited);
  EXPECT_EQ(state_of(4), State::blocked);
  finish(5, Event::rejected);
  EXPECT_EQ(state_of(4), State::held);

  // It is there, and nobody could find out its number.
  NewSubmission nameless = submission(6, "c");
  nameless.submission.references = {digest("nameless")};
  accept(nameless);
  finish(6, Event::delivered);
  EXPECT_EQ(accept(taking_number(7, "c", "nameless")).submission.state, State::held);
}

// Whoever mends what failed keeps what waits for it: only what nobody mended is let go.
TEST_P(TakingBack, WhatWasMendedKeepsItsDependants) {
  accept_a_chain(*caller, 0, "a");
  finish(1, Event::rejected);
  ASSERT_EQ(state_of(2), State::held);
  accept(needing(4, "a", {}, {"a registered"}));  // registered anew
  ASSERT_EQ(state_of(2), State::blocked);
  EXPECT_EQ(accept(taking_number(5, "a", "a number")).submission.state, State::cancelled) << "the first is not there";
  EXPECT_EQ(state_of(2), State::blocked) << "it waits for the second";
  finish(4, Event::delivered);
  EXPECT_EQ(state_of(2), State::queued);
}

// Another facility's word ends nothing here.
TEST_P(TakingBack, NobodyTakesBackWhatIsAnothers) {
  accept_a_chain(*caller, 0, "a");
  finish(1, Event::rejected);
  NewSubmission taking = taking_number(4, "b", "a number");
  taking.submission.facility = "clinic-2";
  EXPECT_EQ(accept(taking).submission.state, State::held);
  EXPECT_EQ(state_of(2), State::held);
}

// The second one finds nothing at the server and says so by its own outcome; neither waits for the other.
TEST_P(TakingBack, TwiceOfWhatWasDeliveredIsSentTwice) {
  accept(numbered(1, "a"));
  caller->open_attempt(now_of(1));
  accept(taking_number(2, "a", "provisional"));
  accept(taking_number(3, "a", "provisional"));
  auto landed = settlement(now_of(1), Event::delivered);
  landed.resolved = {{digest("provisional"), {"sealed 4711"}, digest("4711")}};
  caller->settle(landed);
  EXPECT_EQ(state_of(2), State::queued);
  finish(2, Event::delivered);
  finish(3, Event::delivered);
  auto by_real = submission(4, "a");
  by_real.takes_back = digest("4711");
  EXPECT_EQ(accept(by_real).submission.state, State::queued);
  EXPECT_EQ(caller->open_attempt(now_of(4)).applied, Applied::yes);
}

TEST_P(TakingBack, ARepetitionOfATakingBackTakesTheSameBack) {
  auto act = needing(1, "a", {}, {"visit"});
  act.submission.natural_key = digest("register");
  accept(act);
  finish(1, Event::delivered);
  auto taking = submission(2, "a");
  taking.takes_back = digest("visit");
  accept(taking);
  finish(2, Event::rejected);
  auto edited = submission(3, "a");
  edited.replaces = id_of(2);
  EXPECT_EQ(accept(edited).submission.takes_back, digest("visit"));
  finish(3, Event::delivered);
  act.submission.id = id_of(4);
  EXPECT_EQ(accept(act).kind, VerdictKind::accepted);
}

}  // namespace
}  // namespace titip::storage
