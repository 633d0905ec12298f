// Logs that are made ready ahead of their end (rocks_kv_log_ahead.h): how long they are, that what stands in zeros is
// found again, and that a disk without room for zeros still takes records.
#include <rocksdb/file_system.h>

#include <algorithm>
#include <fstream>
#include <iterator>
#include <memory>
#include <string>

#include "storage/rocks_kv.h"
#include "storage/rocks_kv_log_ahead.h"
#include "storage/rocks_kv_setup.h"
#include "tests/storage/support.h"

namespace titip::storage {
namespace {

constexpr std::uint64_t stretch = 64U << 10U;
constexpr std::uint64_t block = 32U << 10U;

// No file of it becomes longer than `room`.
class SmallFiles : public rocksdb::FileSystemWrapper {
 public:
  explicit SmallFiles(std::uint64_t room) : rocksdb::FileSystemWrapper(rocksdb::FileSystem::Default()), room_(room) {}
  const char* Name() const override { return "SmallFiles"; }
  rocksdb::IOStatus NewRandomRWFile(const std::string& path, const rocksdb::FileOptions& options,
                                    std::unique_ptr<rocksdb::FSRandomRWFile>* made,
                                    rocksdb::IODebugContext* debug) override {
    std::unique_ptr<rocksdb::FSRandomRWFile> file;
    auto status = target()->NewRandomRWFile(path, options, &file, debug);
    if (status.ok()) *made = std::make_unique<Small>(std::move(file), room_);
    return status;
  }

 private:
  class Small : public rocksdb::FSRandomRWFileOwnerWrapper {
   public:
    Small(std::unique_ptr<rocksdb::FSRandomRWFile> file, std::uint64_t room)
        : rocksdb::FSRandomRWFileOwnerWrapper(std::move(file)), room_(room) {}
    rocksdb::IOStatus Write(std::uint64_t offset, const rocksdb::Slice& data, const rocksdb::IOOptions& options,
                            rocksdb::IODebugContext* debug) override {
      if (offset + data.size() > room_) return rocksdb::IOStatus::NoSpace("no room for more");
      return rocksdb::FSRandomRWFileOwnerWrapper::Write(offset, data, options, debug);
    }

   private:
    const std::uint64_t room_;
  };
  const std::uint64_t room_;
};

class EnvOf : public rocksdb::EnvWrapper {
 public:
  explicit EnvOf(std::shared_ptr<rocksdb::FileSystem> files) : rocksdb::EnvWrapper(rocksdb::Env::Default()) {
    file_system_ = std::move(files);
  }
  const char* Name() const override { return "EnvOf"; }
};

class RocksLogAhead : public ::testing::Test {
 protected:
  RocksLogAhead() { setup.log_ahead_bytes = stretch; }
  std::filesystem::path place(std::string_view name = "store") const { return directory.path() / name; }
  std::unique_ptr<Kv> open(std::string_view name = "store") const { return open_rocks_kv(place(name), setup).value(); }
  static void put(Kv& kv, std::uint64_t number, std::size_t bytes = 1000) {
    ASSERT_TRUE(kv.commit({{Family::meta, std::to_string(number), std::string(bytes, static_cast<char>(number))}}));
  }
  static bool has(const Kv& kv, std::uint64_t number) {
    const auto found = kv.get(Family::meta, std::to_string(number));
    return found && *found && (*found)->front() == static_cast<char>(number);
  }
  std::filesystem::path log(std::string_view name = "store") const {
    std::filesystem::path newest;
    for (const auto& entry : std::filesystem::directory_iterator(place(name))) {
      if (entry.path().extension() == ".log" && entry.path() > newest) newest = entry.path();
    }
    return newest;
  }
  static std::string bytes_of(const std::filesystem::path& path) {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
  }
  // Of what is not zeros.
  static std::size_t written(const std::string& bytes) { return bytes.find_last_not_of('\0') + 1; }
  // As a process leaves it that is killed now.
  void copy_to(std::string_view name) const {
    std::filesystem::copy(place(), place(name), std::filesystem::copy_options::recursive);
  }

  RocksSetup setup;
  Directory directory;
};

TEST_F(RocksLogAhead, AnOpenLogEndsInZerosAndAClosedOneWithItsLastRecord) {
  auto kv = open();
  put(*kv, 1);
  const std::string open_log = bytes_of(log());
  EXPECT_GE(open_log.size(), written(open_log) + stretch);
  EXPECT_LT(open_log.size(), written(open_log) + stretch + block);
  EXPECT_EQ(open_log.size() % block, 0U) << "a last block shorter than a record's head would be taken for damage";
  put(*kv, 2);
  EXPECT_EQ(bytes_of(log()).size(), open_log.size()) << "inside what is ready";
  put(*kv, 3, 2 * stretch);
  EXPECT_GT(bytes_of(log()).size(), open_log.size() + stretch);
  const std::size_t all = written(bytes_of(log()));
  const auto path = log();
  kv->close();
  EXPECT_EQ(std::filesystem::file_size(path), all);
  kv = open();
  for (std::uint64_t number = 1; number <= 3; ++number) EXPECT_TRUE(has(*kv, number)) << number;
  kv->close();
}

TEST_F(RocksLogAhead, WhoIsKilledFindsAllInFrontOfTheZeros) {
  auto kv = open();
  for (std::uint64_t number = 1; number <= 100; ++number) {
    put(*kv, number, number * 37);
    if (number % 9 != 0) continue;
    const std::string name = "copy" + std::to_string(number);
    copy_to(name);
    auto copy = open(name);
    for (std::uint64_t i = 1; i <= number; ++i) ASSERT_TRUE(has(*copy, i)) << i << " of " << number;
    ASSERT_FALSE(has(*copy, number + 1));
    put(*copy, number + 1);
    copy->close();
    copy = open(name);
    ASSERT_TRUE(has(*copy, number) && has(*copy, number + 1)) << number;
    copy->close();
  }
  kv->close();
}

// A commit that the power cut short: some of its pages are zeros still. It is gone whole, those before it are there.
TEST_F(RocksLogAhead, ACommitThatIsZerosInPartIsGoneAndNoOther) {
  auto kv = open();
  put(*kv, 1);
  const std::size_t before = written(bytes_of(log()));
  put(*kv, 2, 50'000);
  copy_to("torn");
  const auto torn = log("torn");
  for (const std::size_t from : {before, before + 4'096, before + 20'000, before + 40'000}) {
    std::fstream file(torn, std::ios::binary | std::ios::in | std::ios::out);
    file.seekp(static_cast<std::streamoff>(from));
    file << std::string(4'096, '\0');
    file.close();
    std::filesystem::remove_all(place("try"));
    std::filesystem::copy(place("torn"), place("try"), std::filesystem::copy_options::recursive);
    auto copy = open("try");
    EXPECT_TRUE(has(*copy, 1)) << from;
    EXPECT_FALSE(has(*copy, 2)) << from;
    put(*copy, 3);
    copy->close();
    copy = open("try");
    EXPECT_TRUE(has(*copy, 1) && has(*copy, 3)) << from;
    copy->close();
    std::filesystem::copy_file(log(), torn, std::filesystem::copy_options::overwrite_existing);
  }
  kv->close();
}

TEST_F(RocksLogAhead, ADiskWithoutRoomForZerosStillTakesRecords) {
  setup.env = std::make_shared<EnvOf>(std::make_shared<SmallFiles>(stretch + block + 10'000));
  auto kv = open();
  for (std::uint64_t number = 1; number <= 100; ++number) put(*kv, number);
  const std::string bytes = bytes_of(log());
  EXPECT_GT(written(bytes), 100'000U);
  EXPECT_EQ(bytes.size(), written(bytes)) << "what was taken for zeros is given back";
  copy_to("copy");
  kv->close();
  kv = open("copy");
  for (std::uint64_t number = 1; number <= 100; ++number) EXPECT_TRUE(has(*kv, number)) << number;
  kv->close();
}

TEST_F(RocksLogAhead, WithoutAStretchALogJustGrows) {
  setup.log_ahead_bytes = 0;
  auto kv = open();
  put(*kv, 1);
  const std::string bytes = bytes_of(log());
  EXPECT_EQ(bytes.size(), written(bytes));
  kv->close();
}

}  // namespace
}  // namespace titip::storage
