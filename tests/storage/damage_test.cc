// Damage at close quarters: the writer's second look at it, and blocks that the engine itself refuses.
#include <atomic>
#include <set>
#include <thread>

#include "storage/book.h"
#include "storage/keys.h"
#include "storage/queue_store.h"
#include "storage/tables.h"
#include "tests/storage/questions.h"
#include "tests/storage/refusing_kv.h"
#include "tests/storage/spoiling.h"

namespace titip::storage {
namespace {

// --- the writer's second look ---------------------------------------------------------------------------------------

class SecondLook : public ::testing::Test {
 protected:
  SecondLook() {
    Staging staging(kv);
    Book book(staging, at(noon_ms));
    book.accept(submission(1, "a"));
    staging.keep();
    EXPECT_TRUE(kv.commit(staging.take_batch()).has_value());
  }
  // How many values were written.
  std::size_t set_apart(const Damage& damage, bool expect_newly) {
    Staging staging(kv);
    Book book(staging, at(noon_ms));
    EXPECT_EQ(book.set_apart(damage).newly, expect_newly);
    EXPECT_FALSE(staging.fault().has_value());
    staging.keep();
    const KvBatch batch = staging.take_batch();
    EXPECT_TRUE(kv.commit(batch).has_value());
    return batch.size();
  }
  RefusingKv kv;
  const std::string key = keys::of(id_of(1));
};

TEST_F(SecondLook, WhatIsWholeByNowIsLeftAlone) {
  EXPECT_EQ(set_apart({Family::meta, key}, false), 0U);
  EXPECT_EQ(set_apart({Family::payload, key}, false), 0U);
  EXPECT_EQ(set_apart({Family::meta, key, {}, {}, true}, false), 0U) << "the engine reads it again";
}

TEST_F(SecondLook, WhatIsGoneByNowIsLeftAlone) {
  EXPECT_EQ(set_apart({Family::reply, key}, false), 0U);
  EXPECT_EQ(set_apart({Family::meta, keys::of(id_of(9))}, false), 0U);
}

TEST_F(SecondLook, WhoseItIsIsAddedWhenSomebodyKnows) {
  spoil(kv, Family::meta, key);
  EXPECT_EQ(set_apart({Family::meta, key}, true), 1U);
  EXPECT_EQ(set_apart_at(kv, Family::meta, key)->destination, "");
  EXPECT_GT(set_apart({Family::meta, key, {}, {"pcare", "clinic-1"}}, false), 0U);
  EXPECT_EQ(set_apart_at(kv, Family::meta, key)->destination, "pcare");
  EXPECT_EQ(set_apart_at(kv, Family::meta, key)->facility, "clinic-1");
  EXPECT_EQ(set_apart({Family::meta, key, {}, {"pcare", "clinic-1"}}, false), 0U) << "once";
}

TEST_F(SecondLook, ABlockTheEngineRefusesIsNotedWithoutBytes) {
  kv.refused = {{Family::meta, key}};
  set_apart({Family::meta, key, {}, {"pcare", "clinic-1"}, true}, true);
  kv.refused.clear();
  EXPECT_EQ(set_apart_at(kv, Family::meta, key)->bytes, "");
  EXPECT_EQ(set_apart_at(kv, Family::meta, key)->destination, "pcare");
}

// --- an engine that refuses -----------------------------------------------------------------------------------------

class RefusedBlocks : public ::testing::Test {
 protected:
  RefusedBlocks() {
    store = *QueueStore::open(kv, options(), Pumping::by_hand);
    caller = std::make_unique<Caller>(*store, [this] { return store->pump(); });
    caller->accept({submission(1, "a"), submission(2, "b"), submission(3, "c", "clinic-2")});
  }
  StoreOptions options() {
    StoreOptions options;
    options.now = [this] { return now; };
    options.longest_pause = std::chrono::days(36'500);  // the tests set their clock as they please
    options.probes = &probes;
    options.on_fatal = [](const std::string& why) { ADD_FAILURE() << why; };
    return options;
  }
  void pump_all() {
    while (store->pump()) {
    }
  }
  std::shared_ptr<RefusingKv> kv = std::make_shared<RefusingKv>();
  CountingProbes probes;
  WallTime now = at(noon_ms);
  std::unique_ptr<QueueStore> store;
  std::unique_ptr<Caller> caller;
};

TEST_F(RefusedBlocks, OfARecord) {
  kv->refused = {{Family::meta, keys::of(id_of(1))}};
  EXPECT_EQ(ids_of(caller->due()), Ids{id_of(2)}) << "found among those that were asked for together";
  pump_all();
  EXPECT_EQ(ids_of(caller->due()), Ids{id_of(2)});
  EXPECT_EQ(caller->load({LoadRequest{id_of(1)}}).error(), Error::corrupt);
  pump_all();
  EXPECT_EQ(probes.corrupt_records, 1U);
  EXPECT_EQ(store->counts().destinations.at("pcare").quarantined, 1U);
  EXPECT_EQ(set_apart_at(*kv, Family::meta, keys::of(id_of(1)))->bytes, "");
  EXPECT_EQ(due_rows(*kv), 2U);
}

// The writer remembers its row from when it opened the attempt, and must not deny what the readers met since.
TEST_F(RefusedBlocks, OfARecordThatWasAttemptedAMomentAgo) {
  caller->finish(caller->load(id_of(1)).submission, Event::deferred);
  const std::string bytes = spoil(*kv, Family::meta, keys::of(id_of(1)));
  const WallTime later = at(noon_ms) + std::chrono::hours(24);
  EXPECT_EQ(ids_of(caller->due("clinic-1", DueClass::send, later)), Ids{id_of(2)});
  pump_all();
  EXPECT_EQ(probes.corrupt_records, 1U);
  EXPECT_EQ(store->counts().destinations.at("pcare").quarantined, 1U);
  ASSERT_TRUE(set_apart_at(*kv, Family::meta, keys::of(id_of(1))).has_value());
  EXPECT_EQ(set_apart_at(*kv, Family::meta, keys::of(id_of(1)))->bytes, bytes);
}

TEST_F(RefusedBlocks, OfAPayload) {
  kv->refused = {{Family::payload, keys::of(id_of(2))}};
  EXPECT_EQ(ids_of(caller->due()), Ids{id_of(1)});
  pump_all();
  EXPECT_EQ(ids_of(caller->due()), Ids{id_of(1)});
  pump_all();
  EXPECT_EQ(probes.corrupt_records, 1U);
  EXPECT_FALSE(caller->load({LoadRequest{id_of(2)}}).value().at(0)->submission.due_at.has_value());
}

TEST_F(RefusedBlocks, OfTheDueIndex) {
  const Submission second = caller->load(id_of(2)).submission;
  kv->refused = {{Family::due, keys::due({"pcare", "clinic-1"}, DueClass::send, *second.due_at, second.position)}};
  for (int i = 0; i < 5; ++i) {
    EXPECT_EQ(ids_of(caller->due()), Ids{id_of(1)}) << "what lies before it";
    EXPECT_EQ(caller->due("clinic-2").items.size(), 1U) << "another lane";
    pump_all();
  }
  EXPECT_EQ(probes.corrupt_records, 1U);
  EXPECT_EQ(store->counts().destinations.at("pcare").quarantined, 1U);
}

TEST_F(RefusedBlocks, OfAnOutcomeThatIsRead) {
  ASSERT_EQ(caller->finish(caller->load(id_of(1)).submission, Event::delivered).applied, Applied::yes);
  kv->refused = {{Family::attempt, keys::attempt(id_of(1), 1)}};
  EXPECT_EQ(caller->load({LoadRequest{id_of(1), false, false, true}}).error(), Error::corrupt);
  EXPECT_TRUE(caller->load({LoadRequest{id_of(1)}}).has_value());
}

TEST_F(RefusedBlocks, ThePatrolGoesOnBehindThemAndCountsWhatElseItMeets) {
  kv->refused = {{Family::meta, keys::of(id_of(1))}};
  const std::string key = keys::minute_accepted("pcare", 7);
  ASSERT_TRUE(kv->commit({{Family::counts, key, encode({Family::counts, key}, std::uint64_t{2})}}));
  caller.reset();
  store.reset();
  auto rolling = options();
  rolling.patrol_every = std::chrono::milliseconds(2);
  store = *QueueStore::open(kv, std::move(rolling), Pumping::thread);
  const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(20);
  const auto wait_for = [&](const std::function<bool()>& is_so) {
    while (!is_so() && std::chrono::steady_clock::now() < until)
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    return is_so();
  };
  EXPECT_TRUE(wait_for([&] { return store->counts().destinations.at("pcare").scan_difference == 3; }))
      << "the one that is refused, and the two that were never there";
  EXPECT_TRUE(wait_for([&] { return store->health().patrolled_at == now; }));
  EXPECT_TRUE(wait_for([&] { return probes.passed_over != 0; }));
  EXPECT_EQ(probes.patrols_failed, 0U);
  kv->fails = true;
  EXPECT_TRUE(wait_for([&] { return probes.patrols_failed != 0; })) << "a patrol that stands still is seen";
  kv->fails = false;
  store.reset();
}

TEST_F(RefusedBlocks, OfTheIndexOfPersons) {
  for (std::uint64_t i = 11; i <= 14; ++i) {
    auto made = submission(i, "person " + std::to_string(i));
    made.submission.person = digest("somebody");
    caller->accept(made);
  }
  std::vector<std::string> entries;
  ASSERT_TRUE(kv->scan(Family::person, {}, {}, [&](std::string_view key, std::string_view) {
    entries.emplace_back(key);
    return true;
  }));
  Questions q(*store, [this] { return store->pump(); });
  EXPECT_TRUE(q.find({Find::By::damaged_of_person, digest("somebody")}).value().empty());
  kv->refused = {{Family::person, entries.at(1)}};
  EXPECT_EQ(q.find({Find::By::person, digest("somebody")}).value().size(), 3U);
  EXPECT_EQ(q.find({Find::By::damaged_of_person, digest("somebody")}).error(), Error::corrupt)
      << "nobody knows whose entry it was";
}

// What retention passes over, and that it comes to all that lies behind.
class RefusedToRetention : public RefusedBlocks {
 protected:
  RefusedToRetention() {
    for (std::uint64_t i = 11; i <= 40; ++i) {
      auto made = submission(i, "person " + std::to_string(i));
      made.submission.id = SubmissionId::make(at(noon_ms + static_cast<std::int64_t>(i)));
      made.idempotency_key = digest("key " + std::to_string(i));
      ids.push_back(made.submission.id);
      key_of.push_back(*made.idempotency_key);
      caller->accept(made);
      caller->finish(caller->load(ids.back()).submission, Event::delivered);
    }
  }
  // A whole pass; how many lost their content.
  std::size_t pass(std::optional<WallTime> keys_before = {}) {
    Retain what{.settled_before = at(noon_ms + 1'000'000), .after = {}, .examine = 4, .keys_before = keys_before};
    std::size_t erased = 0;
    for (int slices = 0; slices < 100; ++slices) {
      const auto slice = q.retain(what);
      EXPECT_TRUE(slice.has_value());
      if (!slice) return erased;
      erased += slice->erased;
      passed_over += slice->passed_over;
      if (!slice->next) return erased;
      what.after = slice->next;
    }
    ADD_FAILURE() << "it does not end";
    return erased;
  }
  void refuse(std::size_t from, std::size_t to) {
    for (std::size_t i = from; i < to; ++i) kv->refused.emplace(Family::meta, keys::of(ids[i]));
  }
  bool is_erased(std::size_t i) { return caller->load(ids[i]).submission.content_erased; }
  std::vector<SubmissionId> ids;
  std::vector<Digest> key_of;
  std::size_t passed_over = 0;
  Questions q{*store, [this] { return store->pump(); }};
};

TEST_F(RefusedToRetention, AStretchKeepsNothingBehindItFromBeingErased) {
  refuse(5, 12);
  EXPECT_EQ(pass(), 23U);
  EXPECT_GE(passed_over, 1U);
  pump_all();
  EXPECT_EQ(probes.passed_over, passed_over);
  EXPECT_EQ(probes.corrupt_records, 1U) << "told once";
  kv->refused.clear();
  for (std::size_t i = 0; i < ids.size(); ++i) EXPECT_EQ(is_erased(i), i < 5 || i >= 12) << i;
}

TEST_F(RefusedToRetention, AtTheBeginningAndAtTheEndToo) {
  refuse(0, 3);
  refuse(10, 11);
  refuse(26, 30);
  EXPECT_EQ(pass(), 22U);
  refuse(0, 30);
  EXPECT_EQ(pass(), 0U);
}

TEST_F(RefusedToRetention, KeysBehindAStretchAreGivenFree) {
  const std::set<Digest> sorted(key_of.begin(), key_of.end());
  auto nth = sorted.begin();
  for (int i = 0; i < 3; ++i) kv->refused.emplace(Family::idempotency, keys::of(*nth++));
  now = at(noon_ms) + std::chrono::days(100);
  pass(now);
  kv->refused.clear();
  std::size_t left = 0;
  for (const Digest& key : key_of) left += q.find({Find::By::idempotency_key, key}).value().size();
  EXPECT_EQ(left, 3U);
}

TEST_F(RefusedToRetention, RoomIsMadeBehindItWhenTheDiskIsLow) {
  refuse(5, 12);
  now += std::chrono::hours(1);
  std::atomic<std::uint64_t> free = 1'000'000;
  caller.reset();
  store.reset();
  auto low = options();
  low.free_space_floor_bytes = 100'000;
  store = *QueueStore::open(kv, std::move(low), Pumping::thread, [&] { return std::optional(free.load()); });
  caller = std::make_unique<Caller>(*store, [this] { return store->pump(); });
  free = 1;
  const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(20);
  while (!is_erased(29) && std::chrono::steady_clock::now() < until)
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  EXPECT_TRUE(is_erased(29)) << "what lies behind the stretch";
  EXPECT_TRUE(is_erased(0));
  caller.reset();
  store.reset();
}

TEST_F(RefusedBlocks, ADiskThatDoesNotAnswerIsNoDamage) {
  caller->put_objects({{"gate", "a", {}, "closed"}});
  Questions q(*store, [this] { return store->pump(); });
  ASSERT_TRUE(q.append_audit({"line"}).has_value());
  kv->fails = true;
  DueQuery query{.lane = {"pcare", "clinic-1"}, .now = at(noon_ms), .limit = 10};
  for (const DueClass due_class : {DueClass::send, DueClass::fresh, DueClass::deadline}) {
    query.due_class = due_class;
    EXPECT_EQ(q.next_due({query}).error(), Error::unavailable);
  }
  EXPECT_EQ(caller->load({LoadRequest{id_of(1), true, true, true}}).error(), Error::unavailable);
  for (const auto by : {Find::By::idempotency_key, Find::By::natural_key, Find::By::requirement, Find::By::person,
                        Find::By::damaged_of_person}) {
    EXPECT_EQ(q.find({by, digest("key")}).error(), Error::unavailable);
  }
  ScanQuery scan;
  EXPECT_EQ(q.scan(scan).error(), Error::unavailable);
  scan.filter.needs_attention = true;
  EXPECT_EQ(q.scan(scan).error(), Error::unavailable);
  scan.after = id_of(1);
  EXPECT_EQ(q.scan(scan).error(), Error::unavailable);
  EXPECT_EQ(q.references({digest("reference")}).error(), Error::unavailable);
  EXPECT_EQ(q.waiting({id_of(1)}).error(), Error::unavailable);
  EXPECT_EQ(q.count({}).error(), Error::unavailable);
  EXPECT_EQ(q.read_audit(1).error(), Error::unavailable);
  EXPECT_EQ(q.read_audit(2).error(), Error::unavailable);
  EXPECT_EQ(caller->get_object("gate", "a").error(), Error::unavailable);
  EXPECT_EQ(caller->list_objects("gate").error(), Error::unavailable);
  EXPECT_EQ(q.retain({.settled_before = at(noon_ms), .after = {}, .keys_before = {}}).error(), Error::unavailable);
  EXPECT_EQ(q.erase({id_of(1)}).error(), Error::unavailable);
  EXPECT_EQ(q.rewrap({{id_of(1), "wrapped 1", "x"}}).error(), Error::unavailable);
  EXPECT_EQ(q.append_audit({"another"}).error(), Error::unavailable);
  kv->fails = false;
  pump_all();
  EXPECT_EQ(probes.corrupt_records, 0U);
  EXPECT_EQ(ids_of(caller->due()), (Ids{id_of(1), id_of(2)})) << "and it comes back";
  EXPECT_EQ(q.append_audit({"another"}).value().at(0).number, 2U);
}

}  // namespace
}  // namespace titip::storage
