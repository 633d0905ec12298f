// A store that lost files, or bytes of its log: whoever opens it is told, nothing acknowledged is gone without a word,
// and what is left on the disk is left as it is, however often it is started again.
#include <fmt/format.h>

#include <fstream>
#include <iterator>
#include <map>
#include <thread>

#include "storage/evidence.h"
#include "storage/queue_store.h"
#include "storage/rocks_kv.h"
#include "storage/rocks_kv_note.h"
#include "storage/rocks_kv_options.h"
#include "storage/store_files.h"
#include "tests/storage/support.h"

namespace titip::storage {
namespace {

namespace fs = std::filesystem;

std::string read_whole(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

using Files = std::map<std::string, std::string>;
Files files_of(const fs::path& directory) {
  Files files;
  for (const auto& entry : fs::directory_iterator(directory)) {
    files[entry.path().filename().string()] = read_whole(entry.path());
  }
  return files;
}

class LostFiles : public ::testing::Test {
 protected:
  static StoreOptions options_for(const fs::path& store) {
    StoreOptions options;
    options.directory = store;
    options.now = [] { return at(noon_ms); };
    options.free_space_floor_bytes = 0;
    options.ballast_bytes = 0;
    options.on_fatal = [](const std::string& why) { ADD_FAILURE() << why; };
    return options;
  }
  auto open(const fs::path& store) { return open_rocks_store(options_for(store), setup); }

  // What a killed process leaves of `count` submissions: the files as they were while the store was open, the note
  // written.
  fs::path killed(std::uint64_t count, std::size_t payload_bytes) {
    const auto live = directory.path() / "live";
    const auto store = open(live).value();
    Caller caller(*store);
    for (std::uint64_t i = 1; i <= count; ++i) {
      NewSubmission one = submission(i, std::to_string(i));
      one.payload.bytes = std::string(payload_bytes, static_cast<char>('a' + i % 26));
      caller.accept(std::move(one));
    }
    const RocksNote note(env_of(setup), live);
    for (int tries = 0; tries < 200; ++tries) {
      const auto bytes = note.read().value();
      const auto mark = bytes ? decode_reach(*bytes) : std::nullopt;
      if (mark && mark->position == count) break;
      std::this_thread::sleep_for(std::chrono::milliseconds(20));
    }
    const auto image = copy_of(live, "killed");
    store->close();
    return image;
  }
  fs::path copy_of(const fs::path& from, const std::string& name) {
    const auto to = directory.path() / name;
    fs::remove_all(to);
    fs::copy(from, to, fs::copy_options::recursive);
    return to;
  }
  // The newest that says anything.
  static fs::path log_of(const fs::path& store) {
    fs::path newest;
    for (const auto& entry : fs::directory_iterator(store)) {
      if (entry.path().extension() != ".log" || entry.file_size() == 0) continue;
      if (newest.empty() || entry.path() > newest) newest = entry.path();
    }
    EXPECT_FALSE(newest.empty()) << "there is a log";
    return newest;
  }
  static void flip(const fs::path& file, std::uint64_t at) {
    std::fstream stream(file, std::ios::binary | std::ios::in | std::ios::out);
    stream.seekg(static_cast<std::streamoff>(at));
    const int byte = stream.get();
    stream.seekp(static_cast<std::streamoff>(at));
    stream.put(static_cast<char>(byte ^ 8));
  }
  // Twice, as a service manager does. The sentence; empty if it opened, complete then.
  std::string refused_twice(const fs::path& store, std::uint64_t count) {
    const Files before = files_of(store);
    std::string why;
    for (int start = 1; start <= 2; ++start) {
      const auto opened = open(store);
      if (opened) {
        expect_complete(**opened, count);
        (*opened)->close();
        EXPECT_EQ(why, "") << "refused, and then not";
        continue;
      }
      EXPECT_TRUE(start == 1 || !why.empty()) << "opened, and then not: " << opened.error();
      EXPECT_TRUE(opened.error().needs_a_person()) << opened.error();
      why = opened.error();
      EXPECT_EQ(files_of(store), before) << "a refusal changes nothing, start " << start;
    }
    return why;
  }
  static void expect_complete(Store& store, std::uint64_t count) {
    Caller caller(store);
    for (std::uint64_t i = 1; i <= count; ++i) {
      const auto loaded = caller.load({LoadRequest{id_of(i), true}});
      ASSERT_TRUE(loaded.has_value()) << i << ": " << name(loaded.error());
      ASSERT_TRUE(loaded->at(0)) << i;
      ASSERT_EQ(loaded->at(0)->payload.bytes.front(), static_cast<char>('a' + i % 26)) << i;
    }
  }

  RocksSetup setup;  // as it is shipped, unless a test says otherwise
  Directory directory;
};

TEST_F(LostFiles, AYoungStoreWhoseFirstRecordIsRottenIsNotTakenForANewOne) {
  const auto store = killed(1, 10);
  flip(log_of(store), 12);
  const std::string why = refused_twice(store, 1);
  EXPECT_NE(why.find("1 accepted submissions were acknowledged"), std::string::npos) << why;
  flip(log_of(store), 12);
  EXPECT_EQ(refused_twice(store, 1), "") << "and what was put right is served again";
}

TEST_F(LostFiles, AYoungStoreWithoutItsLogIsNotTakenForANewOne) {
  const auto store = killed(1, 10);
  const auto log = log_of(store);
  fs::remove(log);
  const std::string why = refused_twice(store, 1);
  EXPECT_NE(why.find(log.filename().string() + " is missing"), std::string::npos) << why;
}

// Somebody tidied up: then the note alone tells.
TEST_F(LostFiles, AYoungStoreWithoutItsLogAndItsListOfLogsIsNotTakenForANewOne) {
  const auto store = killed(1, 10);
  fs::remove(log_of(store));
  fs::remove(store / "WALS");
  const std::string why = refused_twice(store, 1);
  EXPECT_NE(why.find("1 accepted submissions were acknowledged"), std::string::npos) << why;
}

TEST_F(LostFiles, AnyFileThatIsGoneIsMissed) {
  setup.write_buffer_bytes = 24U << 10U;
  setup.blob_file_bytes = 16U << 10U;
  constexpr std::uint64_t many = 60;
  const auto whole = killed(many, 2'000);
  std::map<std::string, int> removed;
  for (const auto& [name, bytes] : files_of(whole)) {
    const auto store = copy_of(whole, "one less");
    fs::remove(store / name);
    SCOPED_TRACE(name);
    const std::string why = refused_twice(store, many);
    const auto dot = name.rfind('.');
    const std::string kind = dot == std::string::npos ? name.substr(0, name.find('-')) : name.substr(dot);
    if (!why.empty()) ++removed[kind];
    EXPECT_EQ(find_store_files(store).what, name == "CURRENT" ? StoreFiles::headless : StoreFiles::there) << name;
  }
  for (const char* kind : {"CURRENT", "MANIFEST", ".sst", ".blob", ".log", "NOTE"}) {
    EXPECT_GT(removed[kind], 0) << "no missing " << kind << " was refused";
  }
}

TEST_F(LostFiles, AFirstStartThatWasCutShortBeforeItsDatabaseWasThereGoesOn) {
  open(directory.path() / "live").value()->close();
  const auto store = directory.path() / "cut short";
  fs::create_directory(store);
  for (const auto& [name, bytes] : files_of(directory.path() / "live")) {
    if (name == "IDENTITY" || name == "LOG" || name == "LOCK") std::ofstream(store / name) << bytes;
  }
  std::ofstream(store / "MANIFEST-000001") << "torn";
  std::ofstream(store / "000001.dbtmp") << "MANI";
  EXPECT_EQ(find_store_files(store).what, StoreFiles::none);
  const auto opened = open(store);
  ASSERT_TRUE(opened.has_value()) << opened.error();
  Caller(**opened).accept(submission(1));
  EXPECT_TRUE(Caller(**opened).load({LoadRequest{id_of(1)}}).value().at(0));
  (*opened)->close();
}

// 25 MB of log, of which an opening would flush what it can read, and delete the rest.
class LongLog : public LostFiles {
 protected:
  static constexpr std::uint64_t many = 125;
  static constexpr std::uint64_t rot = 22U << 20U;
};

TEST_F(LongLog, WhatLiesBehindABadSpotIsStillThereAfterEveryRefusal) {
  const auto store = killed(many, 200'000);
  ASSERT_GT(fs::file_size(log_of(store)), rot);
  flip(log_of(store), rot);
  const std::string why = refused_twice(store, many);
  EXPECT_NE(why.find("accepted submissions are missing"), std::string::npos) << why;
  flip(log_of(store), rot);
  EXPECT_EQ(refused_twice(store, many), "") << "the disk was put right";
}

TEST_F(LongLog, ADatabaseThatIsGivenUpKeepsItsLog) {
  const auto store = killed(many, 200'000);
  const auto log = log_of(store);
  flip(log, rot);
  const std::string before = read_whole(log);
  {
    std::shared_ptr<Kv> kv = open_rocks_kv(store).value();
    const auto refused = QueueStore::open(std::move(kv), options_for(store), Pumping::by_hand);
    ASSERT_FALSE(refused.has_value());
    EXPECT_TRUE(refused.error().needs_a_person());
  }
  ASSERT_TRUE(fs::exists(log));
  EXPECT_TRUE(read_whole(log) == before);
}

}  // namespace
}  // namespace titip::storage
