#include "storage/staging.h"

#include "storage/memory_kv.h"
#include "tests/storage/faulty_kv.h"
#include "tests/storage/support.h"

namespace titip::storage {
namespace {

class StagingTest : public ::testing::Test {
 protected:
  void SetUp() override {
    ASSERT_TRUE(
        kv.commit({{Family::chain, "a1", "one"}, {Family::chain, "a2", "two"}, {Family::chain, "b1", "other"}}));
  }
  std::string first(std::string_view from) {
    const auto found = staging.first(Family::chain, "a", from);
    return found ? found->first + "=" + found->second : "none";
  }
  MemoryKv kv;
  Staging staging{kv};
};

TEST_F(StagingTest, ReadsSeeTheGroupsOwnWrites) {
  EXPECT_EQ(*staging.get(Family::chain, "a1"), "one");
  staging.put(Family::chain, "a1", "changed");
  EXPECT_EQ(*staging.get(Family::chain, "a1"), "changed");
  staging.erase(Family::chain, "a1");
  EXPECT_EQ(staging.get(Family::chain, "a1"), nullptr);
  EXPECT_EQ(*kv.get(Family::chain, "a1").value(), "one") << "the base is untouched";
  EXPECT_EQ(staging.get(Family::meta, "a1"), nullptr) << "families are apart";
}

TEST_F(StagingTest, TheFirstKeyIsFoundOverBothLayers) {
  EXPECT_EQ(first("a"), "a1=one");
  EXPECT_EQ(first("a11"), "a2=two");
  staging.put(Family::chain, "a15", "between");
  EXPECT_EQ(first("a11"), "a15=between");
  staging.erase(Family::chain, "a1");
  EXPECT_EQ(first("a"), "a15=between");
  staging.erase(Family::chain, "a15");
  EXPECT_EQ(first("a"), "a2=two");
  staging.put(Family::chain, "a2", "changed");
  EXPECT_EQ(first("a"), "a2=changed");
  staging.erase(Family::chain, "a2");
  EXPECT_EQ(first("a"), "none") << "never the next prefix";
  EXPECT_EQ(first("a3"), "none");
}

TEST_F(StagingTest, ACallIsRolledBackWhole) {
  staging.put(Family::chain, "a1", "kept");
  staging.keep();
  staging.put(Family::chain, "a1", "undone");
  staging.put(Family::chain, "a1", "undone twice");
  staging.put(Family::chain, "new", "undone");
  staging.erase(Family::chain, "a2");
  staging.fail(Error::corrupt);
  EXPECT_EQ(staging.get(Family::chain, "a1"), nullptr) << "nothing is read after a fault";
  staging.roll_back();
  EXPECT_FALSE(staging.fault().has_value());
  EXPECT_EQ(*staging.get(Family::chain, "a1"), "kept");
  EXPECT_EQ(*staging.get(Family::chain, "a2"), "two");
  EXPECT_EQ(staging.get(Family::chain, "new"), nullptr);
  const KvBatch batch = staging.take_batch();
  ASSERT_EQ(batch.size(), 1U);
  EXPECT_EQ(batch[0].key, "a1");
  EXPECT_EQ(batch[0].value, "kept");
}

TEST_F(StagingTest, WhatWasOnlyReadIsNotWritten) {
  staging.want(Family::chain, "a1");
  staging.want(Family::chain, "nobody");
  staging.want(Family::chain, "a1");
  staging.fetch();
  EXPECT_EQ(*staging.get(Family::chain, "a1"), "one");
  EXPECT_EQ(staging.get(Family::chain, "nobody"), nullptr);
  EXPECT_TRUE(staging.take_batch().empty());
}

TEST_F(StagingTest, AReadThatFailsIsAFaultOfTheCallThatAsks) {
  FaultyKv faulty(std::make_shared<MemoryKv>());
  Staging over(faulty);
  faulty.fail_reads = KvError{KvError::Kind::corrupt, "rot"};
  over.want(Family::chain, "a1");
  over.fetch();
  EXPECT_FALSE(over.fault().has_value());
  EXPECT_EQ(over.get(Family::chain, "a1"), nullptr);
  EXPECT_EQ(over.fault(), Error::corrupt);
  over.roll_back();
  faulty.fail_reads = KvError{KvError::Kind::failed, "gone"};
  over.first(Family::chain, "a", "a");
  EXPECT_EQ(over.fault(), Error::unavailable);
}

}  // namespace
}  // namespace titip::storage
