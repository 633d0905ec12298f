// A real disk that fills: refused with a sentence, outcomes go on, room is made, and everything recovers by itself.
#include "tests/storage/small_disk.h"

#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <csignal>
#include <new>
#include <system_error>
#include <thread>

#include "storage/ballast.h"
#include "storage/queue_store.h"
#include "storage/rocks_kv.h"
#include "storage/rocks_kv_setup.h"
#include "tests/storage/support.h"

namespace titip::storage {
namespace {

constexpr std::uint64_t mib = 1U << 20U;

// What a child that was killed had been told.
struct Told {
  std::atomic<std::uint64_t> accepted = 0, settled = 0;
};
Told& shared_with_a_child() {
  void* page = ::mmap(nullptr, sizeof(Told), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (page == MAP_FAILED) throw std::system_error(errno, std::generic_category(), "mmap");
  return *new (page) Told;
}

// The store in miniature, on a disk of 256 MiB.
class FullDisk : public ::testing::Test {
 protected:
  FullDisk() {
    setup.wal_bytes = 8 * mib;
    setup.blob_file_bytes = 4 * mib;
  }
  void SetUp() override {
    if (!disk.why_not().empty()) GTEST_SKIP() << "NOT TESTED: a disk that is really full, because " << disk.why_not();
  }
  void TearDown() override {
    caller.reset();
    store.reset();
  }
  std::expected<std::unique_ptr<Store>, std::string> try_to_open() {
    StoreOptions options;
    options.directory = disk.path() / "store";
    options.now = [] { return at(noon_ms); };
    options.free_space_floor_bytes = 64 * mib;
    options.ballast_bytes = 32 * mib;
    options.on_fatal = [this](const std::string& why) {
      fatal_why = why;
      ++fatal;
    };
    return open_rocks_store(options, setup);
  }
  void open() {
    auto opened = try_to_open();
    ASSERT_TRUE(opened.has_value()) << opened.error();
    store = std::move(*opened);
    caller = std::make_unique<Caller>(*store);
  }
  void close() {
    store->close();
    caller.reset();
    store.reset();
  }
  static NewSubmission one(std::uint64_t number) {
    auto made = submission(number, std::to_string(number));
    made.payload.bytes.assign(16'000, static_cast<char>('a' + number % 26));
    return made;
  }
  // In batches of 50; the numbers of those acknowledged.
  bool accept_some() {
    std::vector<NewSubmission> batch;
    for (std::uint64_t i = 1; i <= 50; ++i) batch.push_back(one(accepted + i));
    const bool taken = caller->accept(std::move(batch)).has_value();
    if (taken) accepted += 50;
    return taken;
  }
  void settle_some(std::uint64_t count) {
    for (std::uint64_t i = 0; i < count; ++i) {
      const auto record = caller->load(id_of(++settled)).submission;
      ASSERT_EQ(caller->finish(record, Event::delivered).state, State::delivered) << settled;
    }
  }
  // What was delivered while the disk was low was erased at once.
  static void expect_content(const Loaded& loaded, std::uint64_t number) {
    const bool may_be_erased = loaded.submission.state == State::delivered && loaded.submission.content_erased;
    if (may_be_erased) {
      EXPECT_TRUE(loaded.payload.empty()) << number;
    } else {
      ASSERT_EQ(loaded.payload, one(number).payload) << number;
    }
  }
  void expect_all_there() {
    for (std::uint64_t i = 1; i <= accepted; ++i) {
      const auto loaded = caller->load(id_of(i));
      ASSERT_EQ(loaded.submission.state == State::delivered, i <= settled) << i;
      expect_content(loaded, i);
    }
  }
  // True: it stopped for good, once, and says so.
  bool write_until_it_stops(Told& told) {
    auto opened = try_to_open();
    if (!opened) return false;
    store = std::move(*opened);
    caller = std::make_unique<Caller>(*store);
    for (int i = 0; i < 20; ++i) {
      if (!accept_some()) return false;
      told.accepted = accepted;
    }
    std::atomic<bool> enough = false;
    std::thread greedy([&] {
      while (!enough) disk.fill_up_to(0);
    });
    for (std::uint64_t i = 1; fatal == 0 && i < 5000; ++i) {
      const auto record = caller->load(id_of(settled + 1)).submission;
      const std::vector<OpenAttempt> opens{{record.id, record.version, {}}};
      if (!caller->open_attempts(opens)) break;
      if (!caller->settle(std::vector{settlement(record, Event::delivered, 1)})) break;
      told.settled = ++settled;
    }
    const bool stops = comes_true([&] { return fatal == 1; }) && !store->health().writable;
    enough = true;
    greedy.join();
    return stops;
  }
  template <class Condition>
  static bool comes_true(Condition condition) {
    for (int i = 0; i < 200 && !condition(); ++i) std::this_thread::sleep_for(std::chrono::milliseconds(50));
    return condition();
  }

  SmallDisk disk{256};
  RocksSetup setup;
  std::unique_ptr<Store> store;
  std::unique_ptr<Caller> caller;
  std::uint64_t accepted = 0, settled = 0;
  std::atomic<int> fatal = 0;
  std::string fatal_why;
};

TEST_F(FullDisk, RefusesNewWorkTakesOutcomesAndRecoversByItself) {
  ASSERT_NO_FATAL_FAILURE(open());
  const Ballast ballast(disk.path() / "store");
  EXPECT_GE(ballast.bytes(), 32 * mib);
  disk.fill_up_to(110);
  while (accepted < 100'000 && accept_some()) {
  }
  ASSERT_GT(accepted, 500U);
  ASSERT_LT(accepted, 100'000U);
  const Health low = store->health();
  EXPECT_TRUE(low.disk_low);
  EXPECT_TRUE(low.writable) << "outcomes are taken";
  EXPECT_NE(low.why_not.english().find("the floor is 64 MiB"), std::string::npos) << low.why_not.english();
  EXPECT_GT(low.free_bytes, 0U);
  settle_some(300);

  disk.fill_up_to(4);
  EXPECT_TRUE(comes_true([&] { return ballast.bytes() == 0; })) << "given up";
  EXPECT_TRUE(comes_true([&] { return disk.free_mib() >= 20; }));
  settle_some(300);
  EXPECT_EQ(fatal, 0) << fatal_why;
  EXPECT_TRUE(caller->load(id_of(1)).submission.content_erased) << "what is delivered is erased at once";

  disk.free_again();
  EXPECT_TRUE(comes_true([&] { return !store->health().disk_low; }));
  EXPECT_TRUE(store->health().why_not.empty());
  EXPECT_TRUE(accept_some());
  EXPECT_TRUE(comes_true([&] { return ballast.bytes() >= 32 * mib; })) << "made again";
  expect_all_there();
  close();
}

TEST_F(FullDisk, AStartOnAFullDiskSettlesAndRecoversByItself) {
  ASSERT_NO_FATAL_FAILURE(open());
  for (int i = 0; i < 20; ++i) ASSERT_TRUE(accept_some());
  close();
  disk.fill_up_to(0);
  ASSERT_EQ(disk.free_mib(), 0U);
  ASSERT_NO_FATAL_FAILURE(open());
  EXPECT_TRUE(store->health().disk_low);
  EXPECT_EQ(caller->accept(std::vector{one(9000)}).error(), Error::unavailable);
  settle_some(500);
  EXPECT_EQ(fatal, 0) << fatal_why;
  disk.free_again();
  EXPECT_TRUE(comes_true([&] { return !store->health().disk_low; }));
  EXPECT_TRUE(accept_some());
  expect_all_there();
  close();
}

// Somebody takes every block, the ballast's too, faster than anything can be done about it. In a process of its own:
// the shared RocksDB is built with assertions, and one of them may end it where a flush of its own met the full disk.
TEST_F(FullDisk, WhenAWriteFailsItStopsAndComesBackWithEverything) {
  constexpr int stopped = 74, went_on = 1;
  setup.log_ahead_bytes = 16U << 10U;  // what is ready already needs no block
  Told& told = shared_with_a_child();
  const pid_t child = ::fork();
  ASSERT_GE(child, 0);
  if (child == 0) ::_exit(write_until_it_stops(told) ? stopped : went_on);
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  const bool asserted = WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT;
  ASSERT_TRUE(asserted || (WIFEXITED(status) && WEXITSTATUS(status) == stopped)) << "wait status " << status;
  accepted = told.accepted;
  settled = told.settled;
  ASSERT_EQ(accepted, 1000U);
  {
    // Refused with a sentence, unless the ballast it gave up is room enough.
    const auto early = try_to_open();
    if (!early) EXPECT_NE(early.error().find("can be opened"), std::string::npos) << early.error();
  }
  disk.free_again();
  ASSERT_NO_FATAL_FAILURE(open());
  for (std::uint64_t i = 1; i <= accepted; ++i) {
    const auto loaded = caller->load(id_of(i));
    expect_content(loaded, i);
    if (i <= settled) ASSERT_EQ(loaded.submission.state, State::delivered) << i;
  }
  EXPECT_TRUE(comes_true([&] { return accept_some(); }));
  close();
}

TEST_F(FullDisk, ReclaimGetsOnWithLittleRoom) {
  auto kv = open_rocks_kv(disk.path() / "store", setup).value();
  const auto key = [](unsigned i) { return "key" + std::to_string(100'000 + i); };
  constexpr unsigned many = 8000;
  for (unsigned i = 0; i < many; i += 100) {
    KvBatch batch;
    for (unsigned j = i; j < i + 100; ++j) batch.push_back({Family::payload, key(j), std::string(16'000, 'p')});
    ASSERT_TRUE(kv->commit(batch));
  }
  ASSERT_TRUE(kv->reclaim()) << "nothing to do, but what is in memory goes to its files";
  ASSERT_LT(disk.free_mib(), 130U);
  disk.fill_up_to(36);
  // Every second one of the older half, and all of the younger one but for its end.
  KvBatch batch;
  for (unsigned i = 0; i < many - 500; ++i) {
    if (i > many / 2 || i % 2 == 0) batch.push_back({Family::payload, key(i), std::nullopt});
  }
  ASSERT_TRUE(kv->commit(batch));
  const auto reclaimed = kv->reclaim();
  ASSERT_TRUE(reclaimed.has_value()) << reclaimed.error().text;
  EXPECT_GT(disk.free_mib(), 36 + 75U) << "of some 90 MiB that were erased";
  for (unsigned i = 0; i < many; i += 7) {
    const bool erased = i < many - 500 && (i > many / 2 || i % 2 == 0);
    EXPECT_EQ(kv->get(Family::payload, key(i)).value().has_value(), !erased) << i;
  }
  kv->close();
}

}  // namespace
}  // namespace titip::storage
