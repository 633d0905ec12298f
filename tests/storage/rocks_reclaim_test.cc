// Room made in tables: what was overwritten and erased goes, what stands stays, and there is not always something to
// do.
#include <algorithm>

#include "storage/rocks_kv.h"
#include "tests/storage/support.h"

namespace titip::storage {
namespace {

constexpr int records = 20'000;

class RocksReclaimTest : public ::testing::Test {
 protected:
  void open() { kv = open_rocks_kv(directory.path() / "store").value(); }

  static std::string key(int i) {
    std::string key = std::to_string(i);
    return std::string(16 - key.size(), '0') + key;
  }
  // Values that no compression helps with, other ones for each generation.
  static std::string value(int i, int generation) {
    std::string bytes;
    std::uint64_t state = static_cast<std::uint64_t>(i) * 977 + static_cast<std::uint64_t>(generation);
    while (bytes.size() < 200) {
      state = state * 6364136223846793005ULL + 1442695040888963407ULL;
      bytes.push_back(static_cast<char>(state >> 56U));
    }
    return bytes;
  }
  // One generation of all records and lines in tables of its own: a close flushes.
  void write(int generation, bool lines) {
    open();
    for (int i = 0; i < records; i += 500) {
      KvBatch batch;
      for (int k = i; k < i + 500; ++k) {
        batch.push_back({Family::meta, key(k), value(k, generation)});
        batch.push_back({Family::payload, key(k), value(k, 1)});  // so that there is enough to flush
        batch.push_back({Family::head, key(k), lines ? std::optional(value(k, 0)) : std::nullopt});
        batch.push_back({Family::natural, key(k), value(k, 2)});
      }
      ASSERT_TRUE(kv->commit(batch));
    }
    kv->close();
  }
  std::uint64_t table_bytes() const {
    std::uint64_t bytes = 0;
    for (const auto& file : std::filesystem::directory_iterator(directory.path() / "store"))
      if (file.path().extension() == ".sst") bytes += file.file_size();
    return bytes;
  }

  Directory directory;
  std::unique_ptr<Kv> kv;
};

TEST_F(RocksReclaimTest, WhatWasOverwrittenOrErasedLeavesTheTables) {
  write(1, true);
  write(2, false);
  const std::uint64_t before = table_bytes();
  open();
  ASSERT_TRUE(kv->reclaim());
  const std::uint64_t after = table_bytes();
  // An old record and an old line each, some 216 bytes and more.
  EXPECT_LT(after + std::uint64_t{records} * 400, before);
  for (const int i : {0, 1, records / 2, records - 1}) {
    EXPECT_EQ(kv->get(Family::meta, key(i)).value(), value(i, 2));
    EXPECT_EQ(kv->get(Family::head, key(i)).value(), std::nullopt);
    EXPECT_EQ(kv->get(Family::natural, key(i)).value(), value(i, 2));
  }
  // Nothing is above the last level now, so the next time nothing is written.
  std::vector<std::string> names;
  for (const auto& file : std::filesystem::directory_iterator(directory.path() / "store"))
    if (file.path().extension() == ".sst") names.push_back(file.path().filename());
  ASSERT_TRUE(kv->reclaim());
  for (const auto& name : names) EXPECT_TRUE(std::filesystem::exists(directory.path() / "store" / name)) << name;
  EXPECT_EQ(table_bytes(), after);
  kv->close();
}

TEST_F(RocksReclaimTest, GivenUpItWritesNothing) {
  write(1, true);
  write(2, false);
  const std::uint64_t before = table_bytes();
  open();
  kv->give_up_reclaim();
  ASSERT_TRUE(kv->reclaim());
  EXPECT_EQ(table_bytes(), before);
  kv->close();
}

}  // namespace
}  // namespace titip::storage
