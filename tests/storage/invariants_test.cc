// The check of what must hold behind the door finds what is wrong: its negative controls.
#include "tests/storage/invariants.h"

#include <gtest/gtest.h>

#include <optional>

#include "storage/book.h"
#include "storage/memory_kv.h"
#include "storage/recovery.h"
#include "tests/storage/support.h"

namespace titip::storage {
namespace {

// The check of the rows finds each kind of damage that is done to a sound store.
TEST(Invariants, EachViolationIsFound) {
  MemoryKv kv;
  ASSERT_TRUE(recover(kv, at(noon_ms)));
  {
    Staging staging(kv);
    Book book(staging, at(noon_ms));
    auto first = submission(1, "a");
    first.submission.provides = {digest("visit")};
    first.submission.natural_key = digest("dose");
    first.submission.person = digest("somebody");
    auto second = submission(2, "a");
    auto third = submission(3, "b");
    third.submission.requirements = {digest("visit")};
    for (auto* each : {&first, &second, &third}) book.accept(std::move(*each));
    ASSERT_FALSE(staging.fault());
    ASSERT_TRUE(kv.commit(staging.take_batch()));
  }
  ASSERT_TRUE(broken_invariants(kv).empty()) << broken_invariants(kv).front();
  int families = 0;
  for (const auto family : {Family::payload, Family::chain, Family::head, Family::due, Family::natural, Family::person,
                            Family::requirement, Family::waiter, Family::meta}) {
    std::optional<KvWrite> row;
    ASSERT_TRUE(kv.scan(family, {}, {}, [&](std::string_view key, std::string_view value) {
      row = KvWrite{family, std::string(key), std::string(value)};
      return false;
    }));
    ASSERT_TRUE(row);
    ASSERT_TRUE(kv.commit({{family, row->key, std::nullopt}}));
    EXPECT_FALSE(broken_invariants(kv).empty()) << family_names[static_cast<std::size_t>(family)];
    ASSERT_TRUE(kv.commit({*row}));
    ++families;
  }
  EXPECT_EQ(families, 9);
  EXPECT_TRUE(broken_invariants(kv).empty()) << "whole again";
}

}  // namespace
}  // namespace titip::storage
