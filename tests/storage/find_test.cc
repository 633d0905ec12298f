// What stored keys stand for, what references are worth, what records wait for, how many there are: on every engine.
#include <algorithm>

#include "tests/storage/questions.h"

namespace titip::storage {
namespace {

class Finding : public Asking {
 protected:
  Ids find(Find::By by, std::string_view key, std::uint64_t after = 0, std::size_t limit = 100) {
    const auto found = q().find({by, digest(key), after, limit});
    EXPECT_TRUE(found.has_value());
    return found ? ids_of(*found) : Ids{};
  }
  // Not a record: what its two keys name.
  static NewSubmission known_as(NewSubmission made, std::string_view person) {
    made.submission.person = digest(person);
    return made;
  }
};
INSTANTIATE_TEST_SUITE_P(Engines, Finding, ::testing::ValuesIn(engines()),
                         [](const auto& param) { return param.param.name; });

TEST_P(Finding, ByIdempotencyKey) {
  auto made = submission(1, "a");
  made.idempotency_key = digest("key 1");
  accept({made, submission(2, "b")});
  EXPECT_EQ(find(Find::By::idempotency_key, "key 1"), Ids{id_of(1)});
  EXPECT_TRUE(find(Find::By::idempotency_key, "key 2").empty());
  EXPECT_TRUE(find(Find::By::idempotency_key, "key 1", 0, 0).empty());
}

TEST_P(Finding, ByNaturalKeyTheWholeChainOldestFirst) {
  for (std::uint64_t i = 1; i <= 3; ++i) {
    auto made = submission(i, "a");
    made.submission.natural_key = digest("act");
    made.on_conflict = OnConflict::queue_behind;
    accept({made});
  }
  EXPECT_EQ(find(Find::By::natural_key, "act"), (Ids{id_of(1), id_of(2), id_of(3)}));
  EXPECT_EQ(find(Find::By::natural_key, "act", 0, 2), (Ids{id_of(1), id_of(2)}));
  change(2, Event::cancel);
  EXPECT_EQ(find(Find::By::natural_key, "act"), (Ids{id_of(1), id_of(3)})) << "who was cancelled left the chain";
  EXPECT_TRUE(find(Find::By::natural_key, "another").empty());
}

TEST_P(Finding, ByRequirementWhoMeetsIt) {
  auto first = submission(1, "a");
  first.submission.provides = {digest("registration")};
  auto second = submission(2, "b");
  second.submission.provides = {digest("registration")};
  accept({first, second});
  EXPECT_EQ(find(Find::By::requirement, "registration"), (Ids{id_of(1), id_of(2)}));
  settle_as(1, Event::rejected);
  settle_as(2, Event::delivered);
  EXPECT_EQ(find(Find::By::requirement, "registration"), Ids{id_of(2)});
  EXPECT_TRUE(find(Find::By::requirement, "nothing").empty());
}

TEST_P(Finding, ByPersonPageByPageNewestLast) {
  std::vector<NewSubmission> batch;
  for (std::uint64_t i = 1; i <= 7; ++i)
    batch.push_back(known_as(submission(i, "line " + std::to_string(i)), "somebody"));
  batch.push_back(known_as(submission(8, "z"), "somebody else"));
  batch.push_back(submission(9, "y"));
  accept(std::move(batch));
  EXPECT_EQ(find(Find::By::person, "somebody", 0, 3), (Ids{id_of(1), id_of(2), id_of(3)}));
  EXPECT_EQ(find(Find::By::person, "somebody", 3, 3), (Ids{id_of(4), id_of(5), id_of(6)}));
  EXPECT_EQ(find(Find::By::person, "somebody", 6, 3), (Ids{id_of(7)}));
  EXPECT_TRUE(find(Find::By::person, "somebody", 7, 3).empty());
  EXPECT_TRUE(find(Find::By::person, "somebody", 0, 0).empty());
  EXPECT_EQ(find(Find::By::person, "somebody else"), Ids{id_of(8)});
  EXPECT_TRUE(find(Find::By::person, "nobody").empty());
  // What comes in meanwhile stands at the end.
  accept({known_as(submission(10, "x"), "somebody")});
  EXPECT_EQ(find(Find::By::person, "somebody", 6, 3), (Ids{id_of(7), id_of(10)}));
}

TEST_P(Finding, APersonWithManyRecordsIsAnsweredInPagesOfAThousandAtMost) {
  std::vector<NewSubmission> batch;
  for (std::uint64_t i = 1; i <= 1100; ++i) {
    batch.push_back(known_as(submission(i, "line " + std::to_string(i)), "everybody"));
  }
  accept(std::move(batch));
  const auto first = q().find({Find::By::person, digest("everybody"), 0, 100'000});
  ASSERT_TRUE(first.has_value());
  ASSERT_EQ(first->size(), 1000U);
  EXPECT_TRUE(std::ranges::is_sorted(*first, {}, &Submission::position));
  EXPECT_EQ(first->back().position, 1000U);
  EXPECT_EQ(find(Find::By::person, "everybody", 1000, 1000).size(), 100U);
}

TEST_P(Finding, AReferenceIsWorthNothingUntilItsNumberIsKnown) {
  auto made = submission(1, "a");
  made.submission.references = {digest("provisional")};
  made.submission.provides = {digest("no reference")};
  accept({made});
  auto worth = q().references({digest("provisional"), digest("unheard of"), digest("no reference")}).value();
  ASSERT_EQ(worth.size(), 3U);
  ASSERT_TRUE(worth[0].has_value());
  EXPECT_EQ(worth[0]->origin, id_of(1));
  EXPECT_EQ(worth[0]->origin_wrapped_key, "wrapped 1");
  EXPECT_EQ(worth[0]->origin_state, State::queued);
  EXPECT_TRUE(worth[0]->value.empty());
  EXPECT_FALSE(worth[1].has_value());
  EXPECT_FALSE(worth[2].has_value());

  ASSERT_EQ(caller->open_attempt(now_of(1)).applied, Applied::yes);
  auto ended = settlement(now_of(1), Event::delivered);
  ended.resolved = {{digest("provisional"), {"sealed number"}, digest("real")}};
  ASSERT_EQ(caller->settle(ended).applied, Applied::yes);
  worth = q().references({digest("provisional"), digest("real")}).value();
  for (const auto& each : worth) {
    ASSERT_TRUE(each.has_value());
    EXPECT_EQ(each->value.bytes, "sealed number");
    EXPECT_EQ(each->origin_state, State::delivered);
    EXPECT_EQ(each->origin, id_of(1));
  }
}

TEST_P(Finding, ABlockedRecordWaitsForTheFirstWhoMayMeetWhatItNeeds) {
  auto origin = submission(1, "a");
  origin.submission.provides = {digest("registration")};
  auto dependant = submission(2, "b");
  dependant.submission.requirements = {digest("met elsewhere"), digest("registration")};
  accept({origin, dependant, submission(3, "b"), submission(4, "c")});
  ASSERT_EQ(now_of(2).state, State::blocked);
  const auto waiting = q().waiting({id_of(2), id_of(3), id_of(1), id_of(9)}).value();
  ASSERT_EQ(waiting.size(), 4U);
  EXPECT_EQ(waiting[0].for_whom, id_of(1));
  EXPECT_TRUE(waiting[0].on_requirement);
  EXPECT_EQ(waiting[1].for_whom, id_of(2)) << "behind the head of its line";
  EXPECT_FALSE(waiting[1].on_requirement);
  EXPECT_FALSE(waiting[2].for_whom.has_value()) << "it may go";
  EXPECT_FALSE(waiting[3].for_whom.has_value()) << "there is no such record";
  settle_as(4, Event::delivered);
  EXPECT_FALSE(q().waiting({id_of(4)}).value().at(0).for_whom.has_value()) << "it is settled";
}

TEST_P(Finding, WhoPassesABlockedHeadWaitsForNobody) {
  auto dependant = submission(2, "a");
  dependant.submission.requirements = {digest("registration")};
  auto origin = submission(3, "a");
  origin.submission.provides = {digest("registration")};
  auto elsewhere = submission(1, "b");
  elsewhere.submission.provides = {digest("registration")};
  accept({elsewhere, dependant, origin});
  ASSERT_EQ(now_of(2).state, State::blocked);
  EXPECT_EQ(q().waiting({id_of(2)}).value().at(0).for_whom, id_of(1));
  EXPECT_FALSE(q().waiting({id_of(3)}).value().at(0).for_whom.has_value());
}

TEST_P(Finding, CountsAreByFacilityDayStateAndRule) {
  std::vector<NewSubmission> batch;
  for (std::uint64_t i = 1; i <= 4; ++i) {
    batch.push_back(submission(i, "person " + std::to_string(i), i == 4 ? "clinic-2" : "clinic-1"));
    batch.back().submission.id = SubmissionId::make(at(noon_ms + static_cast<std::int64_t>(i)));
  }
  const SubmissionId second = batch[1].submission.id;
  accept(std::move(batch));
  caller->finish(caller->load(second).submission, Event::delivered);
  const auto total = [](const std::vector<CountRow>& rows) {
    std::uint64_t sum = 0;
    for (const CountRow& row : rows) sum += row.count;
    return sum;
  };
  const auto all = q().count({}).value();
  EXPECT_EQ(total(all), 4U);
  const auto of_clinic = q().count({"pcare", "clinic-1"}).value();
  EXPECT_EQ(total(of_clinic), 3U);
  const auto delivered = std::ranges::find(of_clinic, State::delivered, &CountRow::state);
  ASSERT_NE(delivered, of_clinic.end());
  EXPECT_EQ(delivered->count, 1U);
  EXPECT_EQ(delivered->outcome_rule, "rule of delivered");
  EXPECT_EQ(delivered->facility, "clinic-1");
  EXPECT_EQ(delivered->day,
            static_cast<std::int32_t>(
                std::chrono::floor<std::chrono::days>(at(noon_ms) + day_zone).time_since_epoch().count()));
  EXPECT_TRUE(q().count({"pcare", "clinic"}).value().empty());
  EXPECT_EQ(total(q().count({"pcare", {}}).value()), 4U);
  EXPECT_TRUE(q().count({"elsewhere", {}}).value().empty());
}

TEST_P(Finding, TooManyAtOnceAreRefused) {
  EXPECT_EQ(q().references(std::vector<Digest>(10'001)).error(), Error::overloaded);
  EXPECT_EQ(q().waiting(Ids(10'001)).error(), Error::overloaded);
  EXPECT_EQ(q().erase(Ids(10'001)).error(), Error::overloaded);
  EXPECT_EQ(q().rewrap(std::vector<Rewrap>(10'001)).error(), Error::overloaded);
  EXPECT_TRUE(q().waiting(Ids(10'000)).has_value());
}

TEST_P(Finding, AClosedStoreAnswersNoQuestion) {
  accept({submission(1, "a")});
  store->close();
  EXPECT_EQ(q().next_due({DueQuery{}}).error(), Error::unavailable);
  EXPECT_EQ(q().find({}).error(), Error::unavailable);
  EXPECT_EQ(q().scan({}).error(), Error::unavailable);
  EXPECT_EQ(q().references({}).error(), Error::unavailable);
  EXPECT_EQ(q().waiting({}).error(), Error::unavailable);
  EXPECT_EQ(q().count({}).error(), Error::unavailable);
  EXPECT_EQ(q().append_audit({"line"}).error(), Error::unavailable);
  EXPECT_EQ(q().read_audit(1).error(), Error::unavailable);
  EXPECT_EQ(q().retain({}).error(), Error::unavailable);
  EXPECT_EQ(q().erase({id_of(1)}).error(), Error::unavailable);
  EXPECT_EQ(q().rewrap({{id_of(1), "a", "b"}}).error(), Error::unavailable);
}

}  // namespace
}  // namespace titip::storage
