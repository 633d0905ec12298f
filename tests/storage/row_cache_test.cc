#include "storage/row_cache.h"

#include "storage/memory_kv.h"
#include "tests/storage/support.h"

namespace titip::storage {
namespace {

// Counts what the engine is asked for.
class Counting : public MemoryKv {
 public:
  KvResult<std::optional<std::string>> get(Family family, std::string_view key) const override {
    ++asked;
    return MemoryKv::get(family, key);
  }
  KvResult<std::vector<std::optional<std::string>>> multi_get(Family family,
                                                              std::span<const std::string> keys) const override {
    asked += keys.size();
    return MemoryKv::multi_get(family, keys);
  }
  mutable std::size_t asked = 0;
};

class RowCacheTest : public ::testing::Test {
 protected:
  void commit(const KvBatch& batch) {
    ASSERT_TRUE(engine.commit(batch).has_value());
    rows.committed(batch);
    engine.asked = 0;
  }
  std::string get(Family family, std::string_view key) { return rows.get(family, key).value().value_or("none"); }

  Counting engine;
  RowCache rows{engine, 4};
};

TEST_F(RowCacheTest, TheRowsOfAnAttemptAreKnownUntilItIsSettled) {
  commit({{Family::meta, "id", "queued"}, {Family::head, "line", "id"}});
  EXPECT_EQ(get(Family::meta, "id"), "queued");
  EXPECT_EQ(engine.asked, 1U) << "nothing is being attempted";
  commit({{Family::meta, "id", "in flight"}, {Family::open, "id", "mark"}, {Family::head, "line", "id"}});
  EXPECT_EQ(get(Family::meta, "id"), "in flight");
  EXPECT_EQ(get(Family::open, "id"), "mark");
  EXPECT_EQ(get(Family::head, "line"), "id");
  EXPECT_EQ(engine.asked, 0U);
  commit({{Family::meta, "id", "delivered"}, {Family::open, "id", std::nullopt}, {Family::head, "line", std::nullopt}});
  EXPECT_EQ(get(Family::meta, "id"), "delivered") << "never what stood there before";
  EXPECT_EQ(get(Family::open, "id"), "none");
  EXPECT_EQ(get(Family::head, "line"), "none");
}

TEST_F(RowCacheTest, WhatIsNotKnownIsAskedForAlone) {
  commit({{Family::meta, "a", "1"}, {Family::meta, "b", "2"}});
  commit({{Family::meta, "c", "3"}, {Family::open, "c", "mark"}});
  const std::vector<std::string> asked{"a", "c", "missing", "b"};
  const auto found = rows.multi_get(Family::meta, asked).value();
  EXPECT_EQ(found, (std::vector<std::optional<std::string>>{"1", "3", std::nullopt, "2"}));
  EXPECT_EQ(engine.asked, 3U);
}

TEST_F(RowCacheTest, OtherFamiliesAreTheEngines) {
  commit({{Family::counts, "row", "1"}, {Family::meta, "id", "in flight"}, {Family::open, "id", "mark"}});
  EXPECT_EQ(get(Family::counts, "row"), "1");
  EXPECT_EQ(engine.asked, 1U);
}

TEST_F(RowCacheTest, WhatSomebodyMetAsDamagedIsTheEnginesAgain) {
  commit({{Family::meta, "id", "in flight"}, {Family::open, "id", "mark"}});
  ASSERT_TRUE(engine.commit({{Family::meta, "id", "rotten"}}).has_value()) << "behind the cache's back";
  EXPECT_EQ(get(Family::meta, "id"), "in flight");
  rows.forget(Family::meta, "id");
  rows.forget(Family::counts, "id");
  EXPECT_EQ(get(Family::meta, "id"), "rotten");
  EXPECT_EQ(get(Family::open, "id"), "mark") << "that one alone";
}

TEST_F(RowCacheTest, IsBoundedAndNeverStale) {
  for (int i = 0; i < 100; ++i) {
    const std::string id = std::to_string(i);
    commit({{Family::meta, id, "in flight"}, {Family::open, id, "mark"}});
  }
  EXPECT_EQ(get(Family::meta, "0"), "in flight");
  EXPECT_EQ(engine.asked, 1U) << "forgotten, and read from the engine";
  engine.asked = 0;
  EXPECT_EQ(get(Family::meta, "99"), "in flight");
  EXPECT_EQ(engine.asked, 0U);
  // One of the older generation is written again: the younger row is the one that is read, also once the older goes.
  commit({{Family::meta, "95", "delivered"}, {Family::open, "95", std::nullopt}});
  for (int i = 100; i < 110; ++i) {
    EXPECT_EQ(get(Family::meta, "95"), "delivered") << i;
    commit({{Family::meta, std::to_string(i), "in flight"}, {Family::open, std::to_string(i), "mark"}});
  }
}

}  // namespace
}  // namespace titip::storage
