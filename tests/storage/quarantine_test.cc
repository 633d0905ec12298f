// Damage: never served, never dropped, told once, and in nobody else's way. On every engine.
#include <algorithm>

#include "storage/keys.h"
#include "tests/storage/questions.h"
#include "tests/storage/spoiling.h"

namespace titip::storage {
namespace {

class Quarantine : public Asking {
 protected:
  Quarantine() { may_differ = {"damaged"}; }
  std::string spoil_below(Family family, const std::string& key) {
    std::string bytes;
    reopen_after([&](Kv& kv) { bytes = spoil(kv, family, key); });
    return bytes;
  }
  std::uint64_t counted() { return store->counts().destinations["pcare"].quarantined; }
  // Damage is set apart behind the answer that met it.
  void wait_until_told(std::size_t times) {
    const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(10);
    while (probes.corrupt_records < times && std::chrono::steady_clock::now() < until) caller->lanes();
    caller->lanes();
    EXPECT_EQ(probes.corrupt_records, times);
  }
  void expect_apart(Family family, const std::string& key, const std::string& bytes,
                    std::string destination = "pcare") {
    reopen_after([&](Kv& kv) {
      const auto found = set_apart_at(kv, family, key);
      ASSERT_TRUE(found.has_value());
      EXPECT_EQ(found->bytes, bytes);
      EXPECT_EQ(found->found_at, at(noon_ms));
      EXPECT_EQ(found->destination, destination);
    });
  }
  Ids due_now() { return ids_of(caller->due()); }
};
INSTANTIATE_TEST_SUITE_P(Engines, Quarantine, ::testing::ValuesIn(engines()),
                         [](const auto& param) { return param.param.name; });

TEST_P(Quarantine, ADamagedRecordIsSetApartToldOnceAndItsLineWaits) {
  accept({submission(1, "a"), submission(2, "a"), submission(3, "b"), submission(4, "c", "clinic-2")});
  const std::string bytes = spoil_below(Family::meta, keys::of(id_of(1)));
  EXPECT_EQ(due_now(), Ids{id_of(3)});
  wait_until_told(1);
  EXPECT_EQ(counted(), 1U);
  for (int i = 0; i < 10; ++i) EXPECT_EQ(due_now(), Ids{id_of(3)});
  EXPECT_EQ(caller->load({LoadRequest{id_of(1)}}).error(), Error::corrupt);
  EXPECT_EQ(caller->load({LoadRequest{id_of(2), true}}).value().at(0)->payload.bytes, "sealed payload 2");
  settle_as(3, Event::delivered);
  EXPECT_EQ(caller->due("clinic-2").items.size(), 1U);
  EXPECT_EQ(caller->lanes(), (std::vector<Lane>{{"pcare", "clinic-2"}})) << "nothing is due in its lane";
  wait_until_told(1);
  EXPECT_EQ(counted(), 1U);
  EXPECT_EQ(store->counts().destinations.at("pcare").by_state[static_cast<std::size_t>(State::queued)], 3U)
      << "it is counted where it was";
  expect_apart(Family::meta, keys::of(id_of(1)), bytes);
  reopen_after(
      [&](Kv& kv) { EXPECT_EQ(due_rows(kv), 2U) << "one of another, one in a class that nobody has asked for"; });
  // The next start meets nothing anew.
  EXPECT_TRUE(due_now().empty());
  wait_until_told(1);
  EXPECT_EQ(counted(), 1U);
}

TEST_P(Quarantine, WhatComesInBehindItIsTakenAndWaits) {
  accept({submission(1, "a")});
  spoil_below(Family::meta, keys::of(id_of(1)));
  accept({submission(2, "a"), submission(3, "b")});
  EXPECT_EQ(due_now(), Ids{id_of(3)});
  wait_until_told(1);
  EXPECT_EQ(due_now(), Ids{id_of(3)});
  EXPECT_EQ(counted(), 1U);
  accept({submission(4, "a")});
  change(2, Event::cancel);
  EXPECT_EQ(due_now(), Ids{id_of(3)});
  EXPECT_EQ(caller->lanes().size(), 1U);
  settle_as(3, Event::delivered);
  EXPECT_TRUE(caller->lanes().empty());
}

TEST_P(Quarantine, ADamagedRecordInALineDoesNotCostTheOneBeforeItItsOutcome) {
  accept({submission(1, "a"), submission(2, "a"), submission(3, "a")});
  const std::string bytes = spoil_below(Family::meta, keys::of(id_of(2)));
  settle_as(1, Event::delivered);
  EXPECT_EQ(now_of(1).state, State::delivered);
  EXPECT_TRUE(due_now().empty());
  EXPECT_TRUE(caller->lanes().empty());
  wait_until_told(1);
  EXPECT_EQ(counted(), 1U);
  expect_apart(Family::meta, keys::of(id_of(2)), bytes);
}

TEST_P(Quarantine, ARecordWithADamagedPayloadStaysWhereItIsAndIsNotSent) {
  accept({submission(1, "a"), submission(2, "a"), submission(3, "b")});
  const std::string bytes = spoil_below(Family::payload, keys::of(id_of(1)));
  EXPECT_EQ(due_now(), Ids{id_of(3)});
  wait_until_told(1);
  EXPECT_EQ(due_now(), Ids{id_of(3)});
  EXPECT_EQ(now_of(3).state, State::queued);
  const auto record = [&] { return caller->load({LoadRequest{id_of(1)}}).value().at(0)->submission; };
  EXPECT_EQ(record().state, State::held);
  EXPECT_EQ(record().hold_reason, HoldReason::damaged);
  EXPECT_EQ(record().held_from, State::queued);
  EXPECT_FALSE(record().due_at.has_value());
  EXPECT_EQ(caller->load({LoadRequest{id_of(1), true}}).error(), Error::corrupt);
  ScanQuery attention;
  attention.filter.needs_attention = true;
  EXPECT_EQ(ids_of(q().scan(attention).value().items), Ids{id_of(1)}) << "a person is shown it";
  EXPECT_EQ(q().waiting({id_of(2)}).value().at(0).for_whom, id_of(1));

  // A person who releases it does not get it sent either, and hears of it once.
  ASSERT_EQ(caller->transition(transition_of(record(), Event::release)).state, State::queued);
  EXPECT_EQ(due_now(), Ids{id_of(3)});
  const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(10);
  while (record().state != State::held && std::chrono::steady_clock::now() < until) caller->lanes();
  EXPECT_EQ(record().hold_reason, HoldReason::damaged) << "held again";
  EXPECT_EQ(probes.corrupt_records, 1U);
  EXPECT_EQ(counted(), 1U);

  // It can be cancelled, and then its line goes on.
  ASSERT_EQ(caller->transition(transition_of(record(), Event::cancel)).applied, Applied::yes);
  EXPECT_EQ(due_now(), (Ids{id_of(2), id_of(3)}));
  settle_as(2, Event::delivered);
  settle_as(3, Event::delivered);
  EXPECT_TRUE(caller->lanes().empty()) << "the lane's count came out even";
  expect_apart(Family::payload, keys::of(id_of(1)), bytes);
}

TEST_P(Quarantine, WhatMayHaveBeenSentIsHeldAsUnknown) {
  accept({submission(1, "a"), submission(2, "a"), submission(3, "b")});
  settle_as(1, Event::went_unknown, at(noon_ms));
  settle_as(3, Event::deferred, at(noon_ms));
  spoil_below(Family::payload, keys::of(id_of(1)));
  for (const std::uint64_t number : {1U, 3U}) {
    if (number == 3) spoil_below(Family::payload, keys::of(id_of(3)));
    EXPECT_EQ(caller->load({LoadRequest{id_of(number), true}}).error(), Error::corrupt);
  }
  EXPECT_TRUE(due_now().empty());
  wait_until_told(2);
  const auto first = caller->load({LoadRequest{id_of(1)}}).value().at(0)->submission;
  EXPECT_EQ(first.state, State::held);
  EXPECT_EQ(first.hold_reason, HoldReason::unknown) << "it is asked after before it may be sent";
  const auto third = caller->load({LoadRequest{id_of(3)}}).value().at(0)->submission;
  EXPECT_EQ(third.state, State::held);
  EXPECT_EQ(third.hold_reason, HoldReason::damaged);
  EXPECT_EQ(third.held_from, State::deferred);
  EXPECT_FALSE(first.due_at || third.due_at);
}

TEST_P(Quarantine, APayloadThatIsGoneIsNotedToo) {
  may_differ = {"payload_missing"};
  accept({submission(1, "a"), submission(2, "b")});
  reopen_after(
      [](Kv& kv) { ASSERT_TRUE(kv.commit({{Family::payload, keys::of(id_of(1)), std::nullopt}}).has_value()); });
  EXPECT_EQ(caller->load({LoadRequest{id_of(1), true}}).error(), Error::corrupt);
  wait_until_told(1);
  EXPECT_EQ(due_now(), Ids{id_of(2)});
  EXPECT_EQ(counted(), 1U);
  expect_apart(Family::payload, keys::of(id_of(1)), "");
}

TEST_P(Quarantine, ASecondRowOfADamagedRecordGoesWhenItIsMet) {
  auto made = submission(1, "a");
  made.submission.deadline = at(noon_ms + 1000);
  auto second = submission(2, "a");
  second.submission.accepted_at = at(noon_ms - 10);
  accept({made, second, submission(3, "b")});
  spoil_below(Family::meta, keys::of(id_of(1)));
  DueQuery query{.lane = {"pcare", "clinic-1"}, .now = at(noon_ms), .limit = 10, .fresh_since = at(noon_ms - 100)};
  for (const DueClass due_class : {DueClass::deadline, DueClass::fresh, DueClass::send}) {
    query.due_class = due_class;
    const auto answer = q().next_due({query}).value().at(0);
    EXPECT_EQ(ids_of(answer), due_class == DueClass::send ? Ids{id_of(3)} : Ids{});
  }
  wait_until_told(1);
  EXPECT_EQ(counted(), 1U);
  settle_as(3, Event::delivered);
  EXPECT_TRUE(caller->lanes().empty());
  reopen_after([](Kv& kv) { EXPECT_EQ(due_rows(kv), 0U); });
}

TEST_P(Quarantine, ADamagedRowOfTheDueIndexIsNeverDue) {
  accept({submission(1, "a"), submission(2, "b")});
  const Submission first = now_of(1);
  const std::string row = keys::due({"pcare", "clinic-1"}, DueClass::send, *first.due_at, first.position);
  const std::string bytes = spoil_below(Family::due, row);
  EXPECT_EQ(due_now(), Ids{id_of(2)});
  wait_until_told(1);
  for (int i = 0; i < 5; ++i) EXPECT_EQ(due_now(), Ids{id_of(2)});
  EXPECT_EQ(counted(), 1U);
  expect_apart(Family::due, row, bytes);
  // The record itself is whole: a person sets it going again, and all counts come out even.
  change(1, Event::hold);
  change(1, Event::release, at(noon_ms));
  EXPECT_EQ(due_now(), (Ids{id_of(2), id_of(1)}));
  settle_as(1, Event::delivered);
  settle_as(2, Event::delivered);
  EXPECT_TRUE(caller->lanes().empty());
}

TEST_P(Quarantine, ADamagedHeadKeepsItsOwnLineAloneWaiting) {
  accept({submission(1, "a"), submission(2, "b")});
  const std::string bytes = spoil_below(Family::head, keys::of(digest("a")));
  EXPECT_EQ(caller->accept(std::vector{submission(3, "a")}).error(), Error::corrupt);
  accept({submission(4, "b")});
  wait_until_told(1);
  EXPECT_EQ(caller->accept(std::vector{submission(3, "a")}).error(), Error::corrupt);
  EXPECT_EQ(probes.corrupt_records, 1U);
  settle_as(2, Event::delivered);
  EXPECT_EQ(now_of(2).state, State::delivered);
  expect_apart(Family::head, keys::of(digest("a")), bytes, "");
}

TEST_P(Quarantine, WhatOnlyTheTimelineNeedsKeepsNothingFromGoing) {
  accept({submission(1, "a")});
  settle_as(1, Event::deferred, at(noon_ms));
  const std::string line = keys::attempt(id_of(1), 1);
  const std::string bytes = spoil_below(Family::attempt, line);
  EXPECT_EQ(caller->load({LoadRequest{id_of(1), true, true, true}}).error(), Error::corrupt);
  wait_until_told(1);
  EXPECT_EQ(due_now(), Ids{id_of(1)});
  ASSERT_EQ(caller->finish(caller->due().items.at(0).submission, Event::delivered).applied, Applied::yes);
  EXPECT_EQ(counted(), 1U);
  expect_apart(Family::attempt, line, bytes);
}

TEST_P(Quarantine, AListPassesOverADamagedRecordAndAQuestionForItIsAnsweredCorrupt) {
  auto made = submission(1, "a");
  made.submission.person = digest("somebody");
  made.submission.natural_key = digest("act");
  made.submission.references = {digest("provisional")};
  made.idempotency_key = digest("key");
  accept({made, submission(2, "b")});
  spoil_below(Family::meta, keys::of(id_of(1)));
  const auto page = q().scan({});
  ASSERT_TRUE(page.has_value());
  EXPECT_EQ(ids_of(page->items), Ids{id_of(2)});
  EXPECT_EQ(page->examined, 2U);
  EXPECT_EQ(page->damaged, 1U);
  EXPECT_TRUE(q().find({Find::By::person, digest("somebody")}).value().empty());
  const auto damaged = q().find({Find::By::damaged_of_person, digest("somebody")}).value();
  EXPECT_EQ(ids_of(damaged), Ids{id_of(1)});
  EXPECT_EQ(damaged.at(0).person, digest("somebody"));
  EXPECT_TRUE(q().find({Find::By::damaged_of_person, digest("nobody")}).value().empty());
  for (const auto& [by, key] : std::vector<std::pair<Find::By, const char*>>{{Find::By::natural_key, "act"},
                                                                             {Find::By::requirement, "provisional"},
                                                                             {Find::By::idempotency_key, "key"}}) {
    EXPECT_EQ(q().find({by, digest(key)}).error(), Error::corrupt) << key;
  }
  EXPECT_EQ(q().references({digest("provisional")}).error(), Error::corrupt);
  EXPECT_EQ(q().waiting({id_of(1)}).error(), Error::corrupt);
  EXPECT_EQ(q().erase({id_of(1)}).error(), Error::corrupt);
  EXPECT_EQ(q().rewrap({{id_of(1), "wrapped 1", "x"}}).error(), Error::corrupt);
  EXPECT_EQ(q().erase({id_of(2)}).value().at(0).kind, Erased::Kind::cancelled_and_erased);
  wait_until_told(1);
}

TEST_P(Quarantine, DamagedIndexesAreSetApartToo) {
  auto made = submission(1, "a");
  made.submission.natural_key = digest("act");
  made.submission.provides = {digest("registration")};
  made.idempotency_key = digest("key");
  accept({made});
  std::vector<std::pair<Family, std::string>> places{{Family::natural, keys::of(digest("act"))},
                                                     {Family::requirement, keys::of(digest("registration"))},
                                                     {Family::idempotency, keys::of(digest("key"))}};
  std::vector<std::string> bytes;
  reopen_after([&](Kv& kv) {
    for (const auto& [family, key] : places) bytes.push_back(spoil(kv, family, key));
  });
  EXPECT_EQ(q().find({Find::By::natural_key, digest("act")}).error(), Error::corrupt);
  EXPECT_EQ(q().find({Find::By::requirement, digest("registration")}).error(), Error::corrupt);
  EXPECT_EQ(q().find({Find::By::idempotency_key, digest("key")}).error(), Error::corrupt);
  auto again = submission(2, "b");
  again.idempotency_key = digest("key");
  EXPECT_EQ(caller->accept(std::vector{again}).error(), Error::corrupt) << "nobody knows whether it is known";
  wait_until_told(3);
  for (std::size_t i = 0; i < places.size(); ++i) expect_apart(places[i].first, places[i].second, bytes[i], "");
}

// Else what the server did would be asked of it again and again.
TEST_P(Quarantine, ADeleteIsSettledHoweverDamagedWhatItTookBackIs) {
  const auto natural = [](std::uint64_t i) { return digest("act " + std::to_string(i)); };
  for (std::uint64_t i = 0; i < 3; ++i) {
    auto made = submission(10 * i + 1, "a" + std::to_string(i));
    made.submission.natural_key = natural(i);
    made.submission.provides = {digest("registration " + std::to_string(i))};
    accept({made});
    settle_as(10 * i + 1, Event::delivered);
    auto taking = submission(10 * i + 2, "a" + std::to_string(i));
    taking.takes_back = made.submission.provides.front();
    accept({taking});
  }
  reopen_after([&](Kv& kv) {
    spoil(kv, Family::meta, keys::of(id_of(1)));
    spoil(kv, Family::natural, keys::of(natural(1)));
    spoil(kv, Family::requirement, keys::of(digest("registration 2")));
  });
  for (const std::uint64_t number : {2U, 12U, 22U}) {
    settle_as(number, Event::delivered);
    EXPECT_EQ(caller->load(id_of(number)).submission.state, State::delivered) << number;
  }
  for (std::uint64_t i = 0; i < 3; ++i) {
    auto again = submission(10 * i + 3, "a" + std::to_string(i));
    again.submission.natural_key = natural(i);
    const auto said = caller->accept(std::vector{again});
    EXPECT_TRUE(said ? said->at(0).kind != VerdictKind::accepted : said.error() == Error::corrupt) << i;
  }
  wait_until_told(3);
}

TEST_P(Quarantine, ErasingAPersonTakesTheBytesOutOfItToo) {
  accept({submission(1, "a")});
  spoil_below(Family::payload, keys::of(id_of(1)));
  EXPECT_EQ(caller->load({LoadRequest{id_of(1), true}}).error(), Error::corrupt);
  wait_until_told(1);
  EXPECT_EQ(q().erase({id_of(1)}).value().at(0).kind, Erased::Kind::cancelled_and_erased);
  expect_apart(Family::payload, keys::of(id_of(1)), "");
  EXPECT_EQ(counted(), 1U) << "that there was damage stays known";
}

}  // namespace
}  // namespace titip::storage
