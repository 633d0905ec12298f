// Retention: content that goes, keys that are given free. On every engine.
#include "storage/keys.h"
#include "storage/memory_kv.h"
#include "storage/queue_store.h"
#include "tests/storage/faulty_kv.h"
#include "tests/storage/upkeep.h"

namespace titip::storage {
namespace {

class Retention : public Upkeep {};
INSTANTIATE_TEST_SUITE_P(Engines, Retention, ::testing::ValuesIn(engines()),
                         [](const auto& param) { return param.param.name; });

TEST_P(Retention, RetentionTakesTheContentOfWhatWasDoneBefore) {
  accept({submission(1, "a"), submission(2, "b"), submission(3, "c"), submission(4, "d"), submission(5, "e")});
  settle_with_words(id_of(1), Event::delivered);  // settled at noon and 250 ms
  settle_with_words(id_of(2), Event::rejected);
  change(3, Event::cancel);  // at noon
  change(4, Event::expire);
  Retain what;
  what.settled_before = at(noon_ms);
  EXPECT_EQ(retain_all(what), 0U);
  what.settled_before = at(noon_ms + 1);
  EXPECT_EQ(retain_all(what), 1U);
  expect_no_content(id_of(3));
  expect_content(id_of(1));
  what.settled_before = at(noon_ms + 251);
  const Retained retained = retain(what);
  EXPECT_EQ(retained.erased, 1U);
  EXPECT_EQ(retained.bytes, std::string("sealed payload 1").size());
  EXPECT_EQ(retained.examined, 5U);
  EXPECT_FALSE(retained.next.has_value());
  expect_no_content(id_of(1));
  EXPECT_EQ(now_of(1).state, State::delivered);
  for (const std::uint64_t number : {2U, 4U, 5U}) expect_content(id_of(number));
  EXPECT_EQ(retain_all(what), 0U) << "once";
}

TEST_P(Retention, RetentionKeepsTheKeyOfANumber) {
  auto made = submission(1, "a");
  made.submission.references = {digest("provisional")};
  accept({made});
  settle_with_words(id_of(1), Event::delivered, {{digest("provisional"), {"sealed number"}, {}}});
  EXPECT_EQ(retain_all({.settled_before = at(noon_ms + 1000), .after = {}, .keys_before = {}}), 1U);
  expect_no_content(id_of(1), true);
  const auto reference = q().references({digest("provisional")}).value().at(0);
  EXPECT_EQ(reference->value.bytes, "sealed number");
  EXPECT_EQ(reference->origin_wrapped_key, "wrapped 1");
}

TEST_P(Retention, RetentionLeavesAReadBackItsPayload) {
  auto made = submission(1, "a");
  made.submission.references = {digest("provisional")};
  accept({made});
  settle_with_words(id_of(1), Event::delivered, {}, at(noon_ms + 500));
  const Retain what{.settled_before = at(noon_ms + 10'000), .after = {}, .keys_before = {}};
  EXPECT_EQ(retain_all(what), 0U);
  ASSERT_EQ(caller
                ->read_back({.id = id_of(1),
                             .expected_version = now_of(1).version,
                             .resolved = {{digest("provisional"), {"sealed number"}, {}}}})
                .applied,
            Applied::yes);
  EXPECT_EQ(retain_all(what), 1U);
}

TEST_P(Retention, RetentionGoesInSlices) {
  std::vector<NewSubmission> batch;
  for (std::uint64_t i = 1; i <= 150; ++i) batch.push_back(submission(i, "person " + std::to_string(i)));
  accept(std::move(batch));
  for (std::uint64_t i = 1; i <= 150; i += 2) change(i, Event::cancel);
  Retain what{.settled_before = at(noon_ms + 1), .after = {}, .examine = 40, .keys_before = {}};
  const Retained first = retain(what);
  EXPECT_EQ(first.examined, 40U);
  ASSERT_TRUE(first.next.has_value());
  EXPECT_EQ(first.erased +
                retain_all({.settled_before = at(noon_ms + 1), .after = first.next, .examine = 40, .keys_before = {}}),
            75U);
  what.examine = 0;
  EXPECT_EQ(retain(what).examined, 1U) << "a slice gets on";
}

TEST_P(Retention, KeysLiveNinetyDaysAtLeastAndAsLongAsPending) {
  std::vector<NewSubmission> batch;
  for (std::uint64_t i = 1; i <= 3; ++i) {
    auto made = submission(i, "person " + std::to_string(i));
    made.submission.id = SubmissionId::make(at(noon_ms - 1000 + static_cast<std::int64_t>(i)));
    made.submission.natural_key = digest("act " + std::to_string(i));
    made.idempotency_key = digest("key " + std::to_string(i));
    batch.push_back(std::move(made));
  }
  const Ids ids{batch[0].submission.id, batch[1].submission.id, batch[2].submission.id};
  accept(std::move(batch));
  settle_with_words(ids[0], Event::delivered);
  settle_with_words(ids[1], Event::delivered);
  const auto known = [&](std::uint64_t number) {
    const auto suffix = std::to_string(number);
    const auto by_key = q().find({Find::By::idempotency_key, digest("key " + suffix)}).value().size();
    const auto by_act = q().find({Find::By::natural_key, digest("act " + suffix)}).value().size();
    EXPECT_EQ(by_key, by_act);
    return by_key == 1;
  };
  const auto pass = [&](WallTime keys_before, std::size_t examine) {
    retain_all({.settled_before = WallTime{}, .after = {}, .examine = examine, .keys_before = keys_before});
  };
  now = at(noon_ms) + 89 * day;
  pass(now, 100);
  for (const std::uint64_t number : {1U, 2U, 3U}) EXPECT_TRUE(known(number)) << "whatever was asked for";
  now = at(noon_ms) + 100 * day;
  pass(at(noon_ms), 100);
  EXPECT_TRUE(known(1)) << "settled later than that";
  pass(now, 1);
  EXPECT_FALSE(known(1));
  EXPECT_FALSE(known(2));
  EXPECT_TRUE(known(3)) << "still pending";
  EXPECT_TRUE(caller->load(ids[2]).submission.natural_key.has_value());
  // The record itself, and its content, were not asked to go.
  expect_content(ids[0]);
  auto again = submission(9, "person 1");
  again.submission.natural_key = digest("act 1");
  again.idempotency_key = digest("key 1");
  EXPECT_EQ(caller->accept(again).kind, VerdictKind::accepted);
}

TEST_P(Retention, ANaturalKeyGoesWhenItsYoungestMayGo) {
  for (std::uint64_t i = 1; i <= 2; ++i) {
    auto made = submission(i, "a");
    made.submission.natural_key = digest("act");
    made.on_conflict = OnConflict::queue_behind;
    accept({made});
  }
  settle_with_words(id_of(1), Event::delivered);
  const auto pass = [&] { retain_all({.settled_before = WallTime{}, .after = {}, .keys_before = now}); };
  now = at(noon_ms) + 100 * day;
  pass();
  EXPECT_EQ(q().find({Find::By::natural_key, digest("act")}).value().size(), 2U) << "the correction is pending";
  ASSERT_EQ(caller->open_attempt(now_of(2), now).applied, Applied::yes);
  Settlement late = settlement(now_of(2), Event::delivered);
  late.attempt.ended_at = now;
  ASSERT_EQ(caller->settle(late).applied, Applied::yes);
  now += 80 * day;
  pass();
  EXPECT_EQ(q().find({Find::By::natural_key, digest("act")}).value().size(), 2U);
  now += 11 * day;
  pass();
  EXPECT_TRUE(q().find({Find::By::natural_key, digest("act")}).value().empty());
  for (const std::uint64_t number : {1U, 2U}) EXPECT_FALSE(now_of(number).natural_key.has_value());
}

TEST_P(Retention, EveryKeyIsReachedHoweverSmallTheSlices) {
  std::vector<NewSubmission> batch;
  Ids ids;
  for (std::uint64_t i = 1; i <= 20; ++i) {
    batch.push_back(submission(i, "person " + std::to_string(i)));
    batch.back().submission.id = SubmissionId::make(at(noon_ms));
    batch.back().submission.natural_key = digest("act " + std::to_string(i));
    batch.back().idempotency_key = digest("key " + std::to_string(i));
    ids.push_back(batch.back().submission.id);
  }
  accept(std::move(batch));
  // A second key for each: there are more keys than records.
  for (std::uint64_t i = 1; i <= 20; ++i) {
    auto again = submission(100 + i, "person " + std::to_string(i));
    again.submission.natural_key = digest("act " + std::to_string(i));
    again.submission.fingerprint = digest("body " + std::to_string(i));
    again.idempotency_key = digest("second key " + std::to_string(i));
    ASSERT_EQ(caller->accept(again).kind, VerdictKind::replayed);
    ASSERT_EQ(q().find({Find::By::idempotency_key, *again.idempotency_key}).value().size(), 1U);
  }
  for (const SubmissionId& id : ids)
    ASSERT_EQ(caller->finish(caller->load(id).submission, Event::delivered).applied, Applied::yes);
  now = at(noon_ms) + 100 * day;
  Retain what{.settled_before = WallTime{}, .after = {}, .examine = 3, .keys_before = now};
  // Half a pass, a restart, and on from there.
  for (int i = 0; i < 3; ++i) what.after = retain(what).next;
  reopen();
  retain_all(what);
  for (std::uint64_t i = 1; i <= 20; ++i) {
    for (const std::string key : {"key ", "second key "}) {
      EXPECT_TRUE(q().find({Find::By::idempotency_key, digest(key + std::to_string(i))}).value().empty()) << key << i;
    }
  }
}

TEST_P(Retention, OneDamagedRecordKeepsNoOtherFromLosingItsContent) {
  std::vector<NewSubmission> batch;
  for (std::uint64_t i = 1; i <= 10; ++i) batch.push_back(submission(i, "person " + std::to_string(i)));
  batch[4].submission.natural_key = digest("act");
  accept(std::move(batch));
  for (std::uint64_t i = 1; i <= 10; ++i) settle_with_words(id_of(i), Event::delivered);
  now = at(noon_ms) + 100 * day;
  may_differ = {"damaged"};
  const auto spoil = [](Kv& kv, Family family, const std::string& key) {
    std::string bytes = **kv.get(family, key);
    bytes.back() = static_cast<char>(bytes.back() ^ 1);
    ASSERT_TRUE(kv.commit({{family, key, bytes}}).has_value());
  };
  reopen_after([&](Kv& kv) {
    spoil(kv, Family::meta, keys::of(id_of(2)));
    spoil(kv, Family::attempt, keys::attempt(id_of(3), 1));
    spoil(kv, Family::reply, keys::of(id_of(4)));
    spoil(kv, Family::natural, keys::of(digest("act")));
  });
  EXPECT_EQ(retain_all({.settled_before = now, .after = {}, .keys_before = now}), 8U)
      << "all but the damaged one and the one whose key is damaged";
  for (const std::uint64_t number : {1U, 3U, 4U, 6U, 7U, 8U, 9U, 10U}) expect_no_content(id_of(number));
  EXPECT_EQ(caller->load({LoadRequest{id_of(2)}}).error(), Error::corrupt);
}

TEST(UpkeepFaults, AWriteThatFailsIsInDoubtAndNothingIsLost) {
  const auto kv = std::make_shared<FaultyKv>(std::make_shared<MemoryKv>());
  StoreOptions options;
  options.now = [] { return at(noon_ms); };
  std::string why;
  options.on_fatal = [&](std::string text) { why = std::move(text); };
  auto store = *QueueStore::open(kv, std::move(options), Pumping::by_hand);
  const auto pump = [&] { return store->pump(); };
  Caller caller(*store, pump);
  Questions questions(*store, pump);
  caller.accept(submission(1, "a"));
  ASSERT_EQ(caller.transition(transition_of(caller.load(id_of(1)).submission, Event::cancel)).applied, Applied::yes);
  kv->fail_commit = kv->commits + 1;
  EXPECT_EQ(questions.retain({.settled_before = at(noon_ms + 1), .after = {}, .keys_before = {}}).error(),
            Error::in_doubt);
  EXPECT_FALSE(why.empty());
  EXPECT_EQ(questions.retain({.settled_before = at(noon_ms + 1), .after = {}, .keys_before = {}}).error(),
            Error::unavailable);
  EXPECT_FALSE(caller.load(id_of(1)).payload.empty());
  EXPECT_EQ(questions.erase({id_of(1)}).error(), Error::unavailable);
  EXPECT_EQ(questions.append_audit({"line"}).error(), Error::unavailable);
  EXPECT_EQ(questions.rewrap({{id_of(1), "wrapped 1", "x"}}).error(), Error::unavailable);
}

}  // namespace
}  // namespace titip::storage
