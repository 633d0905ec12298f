// One rotten block in a table on a real disk: a scan that passes over it meets everything else.
#include <algorithm>
#include <fstream>
#include <iterator>

#include "storage/rocks_kv.h"
#include "storage/scan_over.h"
#include "tests/storage/support.h"

namespace titip::storage {
namespace {

constexpr int records = 20'000;

class RocksBlockTest : public ::testing::Test {
 protected:
  void SetUp() override {
    open();
    for (int i = 0; i < records; i += 500) {
      KvBatch batch;
      for (int k = i; k < i + 500; ++k) batch.push_back({Family::meta, key(k), value(k)});
      ASSERT_TRUE(kv->commit(batch));
    }
    ASSERT_TRUE(kv->reclaim()) << "into tables";
    kv->close();
    kv.reset();
  }
  void open() { kv = open_rocks_kv(directory.path() / "store").value(); }
  // Times come first in the keys of records, so neighbours are near each other as numbers too.
  static std::string key(int i) {
    std::string key(16, '\0');
    for (std::size_t byte = 0; byte < 4; ++byte) key[4 + byte] = static_cast<char>(i >> (24 - 8 * byte));
    return key;
  }
  // Values that no compression helps with, so that they are found in the file as they are.
  static std::string value(int i) {
    std::string bytes;
    std::uint64_t state = static_cast<std::uint64_t>(i) * 977 + 1;
    while (bytes.size() < 200) {
      state = state * 6364136223846793005ULL + 1442695040888963407ULL;
      bytes.push_back(static_cast<char>(state >> 56U));
    }
    return bytes;
  }
  // One bit of the value of this record, where it lies in a table.
  void rot(int record) {
    const std::string part = value(record).substr(60, 60);
    int found = 0;
    for (const auto& file : std::filesystem::directory_iterator(directory.path() / "store")) {
      if (file.path().extension() != ".sst") continue;
      std::ifstream in(file.path(), std::ios::binary);
      std::string bytes((std::istreambuf_iterator<char>(in)), std::istreambuf_iterator<char>());
      const auto at = bytes.find(part);
      if (at == std::string::npos) continue;
      ++found;
      bytes[at] = static_cast<char>(bytes[at] ^ 1);
      std::ofstream(file.path(), std::ios::binary | std::ios::trunc) << bytes;
    }
    ASSERT_GT(found, 0) << "the record lies in a table";
  }
  Directory directory;
  std::unique_ptr<Kv> kv;
};

TEST_F(RocksBlockTest, EverythingButTheBlockIsMet) {
  for (const int record : {40, 10'000, 19'999}) rot(record);
  open();
  const auto plain = kv->scan(Family::meta, {}, {}, [](std::string_view, std::string_view) { return true; });
  ASSERT_FALSE(plain.has_value()) << "a plain scan ends there";
  ASSERT_EQ(plain.error().kind, KvError::Kind::corrupt);

  std::vector<std::string> met;
  std::vector<std::pair<std::string, std::string>> holes;
  const auto scanned = scan_over(
      *kv->snapshot(), Family::meta, {}, {},
      [&](std::string_view at, std::string_view) {
        met.emplace_back(at);
        return true;
      },
      [&](const std::string& from, const std::string& to) { holes.emplace_back(from, to); });
  ASSERT_TRUE(scanned.has_value()) << scanned.error().text;
  EXPECT_EQ(*scanned, 3U);
  EXPECT_TRUE(std::ranges::is_sorted(met));
  EXPECT_GT(met.size(), records - 600U);
  EXPECT_LT(met.size(), std::size_t{records});
  // What was not met lies in one of the holes, and nothing that was met does.
  const auto in_a_hole = [&](const std::string& at) {
    return std::ranges::any_of(
        holes, [&](const auto& hole) { return at >= hole.first && (hole.second.empty() || at < hole.second); });
  };
  for (int i = 0; i < records; ++i) EXPECT_NE(std::ranges::binary_search(met, key(i)), in_a_hole(key(i))) << i;
  for (const int record : {40, 10'000, 19'999}) EXPECT_TRUE(in_a_hole(key(record))) << record;
  kv->close();
}

}  // namespace
}  // namespace titip::storage
