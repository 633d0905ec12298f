// A store that an older Titip wrote is refused, and left as it was, so that the older one can still drain it.
#include <gtest/gtest.h>
#include <rocksdb/db.h>

#include <algorithm>
#include <memory>

#include "storage/keys.h"
#include "storage/memory_kv.h"
#include "storage/queue_store.h"
#include "storage/records.h"
#include "tests/storage/support.h"

namespace titip::storage {
namespace {

const std::string what_to_do =
    "the store has format 1 and this Titip reads format 2: let the Titip that wrote it deliver everything it holds, "
    "then start this one with an empty data directory";

StoreOptions options_for(const std::filesystem::path& directory) {
  StoreOptions options;
  options.directory = directory;
  options.now = [] { return at(noon_ms); };
  options.free_space_floor_bytes = 0;
  options.on_fatal = [](const std::string& why) { ADD_FAILURE() << why; };
  return options;
}

// A directory with these families alone, and a format if one is given.
void make_store(const std::string& directory, const std::vector<std::string>& families,
                std::optional<std::uint64_t> format) {
  rocksdb::Options options;
  options.create_if_missing = true;
  rocksdb::DB* opened = nullptr;
  ASSERT_TRUE(rocksdb::DB::Open(options, directory, &opened).ok());
  const std::unique_ptr<rocksdb::DB> db(opened);
  std::vector<rocksdb::ColumnFamilyHandle*> handles;
  ASSERT_TRUE(db->CreateColumnFamilies({}, families, &handles).ok());
  if (format) {
    const auto info = std::ranges::find(handles, "info", [](const auto* handle) { return handle->GetName(); });
    ASSERT_TRUE(db->Put({}, *info, "format", encode_format(*format)).ok());
  }
  for (auto* handle : handles) db->DestroyColumnFamilyHandle(handle);
}

std::vector<std::string> families_in(const std::string& directory) {
  std::vector<std::string> families;
  EXPECT_TRUE(rocksdb::DB::ListColumnFamilies({}, directory, &families).ok());
  return families;
}

const std::vector<std::string> families_of_format_1{"info", "meta",   "payload",     "reply",   "chain",
                                                    "head", "due",    "idempotency", "natural", "attempt",
                                                    "open", "object", "counts"};

TEST(Format, AnOlderStoreIsRefusedWithWhatToDoAndLeftAsItWas) {
  const Directory directory;
  const std::string path = (directory.path() / "store").string();
  make_store(path, families_of_format_1, 1);
  const auto before = families_in(path);
  const auto refused = open_rocks_store(options_for(path));
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error(), what_to_do);
  EXPECT_EQ(families_in(path), before) << "the older Titip opens it still";
}

// Killed between the first family and the last: nothing was ever in it.
TEST(Format, AFirstStartThatWasCutShortBeginsAgain) {
  const Directory directory;
  const std::string path = (directory.path() / "store").string();
  make_store(path, {"info", "meta"}, {});
  auto store = open_rocks_store(options_for(path));
  ASSERT_TRUE(store.has_value()) << store.error();
  EXPECT_EQ((*store)->health().epoch, 1U);
  (*store)->close();
}

TEST(Format, TheFormatIsReadByEveryEngine) {
  const auto kv = std::make_shared<MemoryKv>();
  ASSERT_TRUE(kv->commit({{Family::info, std::string(keys::format), encode_format(1)}}));
  const auto refused = QueueStore::open(kv, options_for({}), Pumping::by_hand);
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error(), what_to_do);
}

}  // namespace
}  // namespace titip::storage
