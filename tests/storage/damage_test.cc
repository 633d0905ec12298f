// Damage at close quarters: the writer's second look at it, and blocks that the engine itself refuses.
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
    StoreOptions options;
    options.now = [] { return at(noon_ms); };
    options.probes = &probes;
    options.on_fatal = [](const std::string& why) { ADD_FAILURE() << why; };
    store = *QueueStore::open(kv, std::move(options), Pumping::by_hand);
    caller = std::make_unique<Caller>(*store, [this] { return store->pump(); });
    caller->accept({submission(1, "a"), submission(2, "b"), submission(3, "c", "clinic-2")});
  }
  void pump_all() {
    while (store->pump()) {
    }
  }
  std::shared_ptr<RefusingKv> kv = std::make_shared<RefusingKv>();
  CountingProbes probes;
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
  for (const auto by : {Find::By::idempotency_key, Find::By::natural_key, Find::By::requirement, Find::By::person}) {
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
