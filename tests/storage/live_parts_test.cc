// Where a lane's live part begins: a hint that must never hide what is due.
#include "storage/live_parts.h"

#include <algorithm>
#include <atomic>
#include <random>
#include <set>
#include <thread>

#include "storage/keys.h"
#include "storage/memory_kv.h"
#include "storage/queue_store.h"
#include "tests/storage/questions.h"

namespace titip::storage {
namespace {

const Lane lane{"pcare", "clinic-1"};

std::string prefix() {
  return keys::due_prefix(lane, DueClass::send);
}
std::string key(std::int64_t ms, std::uint64_t position = 1) {
  return keys::due(lane, DueClass::send, at(ms), position);
}
KvBatch put(const std::string& at_key) {
  return {{Family::due, at_key, "a due entry"}};
}
KvBatch erase(const std::string& at_key) {
  return {{Family::due, at_key, std::nullopt}};
}

void write(MemoryKv& kv, LiveParts& parts, const KvBatch& batch) {
  const LiveParts::Writing writing(parts, batch);
  ASSERT_TRUE(kv.commit(batch).has_value());
}

std::optional<std::string> first_from(const KvReader& kv, const std::string& from) {
  std::optional<std::string> first;
  EXPECT_TRUE(kv.scan(Family::due, prefix(), from, [&](std::string_view found, std::string_view) {
                  first = std::string(found);
                  return false;
                }).has_value());
  return first;
}

// What a peek does; answers the first key it met.
std::optional<std::string> look(const Kv& kv, LiveParts& parts) {
  LiveParts::Look look(parts, prefix());
  const auto snapshot = kv.snapshot();
  auto first = first_from(*snapshot, look.from());
  EXPECT_EQ(first, first_from(*snapshot, prefix())) << "the hint hides what is there";
  if (first) {
    look.met_first(*first);
  } else {
    look.met_nothing();
  }
  return first;
}

std::string where_the_next_begins(LiveParts& parts) {
  return LiveParts::Look(parts, prefix()).from();
}

TEST(LiveParts, TheNextLookBeginsAtTheFirstKeyThatWasMet) {
  MemoryKv kv;
  LiveParts parts;
  for (int i = 1; i <= 5; ++i) write(kv, parts, put(key(i)));
  EXPECT_EQ(where_the_next_begins(parts), prefix());
  for (int i = 1; i <= 3; ++i) write(kv, parts, erase(key(i)));
  EXPECT_EQ(look(kv, parts), key(4));
  EXPECT_EQ(where_the_next_begins(parts), key(4));
  write(kv, parts, erase(key(4)));
  EXPECT_EQ(where_the_next_begins(parts), key(4)) << "learned by looking alone";
  EXPECT_EQ(look(kv, parts), key(5));
  EXPECT_EQ(where_the_next_begins(parts), key(5));
}

TEST(LiveParts, AnEntryThatAppearsBeforeThatPullsItBack) {
  MemoryKv kv;
  LiveParts parts;
  write(kv, parts, put(key(5)));
  look(kv, parts);
  write(kv, parts, put(key(2)));
  EXPECT_EQ(where_the_next_begins(parts), key(2));
  EXPECT_EQ(look(kv, parts), key(2));
}

TEST(LiveParts, AnEmptyLaneIsNotWalkedAndAwakesAnywhere) {
  MemoryKv kv;
  LiveParts parts;
  write(kv, parts, put(key(5)));
  write(kv, parts, erase(key(5)));
  EXPECT_EQ(look(kv, parts), std::nullopt);
  EXPECT_GT(where_the_next_begins(parts), key(1'000'000'000'000'000, ~0ULL));
  write(kv, parts, put(key(3)));
  EXPECT_EQ(look(kv, parts), key(3));
}

TEST(LiveParts, OtherLanesAndClassesAreNotTouched) {
  MemoryKv kv;
  LiveParts parts;
  write(kv, parts, put(key(5)));
  look(kv, parts);
  write(kv, parts,
        {{Family::due, keys::due(lane, DueClass::probe, at(1), 1), "p"},
         {Family::due, keys::due({"pcare", "clinic-2"}, DueClass::send, at(1), 1), "s"},
         {Family::meta, "anything", "m"}});
  EXPECT_EQ(where_the_next_begins(parts), key(5));
}

// In whatever order the rows of a batch stand.
TEST(LiveParts, EachLaneOfABatchIsPulledBackToItsOwnFirst) {
  const Lane other{"pcare", "clinic-10"};
  const auto of_other = [&](std::int64_t ms) { return keys::due(other, DueClass::send, at(ms), 1); };
  const std::vector<std::string> rows{of_other(4), key(3), of_other(2), key(2), key(4), of_other(3)};
  for (const bool sorted : {false, true}) {
    MemoryKv kv;
    LiveParts parts;
    write(kv, parts, put(key(5)));
    write(kv, parts, put(of_other(5)));
    LiveParts::Look(parts, prefix()).met_first(key(5));
    LiveParts::Look(parts, keys::due_prefix(other, DueClass::send)).met_first(of_other(5));
    KvBatch batch;
    for (const std::string& row : rows) batch.push_back({Family::due, row, "a due entry"});
    if (sorted) std::ranges::sort(batch, {}, &KvWrite::key);
    write(kv, parts, batch);
    EXPECT_EQ(where_the_next_begins(parts), key(2));
    EXPECT_EQ(LiveParts::Look(parts, keys::due_prefix(other, DueClass::send)).from(), of_other(2));
  }
}

TEST(LiveParts, ALookThatBeganBeforeABatchCannotPushItForwardOverTheBatch) {
  MemoryKv kv;
  LiveParts parts;
  write(kv, parts, put(key(5)));
  {
    LiveParts::Look late(parts, prefix());  // its snapshot is of this moment
    write(kv, parts, put(key(2)));
    late.met_first(key(5));
  }
  EXPECT_EQ(look(kv, parts), key(2));
}

TEST(LiveParts, ALookThatBeginsWhileABatchIsWrittenCannotEither) {
  MemoryKv kv;
  LiveParts parts;
  write(kv, parts, put(key(5)));
  look(kv, parts);
  const KvBatch batch = put(key(2));
  {
    const LiveParts::Writing writing(parts, batch);
    {
      LiveParts::Look early(parts, prefix());
      early.met_first(key(5));  // the batch is not there yet
    }
    ASSERT_TRUE(kv.commit(batch).has_value());
  }
  EXPECT_EQ(look(kv, parts), key(2));
}

TEST(LiveParts, WhatIsCommittedBetweenTheLookAndItsSnapshotIsMet) {
  MemoryKv kv;
  LiveParts parts;
  write(kv, parts, put(key(5)));
  look(kv, parts);
  LiveParts::Look early(parts, prefix());
  write(kv, parts, put(key(2)));
  const auto snapshot = kv.snapshot();
  EXPECT_EQ(first_from(*snapshot, early.from()), key(2));
}

TEST(LiveParts, TheSameForALaneNobodyHadLookedAtBefore) {
  MemoryKv kv;
  LiveParts parts;
  write(kv, parts, put(key(5)));
  const KvBatch batch = put(key(2));
  std::optional<LiveParts::Look> outlives_the_batch;
  {
    const LiveParts::Writing writing(parts, batch);
    outlives_the_batch.emplace(parts, prefix());
    ASSERT_TRUE(kv.commit(batch).has_value());
  }
  outlives_the_batch->met_first(key(5));
  outlives_the_batch.reset();
  EXPECT_EQ(look(kv, parts), key(2));
}

TEST(LiveParts, TwoLooksAtOnce) {
  MemoryKv kv;
  LiveParts parts;
  write(kv, parts, put(key(5)));
  std::optional<LiveParts::Look> old(std::in_place, parts, prefix());
  write(kv, parts, put(key(2)));
  EXPECT_EQ(look(kv, parts), key(2));
  write(kv, parts, erase(key(2)));
  EXPECT_EQ(look(kv, parts), key(5));
  write(kv, parts, put(key(3)));
  old->met_first(key(5));
  old.reset();
  EXPECT_EQ(look(kv, parts), key(3));
}

TEST(LiveParts, BeyondItsMeasureLanesHaveNoHint) {
  MemoryKv kv;
  LiveParts parts(1);
  write(kv, parts, put(key(5)));
  LiveParts::Look(parts, keys::due_prefix(lane, DueClass::probe)).met_nothing();
  EXPECT_EQ(look(kv, parts), key(5));
  EXPECT_EQ(where_the_next_begins(parts), prefix());
}

// The negative control: a writer that does not say what it writes is caught by the very check the others rely on.
TEST(LiveParts, AWriterThatSaysNothingWouldHideAnEntry) {
  MemoryKv kv;
  LiveParts parts;
  write(kv, parts, put(key(5)));
  look(kv, parts);
  ASSERT_TRUE(kv.commit(put(key(2))).has_value());
  LiveParts::Look hint(parts, prefix());
  EXPECT_NE(first_from(kv, hint.from()), first_from(kv, prefix()));
}

TEST(LiveParts, ManyLooksBesideManyBatches) {
  MemoryKv kv;
  LiveParts parts;
  std::atomic<bool> stop = false;
  std::atomic<std::size_t> looks = 0;
  std::vector<std::thread> readers;
  for (int i = 0; i < 3; ++i) {
    readers.emplace_back([&] {
      while (!stop) {
        look(kv, parts);
        ++looks;
      }
    });
  }
  std::mt19937_64 random(20'211);
  std::set<std::int64_t> there;
  std::int64_t newest = 1000;
  const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(1);
  while (std::chrono::steady_clock::now() < until) {
    KvBatch batch;
    if (!there.empty() && random() % 2 == 0) {
      batch = erase(key(*there.begin()));
      there.erase(there.begin());
    } else {
      const bool is_older = random() % 3 == 0;
      const auto ms = is_older ? static_cast<std::int64_t>(random() % static_cast<std::uint64_t>(newest)) : ++newest;
      batch = put(key(ms));
      there.insert(ms);
    }
    write(kv, parts, batch);
  }
  stop = true;
  for (auto& reader : readers) reader.join();
  EXPECT_GT(looks, 100U);
}

// Tells where each scan of the due index began.
class TellingKv : public MemoryKv {
 public:
  class View : public KvReader {
   public:
    View(std::unique_ptr<KvReader> below, std::vector<std::string>& begun) : below_(std::move(below)), begun_(begun) {}
    KvResult<std::optional<std::string>> get(Family family, std::string_view at_key) const override {
      return below_->get(family, at_key);
    }
    KvResult<std::vector<std::optional<std::string>>> multi_get(Family family,
                                                                std::span<const std::string> all) const override {
      return below_->multi_get(family, all);
    }
    KvResult<void> scan(Family family, std::string_view with, std::string_view from,
                        const Visitor& visit) const override {
      if (family == Family::due) begun_.emplace_back(std::max(with, from));
      return below_->scan(family, with, from, visit);
    }

   private:
    std::unique_ptr<KvReader> below_;
    std::vector<std::string>& begun_;
  };
  std::unique_ptr<KvReader> snapshot() const override { return std::make_unique<View>(MemoryKv::snapshot(), begun); }
  mutable std::vector<std::string> begun;
};

class PeekingAtALane : public ::testing::Test {
 protected:
  PeekingAtALane() {
    StoreOptions options;
    options.now = [] { return at(noon_ms); };
    options.on_fatal = [](const std::string& why) { ADD_FAILURE() << why; };
    store = *QueueStore::open(kv, std::move(options), Pumping::by_hand);
    caller = std::make_unique<Caller>(*store, [this] { return store->pump(); });
  }
  std::string peek() {
    kv->begun.clear();
    last = caller->due();
    return kv->begun.empty() ? "" : kv->begun.front();
  }
  std::shared_ptr<TellingKv> kv = std::make_shared<TellingKv>();
  std::unique_ptr<QueueStore> store;
  std::unique_ptr<Caller> caller;
  DueBatch last;
};

TEST_F(PeekingAtALane, BeginsWhereItsLivePartBegins) {
  for (std::uint64_t i = 1; i <= 30; ++i) caller->accept(submission(i, "person " + std::to_string(i)));
  EXPECT_EQ(peek(), prefix());
  ASSERT_EQ(last.items.size(), 30U);
  for (std::uint64_t i = 1; i <= 20; ++i) {
    ASSERT_EQ(caller->finish(caller->load(id_of(i)).submission, Event::delivered).applied, Applied::yes);
  }
  peek();
  ASSERT_EQ(last.items.size(), 10U);
  const Submission first = last.items.front().submission;
  EXPECT_EQ(peek(), keys::due(lane, DueClass::send, *first.due_at, first.position));
  EXPECT_EQ(last.items.size(), 10U);

  // A record that was not to be sent for an hour is due again, before all that is left.
  const Submission late = last.items.back().submission;
  ASSERT_EQ(caller->transition(transition_of(late, Event::hold)).applied, Applied::yes);
  peek();
  auto release = transition_of(caller->load(late.id).submission, Event::release);
  release.due_at = at(noon_ms - 2'000'000);
  ASSERT_EQ(caller->transition(release).applied, Applied::yes);
  peek();
  ASSERT_EQ(last.items.size(), 10U);
  EXPECT_EQ(last.items.front().submission.id, late.id);
}

}  // namespace
}  // namespace titip::storage
