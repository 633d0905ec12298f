// What is due, class by class, on every engine.
#include <algorithm>
#include <memory>

#include "storage/keys.h"
#include "storage/memory_kv.h"
#include "storage/reads.h"
#include "tests/storage/questions.h"

namespace titip::storage {
namespace {

constexpr std::int64_t minute_ms = 60'000;

class DueWork : public Asking {
 protected:
  DueBatch due(DueQuery query) {
    query.lane = {"pcare", "clinic-1"};
    if (query.limit == 0) query.limit = 100;
    if (query.now == WallTime{}) query.now = at(noon_ms);
    auto batches = q().next_due({query});
    EXPECT_TRUE(batches.has_value());
    return batches ? std::move(batches->at(0)) : DueBatch{};
  }
  DueBatch fresh(std::int64_t since_ms, std::size_t limit = 100) {
    DueQuery query;
    query.due_class = DueClass::fresh;
    query.fresh_since = at(since_ms);
    query.limit = limit;
    return due(query);
  }
  DueBatch deadline(std::optional<WallTime> until = {}, std::size_t limit = 100) {
    DueQuery query;
    query.due_class = DueClass::deadline;
    query.until = until;
    query.limit = limit;
    return due(query);
  }
};
INSTANTIATE_TEST_SUITE_P(Engines, DueWork, ::testing::ValuesIn(engines()),
                         [](const auto& param) { return param.param.name; });

NewSubmission accepted_at(std::uint64_t number, std::string_view person, std::int64_t ms) {
  NewSubmission made = submission(number, person);
  made.submission.accepted_at = at(ms);
  return made;
}

TEST_P(DueWork, FreshAreThoseAcceptedLatelyOldestFirst) {
  accept({accepted_at(1, "a", noon_ms - 60 * minute_ms), accepted_at(2, "b", noon_ms - 5 * minute_ms),
          accepted_at(3, "c", noon_ms - 7 * minute_ms)});
  EXPECT_EQ(ids_of(fresh(noon_ms - 10 * minute_ms)), (Ids{id_of(3), id_of(2)}));
  EXPECT_EQ(ids_of(fresh(noon_ms - 7 * minute_ms)), (Ids{id_of(3), id_of(2)})) << "from that moment on";
  EXPECT_EQ(ids_of(fresh(noon_ms - 6 * minute_ms)), (Ids{id_of(2)}));
  EXPECT_TRUE(fresh(noon_ms).items.empty());
  EXPECT_EQ(ids_of(fresh(noon_ms - 10 * minute_ms, 1)), (Ids{id_of(3)}));
}

TEST_P(DueWork, AFreshRecordBringsTheOneBeforeItForward) {
  accept({accepted_at(1, "a", noon_ms - 60 * minute_ms), accepted_at(2, "b", noon_ms - 4 * minute_ms),
          accepted_at(3, "a", noon_ms - 5 * minute_ms)});
  EXPECT_EQ(ids_of(fresh(noon_ms - 10 * minute_ms)), (Ids{id_of(1), id_of(2)})) << "by when the fresh one came";
  EXPECT_EQ(ids_of(fresh(noon_ms - 10 * minute_ms, 1)), (Ids{id_of(1)}));
  EXPECT_EQ(ids_of(due({})), (Ids{id_of(1), id_of(2)})) << "it is in the backlog as well";
}

TEST_P(DueWork, ARecordThatIsFreshTwiceIsAnsweredOnce) {
  accept({accepted_at(1, "a", noon_ms - 6 * minute_ms), accepted_at(2, "a", noon_ms - 5 * minute_ms),
          accepted_at(3, "b", noon_ms - 4 * minute_ms)});
  EXPECT_EQ(ids_of(fresh(noon_ms - 10 * minute_ms)), (Ids{id_of(1), id_of(3)}));
  EXPECT_EQ(ids_of(fresh(noon_ms - 10 * minute_ms, 2)), (Ids{id_of(1), id_of(3)})) << "and takes one place";
}

TEST_P(DueWork, RepetitionsAreLeftOutWhereFirstTriesAreWanted) {
  accept({accepted_at(1, "a", noon_ms - 9 * minute_ms), accepted_at(2, "b", noon_ms - 8 * minute_ms),
          accepted_at(3, "c", noon_ms - 7 * minute_ms)});
  const Submission first = now_of(1);
  ASSERT_EQ(caller->open_attempt(first).applied, Applied::yes);
  Settlement deferred = settlement(first, Event::deferred, 1);
  deferred.backoff_steps = 1;
  deferred.due_at = at(noon_ms - minute_ms);
  ASSERT_EQ(caller->settle(std::move(deferred)).applied, Applied::yes);
  EXPECT_EQ(due({}).items.size(), 3U);
  DueQuery query;
  query.first_tries_only = true;
  const DueBatch tries = due(query);
  EXPECT_EQ(ids_of(tries), (Ids{id_of(2), id_of(3)}));
  EXPECT_EQ(tries.left_out, 1U);
  query.limit = 1;
  EXPECT_EQ(ids_of(due(query)), (Ids{id_of(2)})) << "what is left out takes no place";
  query.limit = 0;
  query.due_class = DueClass::fresh;
  query.fresh_since = at(noon_ms - 10 * minute_ms);
  EXPECT_EQ(ids_of(due(query)), (Ids{id_of(2), id_of(3)}));
}

TEST_P(DueWork, WhatTheAskerLeavesOutTakesNoPlaceAndHidesNothing) {
  auto urgent = accepted_at(3, "c", noon_ms - 7 * minute_ms);
  urgent.submission.deadline = at(noon_ms + 60 * minute_ms);
  auto more_urgent = accepted_at(4, "d", noon_ms - 6 * minute_ms);
  more_urgent.submission.deadline = at(noon_ms + 30 * minute_ms);
  accept({accepted_at(1, "a", noon_ms - 9 * minute_ms), accepted_at(2, "b", noon_ms - 8 * minute_ms), urgent,
          more_urgent, accepted_at(5, "e", noon_ms - 5 * minute_ms)});
  settle_as(5, Event::deferred, at(noon_ms + minute_ms));
  const auto all = std::make_shared<SubmissionIds>(SubmissionIds{id_of(1), id_of(2), id_of(4), id_of(5)});
  DueQuery query;
  query.without = all;
  query.limit = 1;
  EXPECT_EQ(ids_of(due(query)), (Ids{id_of(3)}));
  query.due_class = DueClass::fresh;
  query.fresh_since = at(noon_ms - 10 * minute_ms);
  EXPECT_EQ(ids_of(due(query)), (Ids{id_of(3)}));
  query.due_class = DueClass::deadline;
  EXPECT_EQ(ids_of(due(query)), (Ids{id_of(3)}));
  all->insert(id_of(3));
  query.due_class = DueClass::send;
  query.limit = 10;
  const auto none = due(query);
  EXPECT_TRUE(none.items.empty());
  EXPECT_FALSE(none.more);
  EXPECT_EQ(none.next_due_at, at(noon_ms + minute_ms)) << "of the next that is not due yet";
}

TEST_P(DueWork, WhatTheAskerHasInHandIsNotReadAgain) {
  accept({accepted_at(1, "a", noon_ms - 9 * minute_ms), accepted_at(2, "b", noon_ms - 8 * minute_ms),
          accepted_at(3, "c", noon_ms - 7 * minute_ms)});
  DueQuery query;
  query.limit = 1;
  query.in_hand = {id_of(1)};
  query.without = std::make_shared<SubmissionIds>(SubmissionIds{id_of(2)});
  EXPECT_EQ(ids_of(due(query)), (Ids{id_of(3)})) << "beside those that are left out";
  query.in_hand.insert(id_of(3));
  EXPECT_TRUE(due(query).items.empty());
}

TEST_P(DueWork, WhatIsNotDueYetIsNotFreshEither) {
  accept({accepted_at(1, "a", noon_ms - 60 * minute_ms), accepted_at(2, "a", noon_ms - 5 * minute_ms)});
  settle_as(1, Event::deferred, at(noon_ms + minute_ms));
  EXPECT_TRUE(fresh(noon_ms - 10 * minute_ms).items.empty());
  // An old record that became due lately is no fresher for it.
  accept({accepted_at(3, "b", noon_ms - 90 * minute_ms)});
  settle_as(3, Event::deferred, at(noon_ms - minute_ms));
  EXPECT_TRUE(fresh(noon_ms - 10 * minute_ms).items.empty());
  EXPECT_EQ(ids_of(due({})), (Ids{id_of(3)}));
}

TEST_P(DueWork, DeadlinesAreNearestFirstAndUpToABound) {
  auto first = submission(1, "a");
  first.submission.deadline = at(noon_ms + 60 * minute_ms);
  auto second = submission(2, "b");
  second.submission.deadline = at(noon_ms + 30 * minute_ms);
  auto later = submission(3, "c");
  later.submission.deadline = at(noon_ms + 10 * minute_ms);
  accept({first, second, later, submission(4, "d")});
  settle_as(3, Event::deferred, at(noon_ms + minute_ms));
  EXPECT_EQ(ids_of(deadline()), (Ids{id_of(2), id_of(1)})) << "3 is not due, 4 has none";
  EXPECT_EQ(ids_of(deadline(at(noon_ms + 30 * minute_ms))), (Ids{id_of(2)})) << "the bound itself counts";
  EXPECT_TRUE(deadline(at(noon_ms + 29 * minute_ms)).items.empty());
  EXPECT_EQ(ids_of(deadline({}, 1)), (Ids{id_of(2)}));
  EXPECT_FALSE(deadline().next_due_at.has_value());
}

TEST_P(DueWork, ProbesAreThoseOfUnknownRecords) {
  accept({submission(1, "a"), submission(2, "b")});
  settle_as(1, Event::went_unknown, at(noon_ms + minute_ms));
  DueQuery query;
  query.due_class = DueClass::probe;
  EXPECT_TRUE(due(query).items.empty());
  EXPECT_EQ(due(query).next_due_at, at(noon_ms + minute_ms));
  query.now = at(noon_ms + minute_ms);
  EXPECT_EQ(ids_of(due(query)), (Ids{id_of(1)}));
}

TEST_P(DueWork, ReadBacksAreDeliveredRecordsWithoutTheirNumber) {
  auto made = submission(1, "a");
  made.submission.references = {digest("provisional 1")};
  accept({made});
  ASSERT_EQ(caller->open_attempt(now_of(1)).applied, Applied::yes);
  auto ended = settlement(now_of(1), Event::delivered);
  ended.read_back_at = at(noon_ms + minute_ms);
  ASSERT_EQ(caller->settle(ended).applied, Applied::yes);
  DueQuery query;
  query.due_class = DueClass::read_back;
  EXPECT_TRUE(due(query).items.empty());
  EXPECT_EQ(due(query).next_due_at, at(noon_ms + minute_ms));
  query.now = at(noon_ms + minute_ms);
  EXPECT_EQ(ids_of(due(query)), (Ids{id_of(1)}));
  EXPECT_EQ(due(query).items.at(0).payload.bytes, "sealed payload 1");
}

TEST_P(DueWork, OnlyTheShardsAskedForAreAnswered) {
  std::vector<NewSubmission> batch;
  std::vector<std::uint8_t> shards;
  for (std::uint64_t i = 1; i <= 12; ++i) {
    batch.push_back(submission(i, "person " + std::to_string(i)));
    shards.push_back(shard_of(batch.back().submission.ordering_key));
  }
  accept(std::move(batch));
  DueQuery query;
  query.shards = Shards();
  EXPECT_TRUE(due(query).items.empty());
  Ids expected;
  query.shards.set(shards[4]);
  for (std::uint64_t i = 1; i <= 12; ++i) {
    if (shards[i - 1] == shards[4]) expected.push_back(id_of(i));
  }
  EXPECT_EQ(ids_of(due(query)), expected);
  ASSERT_LT(expected.size(), 12U) << "the test needs people in several shards";
  query.limit = 1;
  EXPECT_EQ(ids_of(due(query)), Ids{expected.front()}) << "those of other shards take no place";
}

TEST_P(DueWork, TheStoresOwnLimitSaysThatThereIsMore) {
  std::vector<NewSubmission> batch;
  for (std::uint64_t i = 1; i <= 1030; ++i) batch.push_back(submission(i, "person " + std::to_string(i)));
  accept(std::move(batch));
  DueQuery query;
  query.limit = 5000;
  const DueBatch first = due(query);
  EXPECT_EQ(first.items.size(), 1024U);
  EXPECT_TRUE(first.more);
  query.limit = 1024;
  EXPECT_FALSE(due(query).more) << "that was the caller's own limit";
  query.limit = 10;
  EXPECT_FALSE(due(query).more);
  query.limit = 1025;
  EXPECT_TRUE(due(query).more);
  query.shards = Shards().set(shard_of(digest("person 7")));
  query.limit = 5000;
  EXPECT_FALSE(due(query).more);
}

TEST_P(DueWork, TheBytesOfOneAnswerAreBounded) {
  std::vector<NewSubmission> batch;
  for (std::uint64_t i = 1; i <= 40; ++i) {
    batch.push_back(submission(i, "person " + std::to_string(i)));
    batch.back().payload.bytes.assign(1U << 20U, 'x');
  }
  accept(std::move(batch));
  const DueBatch batch_of_due = due({});
  EXPECT_EQ(batch_of_due.items.size(), 32U);
  EXPECT_TRUE(batch_of_due.more);
}

TEST_P(DueWork, EachQuestionHasItsOwnAnswer) {
  accept({submission(1, "a", "clinic-1"), submission(2, "b", "clinic-2")});
  std::vector<DueQuery> batch(3);
  for (auto& query : batch) {
    query.now = at(noon_ms);
    query.limit = 10;
  }
  batch[0].lane = {"pcare", "clinic-2"};
  batch[1].lane = {"pcare", "nowhere"};
  batch[2].lane = {"pcare", "clinic-1"};
  batch[2].due_class = DueClass::fresh;
  const auto answers = q().next_due(batch);
  ASSERT_TRUE(answers.has_value());
  ASSERT_EQ(answers->size(), 3U);
  EXPECT_EQ(ids_of(answers->at(0)), Ids{id_of(2)});
  EXPECT_TRUE(answers->at(1).items.empty());
  EXPECT_EQ(ids_of(answers->at(2)), Ids{id_of(1)});
}

// Fresh and deadline only prefer some of what stands in send as well; there a walk may end early, and hides nothing.
TEST(DueWalk, AClassThatOnlyPrefersIsWalkedSoFarAndNoFurther) {
  const Lane lane{"pcare", "clinic-1"};
  MemoryKv kv;
  KvBatch batch;
  const auto put = [&](DueClass due_class, std::int64_t ms, std::uint64_t position, std::uint64_t number,
                       std::int64_t due_ms) {
    std::string key = keys::due(lane, due_class, at(ms), position);
    std::string value = encode({Family::due, key}, DueEntry{id_of(number), at(due_ms), at(noon_ms), 0});
    batch.push_back({Family::due, std::move(key), std::move(value)});
  };
  const auto all = static_cast<std::int64_t>(reads::most_examined);
  for (std::int64_t i = 0; i < all; ++i) put(DueClass::deadline, noon_ms + i, 1, 1, noon_ms + 1);
  put(DueClass::deadline, noon_ms + all, 2, 2, noon_ms);
  put(DueClass::send, noon_ms, 2, 2, noon_ms);
  Submission s = submission(2).submission;
  s.position = 2;
  const std::string key = keys::of(s.id);
  batch.push_back({Family::meta, key, encode({Family::meta, key}, Record{s, 0, 0})});
  batch.push_back({Family::payload, key, encode({Family::payload, key}, Sealed{"sealed"})});
  ASSERT_TRUE(kv.commit(batch).has_value());
  LiveParts live;
  std::vector<Damage> damage;
  DueQuery query{.lane = lane, .due_class = DueClass::deadline, .now = at(noon_ms), .limit = 10};
  const auto peek = [&] { return reads::next_due(kv, live, {query}, damage).value().at(0); };
  EXPECT_TRUE(peek().items.empty());
  EXPECT_FALSE(peek().more) << "asking again would not get further";
  query.due_class = DueClass::send;
  EXPECT_EQ(ids_of(peek()), Ids{id_of(2)});
  query.due_class = DueClass::deadline;
  ASSERT_TRUE(
      kv.commit({{Family::due, keys::due(lane, DueClass::deadline, at(noon_ms), 1), std::nullopt}}).has_value());
  EXPECT_EQ(ids_of(peek()), Ids{id_of(2)});
  EXPECT_TRUE(damage.empty());
}

}  // namespace
}  // namespace titip::storage
