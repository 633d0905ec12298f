// Erasing and wrapping anew, on every engine.
#include "tests/storage/upkeep.h"

namespace titip::storage {
namespace {

INSTANTIATE_TEST_SUITE_P(Engines, Upkeep, ::testing::ValuesIn(engines()),
                         [](const auto& param) { return param.param.name; });

TEST_P(Upkeep, ErasingWhatIsPendingCancelsIt) {
  auto made = submission(1, "a");
  made.submission.natural_key = digest("act");
  made.idempotency_key = digest("key");
  auto held = submission(2, "b");
  accept({made, held, submission(3, "c"), submission(4, "c")});
  change(2, Event::hold);
  settle_as(3, Event::deferred, at(noon_ms + 1));
  for (const std::uint64_t number : {1U, 2U, 3U, 4U}) {
    EXPECT_EQ(erase(id_of(number)), Erased::Kind::cancelled_and_erased) << number;
    expect_no_content(id_of(number));
    EXPECT_EQ(now_of(number).state, State::cancelled);
    EXPECT_EQ(now_of(number).outcome_rule, "erased");
    EXPECT_EQ(now_of(number).settled_at, now);
  }
  EXPECT_EQ(counted(State::cancelled), 4U);
  EXPECT_EQ(store->counts().destinations.at("pcare").payload_bytes_pending, 0U);
  EXPECT_TRUE(caller->lanes().empty());
  EXPECT_TRUE(caller->due().items.empty());
  EXPECT_EQ(erase(id_of(1)), Erased::Kind::erased) << "again";
  EXPECT_EQ(erase(id_of(9)), Erased::Kind::not_there);
  // Its natural key is free, its idempotency key is not: the same request is the same request.
  auto again = submission(5, "a");
  again.submission.natural_key = digest("act");
  EXPECT_EQ(caller->accept(again).kind, VerdictKind::accepted);
  auto replay = submission(6, "a");
  replay.submission.fingerprint = made.submission.fingerprint;
  replay.idempotency_key = digest("key");
  const Verdict verdict = caller->accept(replay);
  EXPECT_EQ(verdict.kind, VerdictKind::replayed);
  EXPECT_TRUE(verdict.submission.content_erased);
}

TEST_P(Upkeep, WhoWaitsForAnErasedRecordGoesWithIt) {
  auto origin = submission(1, "a");
  origin.submission.provides = {digest("registration")};
  auto dependant = submission(2, "b");
  dependant.submission.requirements = {digest("registration")};
  accept({origin, dependant});
  ASSERT_EQ(now_of(2).state, State::blocked);
  EXPECT_EQ(erase(id_of(1)), Erased::Kind::cancelled_and_erased);
  EXPECT_EQ(now_of(2).state, State::cancelled);
  expect_content(id_of(2));
  EXPECT_EQ(erase(id_of(2)), Erased::Kind::erased);
  expect_no_content(id_of(2));
}

TEST_P(Upkeep, WhatIsOnItsWayIsErasedOnceItIsSettled) {
  accept({submission(1, "a"), submission(2, "b"), submission(3, "c"), submission(4, "d")});
  struct Row {
    std::uint64_t number;
    Event event;
    State ends;
  };
  for (const Row& row : {Row{1, Event::delivered, State::delivered}, Row{2, Event::deferred, State::cancelled},
                         Row{3, Event::rejected, State::rejected}, Row{4, Event::returned, State::cancelled}}) {
    const Submission record = now_of(row.number);
    ASSERT_EQ(caller->open_attempt(record).applied, Applied::yes);
    EXPECT_EQ(erase(record.id), Erased::Kind::when_settled);
    expect_content(record.id);
    EXPECT_EQ(erase(record.id), Erased::Kind::when_settled) << "again";
    Settlement made = settlement(record, row.event, 1);
    made.attempt.note = {"sealed note"};
    made.reply = {"sealed reply"};
    const Changed changed = caller->settle(std::move(made));
    EXPECT_EQ(changed.applied, Applied::yes) << "the wish to erase must not cost the outcome";
    EXPECT_EQ(changed.state, row.ends);
    EXPECT_EQ(now_of(row.number).state, row.ends);
    EXPECT_EQ(now_of(row.number).version, changed.version);
    expect_no_content(record.id);
  }
  EXPECT_TRUE(caller->due("clinic-1", DueClass::send, at(noon_ms + 1'000'000)).items.empty());
}

TEST_P(Upkeep, AnUnknownRecordIsErasedOnceThatIsDecided) {
  accept({submission(1, "a"), submission(2, "b"), submission(3, "c")});
  for (const std::uint64_t number : {1U, 2U, 3U}) {
    settle_as(number, Event::went_unknown, at(noon_ms));
    EXPECT_EQ(erase(id_of(number)), Erased::Kind::when_settled);
  }
  reopen();  // the wish is as durable as the record
  const auto probed = [&](std::uint64_t number, Event event) {
    Settlement made = settlement(now_of(number), event);
    made.counts_as_attempt = false;
    made.attempt.probe = true;
    EXPECT_EQ(caller->settle(std::move(made)).applied, Applied::yes);
  };
  probed(1, Event::probe_inconclusive);
  expect_content(id_of(1));
  probed(1, Event::delivered);
  EXPECT_EQ(now_of(1).state, State::delivered);
  probed(2, Event::gave_up_probing);
  EXPECT_EQ(now_of(2).state, State::cancelled);
  probed(3, Event::not_found);
  EXPECT_EQ(now_of(3).state, State::cancelled);
  for (const std::uint64_t number : {1U, 2U, 3U}) expect_no_content(id_of(number));
}

TEST_P(Upkeep, ErasingWhatIsSettledTakesItsNumbersToo) {
  auto made = submission(1, "a");
  made.submission.references = {digest("provisional")};
  accept({made});
  settle_with_words(id_of(1), Event::delivered, {{digest("provisional"), {"sealed number"}, digest("real")}});
  ASSERT_EQ(q().references({digest("real")}).value().at(0)->value.bytes, "sealed number");
  EXPECT_EQ(erase(id_of(1)), Erased::Kind::erased);
  expect_no_content(id_of(1));
  EXPECT_EQ(now_of(1).state, State::delivered);
  for (const auto& each : q().references({digest("provisional"), digest("real")}).value()) {
    ASSERT_TRUE(each.has_value());
    EXPECT_TRUE(each->value.empty());
    EXPECT_TRUE(each->origin_wrapped_key.empty());
  }
}

TEST_P(Upkeep, ErasingEndsAReadBack) {
  auto origin = submission(1, "a");
  origin.submission.references = {digest("provisional")};
  auto dependant = submission(2, "b");
  dependant.submission.requirements = {digest("provisional")};
  accept({origin, dependant});
  settle_with_words(id_of(1), Event::delivered, {}, at(noon_ms));
  ASSERT_EQ(caller->due("clinic-1", DueClass::read_back, at(noon_ms)).items.size(), 1U);
  ASSERT_EQ(now_of(2).state, State::blocked);
  EXPECT_EQ(erase(id_of(1)), Erased::Kind::erased);
  EXPECT_TRUE(caller->due("clinic-1", DueClass::read_back, at(noon_ms)).items.empty());
  EXPECT_TRUE(caller->lanes().empty());
  EXPECT_EQ(now_of(2).state, State::held) << "the number it waits for will never come";
  EXPECT_EQ(now_of(2).hold_reason, HoldReason::requirement);
}

TEST_P(Upkeep, ALongTimelineLosesAllItsNotes) {
  accept({submission(1, "a")});
  for (int i = 0; i < 220; ++i) {
    const Submission record = now_of(1);
    ASSERT_EQ(caller->open_attempt(record).applied, Applied::yes);
    Settlement made = settlement(record, Event::deferred, 1);
    made.attempt.note = {"sealed note"};
    made.due_at = at(noon_ms);
    ASSERT_EQ(caller->settle(std::move(made)).applied, Applied::yes);
  }
  ASSERT_EQ(caller->load(id_of(1)).attempts.size(), 200U);
  EXPECT_EQ(erase(id_of(1)), Erased::Kind::cancelled_and_erased);
  EXPECT_EQ(caller->load(id_of(1)).attempts.size(), 200U) << "the lines stay";
  expect_no_content(id_of(1));
}

TEST_P(Upkeep, AWrappedKeyIsComparedAndSet) {
  accept({submission(1, "a")});
  const auto rewrap = [&](std::string from, std::string to) {
    return q().rewrap({{id_of(1), std::move(from), std::move(to)}}).value().at(0);
  };
  EXPECT_EQ(rewrap("another", "new"), Applied::stale);
  EXPECT_EQ(rewrap("wrapped 1", ""), Applied::stale) << "that would destroy it";
  EXPECT_EQ(now_of(1).wrapped_key, "wrapped 1");
  const Submission before = now_of(1);
  ASSERT_EQ(caller->open_attempt(before).applied, Applied::yes);
  EXPECT_EQ(rewrap("wrapped 1", "new"), Applied::yes);
  EXPECT_EQ(rewrap("wrapped 1", "newer"), Applied::stale);
  EXPECT_EQ(now_of(1).wrapped_key, "new");
  EXPECT_EQ(caller->settle(settlement(before, Event::delivered, 1)).applied, Applied::yes)
      << "an attempt that was open meanwhile can end";
  EXPECT_EQ(now_of(1).wrapped_key, "new");
  EXPECT_EQ(q().rewrap({{id_of(9), "a", "b"}}).value().at(0), Applied::stale);
  erase(id_of(1));
  EXPECT_EQ(rewrap("", "new"), Applied::stale) << "what was destroyed stays destroyed";
  EXPECT_TRUE(now_of(1).wrapped_key.empty());
}

}  // namespace
}  // namespace titip::storage
