// Counts and the last position that cannot be read are computed anew from the records; what can be read is left alone.
#include "storage/mend.h"

#include <algorithm>
#include <map>

#include "storage/keys.h"
#include "storage/queue_store.h"
#include "storage/records.h"
#include "storage/restore.h"
#include "storage/verify.h"
#include "tests/storage/history.h"
#include "tests/storage/invariants.h"
#include "tests/storage/refusing_kv.h"
#include "tests/storage/spoiling.h"

namespace titip::storage {
namespace {

using Rows = std::map<std::string, std::string>;

Rows rows_of(const KvReader& kv, Family family) {
  Rows rows;
  EXPECT_TRUE(kv.scan(family, {}, {}, [&](std::string_view key, std::string_view value) {
                  rows.emplace(key, value);
                  return true;
                }).has_value());
  return rows;
}

// The cells of a day stand in the order in which they came to be, which nobody relies on.
std::string meaning_of(const std::string& key, const std::string& value) {
  if (keys::parse_counts(key)->kind != keys::CountsKind::fine) return value;
  auto cells = decode_fine_counts({Family::counts, key}, value).value();
  std::ranges::sort(cells, {}, [](const FineCount& each) { return std::pair(each.state, each.outcome_rule); });
  return encode(Place{Family::counts, key}, cells);
}

TEST(Mend, EveryRowOfARandomLifeIsFoundAgain) {
  History history(13);
  history.steps(500);
  MemoryKv& kv = history.kv();
  const Rows before = rows_of(kv, Family::counts);
  std::map<keys::CountsKind, int> mended;
  for (const auto& [key, value] : before) {
    const std::string bad = spoil(kv, Family::counts, key);
    const auto kind = keys::parse_counts(key)->kind;
    // A row that no open reads is one that somebody met.
    const std::string at = keys::quarantine(Family::counts, key);
    const bool is_read = kind != keys::CountsKind::fine && kind != keys::CountsKind::accepted;
    if (!is_read) {
      ASSERT_EQ(mend(kv, titip::storage::at(noon_ms)).value(), 0U);
      ASSERT_TRUE(kv.commit({{Family::quarantine, at, encode(Place{Family::quarantine, at}, Quarantined{})}}));
    }
    ASSERT_EQ(mend(kv, titip::storage::at(noon_ms)).value(), 1U) << key;
    EXPECT_EQ(meaning_of(key, *kv.get(Family::counts, key).value()), meaning_of(key, value)) << key;
    if (is_read) EXPECT_EQ(set_apart_at(kv, Family::counts, key)->bytes, bad);
    EXPECT_EQ(mend(kv, titip::storage::at(noon_ms)).value(), 0U) << "once";
    ++mended[kind];
  }
  EXPECT_EQ(mended.size(), 7U) << "rows of every kind were there";
}

// A store that was written before those who need attention were counted.
TEST(Mend, WhatWasNeverCountedIsCountedAtTheFirstOpenAndIsNoDamage) {
  History history(13);
  history.steps(500);
  MemoryKv& kv = history.kv();
  const std::string prefix = keys::counts_prefix(keys::CountsKind::attention);
  const Rows before = rows_of(kv, Family::counts);
  std::uint64_t counted = 0;
  for (const auto& [key, value] : before) {
    if (!key.starts_with(prefix)) continue;
    counted += decode_number({Family::counts, key}, value).value();
    ASSERT_TRUE(kv.commit({{Family::counts, key, std::nullopt}}));
  }
  EXPECT_EQ(counted, rows_of(kv, Family::attention).size());
  EXPECT_GT(counted, 0U);
  const Rows apart = rows_of(kv, Family::quarantine);
  EXPECT_EQ(mend(kv, at(noon_ms)).value(), 0U);
  EXPECT_EQ(rows_of(kv, Family::counts), before);
  EXPECT_EQ(rows_of(kv, Family::quarantine), apart);
}

TEST(Mend, AllRowsAtOnceAndThePosition) {
  History history(12);
  history.steps(500);
  MemoryKv& kv = history.kv();
  const Rows before = rows_of(kv, Family::counts);
  const Rows info = rows_of(kv, Family::info);
  for (const auto& [key, value] : before) spoil(kv, Family::counts, key);
  spoil(kv, Family::info, std::string(keys::last_position));
  EXPECT_EQ(mend(kv, at(noon_ms)).value(), before.size() + 1);
  const Rows after = rows_of(kv, Family::counts);
  ASSERT_EQ(after.size(), before.size());
  for (const auto& [key, value] : before) EXPECT_EQ(meaning_of(key, after.at(key)), meaning_of(key, value));
  EXPECT_EQ(rows_of(kv, Family::info), info) << "no commit is counted, and the position is the one it was";
}

TEST(Mend, APositionIsNotGivenOutAgainBecauseItsRecordIsDamaged) {
  MemoryKv kv;
  {
    Staging staging(kv);
    Book book(staging, at(noon_ms));
    for (std::uint64_t i = 1; i <= 5; ++i) book.accept(submission(i, std::to_string(i)));
    staging.keep();
    ASSERT_TRUE(kv.commit(staging.take_batch()));
  }
  spoil(kv, Family::meta, keys::of(id_of(5)));
  spoil(kv, Family::info, std::string(keys::last_position));
  ASSERT_EQ(mend(kv, at(noon_ms)).value(), 1U);
  const std::string key(keys::last_position);
  EXPECT_EQ(decode_number({Family::info, key}, *kv.get(Family::info, key).value()), 5U);
}

TEST(Mend, ADiskThatDoesNotAnswerIsNoReasonToWriteAnything) {
  RefusingKv kv;
  kv.fails = true;
  const auto refused = mend(kv, at(noon_ms));
  ASSERT_FALSE(refused.has_value());
  EXPECT_FALSE(refused.error().needs_a_person());
}

class MendedStore : public ::testing::Test {
 protected:
  StoreOptions options() {
    StoreOptions options;
    options.now = [] { return at(noon_ms); };
    options.free_space_floor_bytes = 0;
    options.probes = &probes;
    options.on_fatal = [](const std::string& why) { ADD_FAILURE() << why; };
    return options;
  }
  void open() {
    auto opened = QueueStore::open(kv, options(), Pumping::by_hand);
    ASSERT_TRUE(opened.has_value()) << opened.error();
    store = std::move(*opened);
    caller = std::make_unique<Caller>(*store, [this] { return store->pump(); });
  }
  void close() {
    caller.reset();
    store.reset();
  }
  void fill() {
    open();
    for (std::uint64_t i = 1; i <= 6; ++i) {
      const auto record = caller->accept(submission(i, std::to_string(i), i % 2 == 0 ? "clinic-1" : "clinic-2"));
      if (i <= 2) caller->finish(record.submission, Event::delivered);
    }
    close();
  }
  std::shared_ptr<MemoryKv> kv = std::make_shared<MemoryKv>();
  CountingProbes probes;
  std::unique_ptr<QueueStore> store;
  std::unique_ptr<Caller> caller;
};

TEST_F(MendedStore, OpensTakesWorkAndIsSound) {
  struct Row {
    const char* name;
    Family family;
    std::string key;
  };
  const std::int64_t minute = keys::minute_of(id_of(3).made_at());  // 1 and 2 are settled
  const Row rows[] = {
      {"destination", Family::counts, keys::destination_counts("pcare")},
      {"lane", Family::counts, keys::lane_count({"pcare", "clinic-1"})},
      {"pending", Family::counts, keys::minute_pending("pcare", minute)},
      {"position", Family::info, std::string(keys::last_position)},
  };
  fill();
  std::uint64_t next = 7;
  for (const Row& row : rows) {
    spoil(*kv, row.family, row.key);
    probes.corrupt_records = 0;
    open();
    EXPECT_EQ(probes.corrupt_records, 1U) << row.name << " is told";
    EXPECT_EQ(store->counts().destinations.at("pcare").accepted, next - 1) << row.name;
    EXPECT_EQ(caller->accept(submission(next, std::to_string(next))).submission.position, next) << row.name;
    ++next;
    close();
    EXPECT_TRUE(verify(*kv, {}, {}).value().problems.empty()) << row.name;
  }
}

TEST_F(MendedStore, ARowThatWasMetWhileServingIsMendedByTheNextStart) {
  fill();
  spoil(*kv, Family::counts, keys::fine_counts({"pcare", "clinic-2"}, keys::day_of(id_of(3).made_at())));
  open();
  const auto cancel = [this] {
    return caller->transition(std::vector{transition_of(caller->load(id_of(3)).submission, Event::cancel)});
  };
  EXPECT_EQ(cancel().error(), Error::corrupt) << "no open reads these rows";
  while (store->pump()) {
  }
  close();
  open();
  const auto cancelled = cancel();
  ASSERT_TRUE(cancelled.has_value());
  EXPECT_EQ(cancelled->at(0).applied, Applied::yes);
  close();
  EXPECT_TRUE(verify(*kv, {}, {}).value().problems.empty());
}

TEST_F(MendedStore, ACommitThatIsMissingIsMissedAllTheSame) {
  fill();
  spoil(*kv, Family::info, std::string(keys::last_position));
  Reach mark = decode_reach(kv->noted().value().value()).value();
  ++mark.commit;
  ++mark.position;
  ASSERT_TRUE(kv->note(encode(mark)));
  for (int start = 1; start <= 2; ++start) {
    const auto refused = QueueStore::open(kv, options(), Pumping::by_hand);
    ASSERT_FALSE(refused.has_value());
    EXPECT_NE(refused.error().find("1 commits"), std::string::npos) << refused.error();
  }
}

TEST_F(MendedStore, TakenAsItIsItKeepsEverySubmission) {
  fill();
  spoil(*kv, Family::counts, keys::destination_counts("pcare"));
  spoil(*kv, Family::info, std::string(keys::last_position));
  const auto restored = mark_restored(*kv, std::nullopt, at(noon_ms), {});
  ASSERT_TRUE(restored.has_value()) << restored.error();
  EXPECT_EQ(restored->gap.from.position, 6U);
  EXPECT_EQ(restored->made_unknown, 4U);
  open();
  EXPECT_EQ(store->counts().destinations.at("pcare").accepted, 6U);
}

}  // namespace
}  // namespace titip::storage
