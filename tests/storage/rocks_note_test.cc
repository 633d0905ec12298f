// The note beside the database: two slots, a torn one, both torn, one whose making was cut short; and what a start
// makes of files that were put back, cut off or damaged.
#include <fstream>
#include <iterator>

#include "storage/queue_store.h"
#include "storage/rocks_kv.h"
#include "tests/storage/support.h"

namespace titip::storage {
namespace {

constexpr std::size_t slot_bytes = 4096;

class RocksNote : public ::testing::Test {
 protected:
  std::filesystem::path path() const { return directory.path() / "store" / "NOTE"; }
  std::unique_ptr<Kv> open() { return open_rocks_kv(directory.path() / "store").value(); }
  std::string bytes() const {
    std::ifstream in(path(), std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
  }
  void overwrite(const std::string& bytes) const { std::ofstream(path(), std::ios::binary | std::ios::trunc) << bytes; }
  Directory directory;
};

TEST_F(RocksNote, TheLastOneCounts) {
  auto kv = open();
  EXPECT_EQ(kv->noted().value(), std::nullopt);
  for (const char* note : {"one", "two", "three", ""}) {
    ASSERT_TRUE(kv->note(note));
    EXPECT_EQ(kv->noted().value(), note);
  }
  ASSERT_TRUE(kv->note(std::string(256, 'n')));
  kv->close();
  kv = open();
  EXPECT_EQ(kv->noted().value(), std::string(256, 'n'));
  ASSERT_TRUE(kv->note("after"));
  EXPECT_EQ(kv->noted().value(), "after");
  EXPECT_EQ(bytes().size(), 2 * slot_bytes) << "its space is taken once and for all";
}

TEST_F(RocksNote, ATornSlotLeavesTheOther) {
  auto kv = open();
  for (const char* note : {"one", "two", "three"}) ASSERT_TRUE(kv->note(note));
  kv->close();
  // Whichever byte of the newest slot is wrong, the one before counts; a wrong byte in the older one matters to nobody.
  const std::string whole = bytes();
  const std::size_t newest = whole.find("three") / slot_bytes * slot_bytes;
  const std::size_t used = whole.find("three") + 5 + 4 - newest;
  for (std::size_t i = 0; i < used; ++i) {
    std::string torn = whole;
    torn[newest + i] = static_cast<char>(torn[newest + i] ^ 0x20);
    overwrite(torn);
    EXPECT_EQ(open()->noted().value(), "two") << "byte " << i;
    torn = whole;
    torn[slot_bytes - newest + i] = static_cast<char>(torn[slot_bytes - newest + i] ^ 0x20);
    overwrite(torn);
    EXPECT_EQ(open()->noted().value(), "three") << "byte " << i << " of the older one";
    if (i == 4) i = used - 6;  // the rest of the way in fewer steps: each opens a database
  }
  // What was torn is written next; the good one stays until then.
  std::string torn = whole;
  torn[newest + 2] = 'x';
  overwrite(torn);
  kv = open();
  ASSERT_TRUE(kv->note("four"));
  EXPECT_NE(bytes().find("two"), std::string::npos);
  EXPECT_EQ(kv->noted().value(), "four");
}

TEST_F(RocksNote, BothTornIsAnError) {
  auto kv = open();
  ASSERT_TRUE(kv->note("one"));
  ASSERT_TRUE(kv->note("two"));
  kv->close();
  std::string torn = bytes();
  torn[2] = torn[slot_bytes + 2] = 'x';
  overwrite(torn);
  const auto noted = open()->noted();
  ASSERT_FALSE(noted.has_value());
  EXPECT_EQ(noted.error().kind, KvError::Kind::corrupt);
}

TEST_F(RocksNote, AFirstNoteThatWasTornIsNone) {
  auto kv = open();
  ASSERT_TRUE(kv->note("one"));
  kv->close();
  std::string torn = bytes();
  torn[torn.find("one")] = 'x';
  overwrite(torn);
  EXPECT_EQ(open()->noted().value(), std::nullopt) << "it was never acknowledged";
}

TEST_F(RocksNote, AFileThatWasCutShortInTheMakingIsMadeAgain) {
  open()->close();
  overwrite(std::string(100, '\0'));
  auto kv = open();
  EXPECT_EQ(kv->noted().value(), std::nullopt);
  ASSERT_TRUE(kv->note("one"));
  EXPECT_EQ(kv->noted().value(), "one");
  EXPECT_EQ(bytes().size(), 2 * slot_bytes);
}

class RocksEvidence : public RocksNote {
 protected:
  std::expected<std::unique_ptr<Store>, std::string> open_store() {
    StoreOptions options;
    options.directory = directory.path() / "store";
    options.now = [] { return at(noon_ms); };
    options.free_space_floor_bytes = 0;
    options.on_fatal = [](const std::string& why) { ADD_FAILURE() << why; };
    return open_rocks_store(options);
  }
  void work(std::uint64_t from, std::uint64_t to) {
    const auto store = open_store().value();
    Caller caller(*store);
    for (std::uint64_t i = from; i <= to; ++i) caller.accept(submission(i, std::to_string(i)));
    store->close();
  }
};

TEST_F(RocksEvidence, AnOlderCopyPutBackIsRefusedAndSaysWhatIsMissing) {
  work(1, 5);
  const auto old = directory.path() / "old";
  std::filesystem::copy(directory.path() / "store", old, std::filesystem::copy_options::recursive);
  work(6, 9);
  const std::string note = bytes();
  std::filesystem::remove_all(directory.path() / "store");
  std::filesystem::copy(old, directory.path() / "store", std::filesystem::copy_options::recursive);
  overwrite(note);
  const auto refused = open_store();
  ASSERT_FALSE(refused.has_value());
  EXPECT_NE(refused.error().find("4 accepted submissions are missing (positions 6 to 9)"), std::string::npos)
      << refused.error();
}

TEST_F(RocksEvidence, ANoteThatIsGoneOrTornTwiceIsRefused) {
  work(1, 3);
  std::string torn = bytes();
  torn[3] = torn[slot_bytes + 3] = 'x';
  overwrite(torn);
  auto refused = open_store();
  ASSERT_FALSE(refused.has_value());
  EXPECT_NE(refused.error().find("unreadable"), std::string::npos) << refused.error();
  std::filesystem::remove(path());
  refused = open_store();
  ASSERT_FALSE(refused.has_value());
  EXPECT_NE(refused.error().find("is gone"), std::string::npos) << refused.error();
}

TEST_F(RocksEvidence, ALogWithItsTailCutOffIsRefused) {
  work(1, 5);
  // The last quarter of the newest log is gone, as after rot that point-in-time recovery takes for a torn tail.
  std::filesystem::path newest;
  for (const auto& entry : std::filesystem::directory_iterator(directory.path() / "store")) {
    if (entry.path().extension() != ".log" || std::filesystem::file_size(entry.path()) == 0) continue;
    if (newest.empty() || entry.path() > newest) newest = entry.path();
  }
  ASSERT_FALSE(newest.empty());
  std::filesystem::resize_file(newest, std::filesystem::file_size(newest) * 3 / 4);
  const auto refused = open_store();
  ASSERT_FALSE(refused.has_value());
  EXPECT_NE(refused.error().find("lost work that was acknowledged"), std::string::npos) << refused.error();
}

TEST_F(RocksEvidence, ADamagedManifestSaysWhatToDo) {
  work(1, 5);
  for (const auto& entry : std::filesystem::directory_iterator(directory.path() / "store")) {
    if (entry.path().filename().string().starts_with("MANIFEST-")) std::filesystem::resize_file(entry.path(), 20);
  }
  const auto refused = open_store();
  ASSERT_FALSE(refused.has_value());
  EXPECT_NE(refused.error().find("newest backup"), std::string::npos) << refused.error();
}

}  // namespace
}  // namespace titip::storage
