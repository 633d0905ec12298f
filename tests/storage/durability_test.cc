// What was acknowledged survives: power cuts under a disk with a cache, and kill -9 over RocksDB. Each checker is also
// run against a store that must fail it.
#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <fstream>
#include <set>

#include "storage/keys.h"
#include "storage/queue_store.h"
#include "tests/storage/faulty_kv.h"
#include "tests/storage/support.h"

extern char** environ;

namespace titip::storage {
namespace {

StoreOptions plain_options() {
  StoreOptions options;
  options.now = [] { return at(noon_ms); };
  options.free_space_floor_bytes = 0;
  options.on_fatal = [](const std::string&) {};
  return options;
}

struct Told {
  std::set<std::uint64_t> accepted, in_doubt;
};

// Sends 60 submissions in groups of up to 4 until the store stops; what the clients were told.
Told run_until_it_stops(const std::shared_ptr<CachedDiskKv>& disk) {
  StoreOptions options = plain_options();
  options.group_submissions = 4;
  const auto store = QueueStore::open(disk, options, Pumping::by_hand).value();
  TestHome home;
  Told told;
  for (std::uint64_t i = 1; i <= 60; ++i) {
    store->accept({submission(i, "person " + std::to_string(i % 5))}, home, [&told, i](const auto& result) {
      if (result) told.accepted.insert(i);
      if (!result && result.error() == Error::in_doubt) told.in_doubt.insert(i);
    });
    if (i % 3 == 0) store->pump();
  }
  store->close();
  home.run();
  return told;
}

// How many acknowledged submissions are not there, byte for byte; and whether the rest of the books agree.
std::size_t lost_after(const std::shared_ptr<Kv>& remains, const Told& told) {
  const auto store = QueueStore::open(remains, plain_options(), Pumping::by_hand).value();
  Caller caller(*store, [&] { return store->pump(); });
  std::size_t lost = 0;
  std::size_t there = 0;
  for (std::uint64_t i = 1; i <= 60; ++i) {
    const auto loaded = caller.load({LoadRequest{id_of(i), true}}).value().at(0);
    const bool sound = loaded && loaded->payload == submission(i).payload;
    if (told.accepted.contains(i) && !sound) ++lost;
    if (loaded) ++there;
    const bool may_be_there = told.accepted.contains(i) || told.in_doubt.contains(i);
    EXPECT_TRUE(!loaded || may_be_there) << i << " was refused and is there";
  }
  const auto counts = store->counts();
  const auto found = counts.destinations.find("pcare");
  EXPECT_EQ(found == counts.destinations.end() ? 0 : found->second.accepted, there);
  EXPECT_EQ(store->health().last_position, there);
  return lost;
}

TEST(PowerCut, NothingAcknowledgedIsLostWhereverTheSyncFails) {
  for (std::size_t fail_at = 2; fail_at < 30; ++fail_at) {
    for (const bool survives : {false, true}) {
      const auto disk = std::make_shared<CachedDiskKv>(true);
      disk->fail_sync = fail_at;
      disk->failed_sync_survives = survives;
      const Told told = run_until_it_stops(disk);
      EXPECT_EQ(lost_after(disk->power_cut(), told), 0U) << "sync " << fail_at << " failed";
      if (fail_at < 15) EXPECT_FALSE(told.in_doubt.empty()) << fail_at;
    }
  }
}

TEST(PowerCut, ControlADiskThatDoesNotSyncIsCaught) {
  const auto disk = std::make_shared<CachedDiskKv>(false);
  const Told told = run_until_it_stops(disk);
  EXPECT_EQ(told.accepted.size(), 60U);
  EXPECT_EQ(lost_after(disk->power_cut(), told), 60U);
}

// tests/storage/accept_until_killed.cc, started beside this program.
class Child {
 public:
  explicit Child(const std::filesystem::path& directory, const char* mode) {
    const auto program = std::filesystem::read_symlink("/proc/self/exe").parent_path() / "storage_accept_until_killed";
    int ends[2];
    if (::pipe2(ends, O_CLOEXEC) != 0) throw std::runtime_error("no pipe");
    posix_spawn_file_actions_t actions;
    ::posix_spawn_file_actions_init(&actions);
    ::posix_spawn_file_actions_adddup2(&actions, ends[1], 1);
    std::string name = program.string(), where = directory.string(), how = mode;
    char* arguments[] = {name.data(), where.data(), how.data(), nullptr};
    const int failed = ::posix_spawn(&pid_, name.c_str(), &actions, nullptr, arguments, environ);
    ::posix_spawn_file_actions_destroy(&actions);
    ::close(ends[1]);
    out_ = ends[0];
    if (failed != 0) throw std::runtime_error("cannot start " + name);
  }
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;
  ~Child() {
    kill();
    ::close(out_);
  }
  // Each byte it writes is one group that was acknowledged; false: it ended by itself.
  bool read_acknowledgements(std::size_t at_least) {
    char bytes[4096];
    while (acknowledged_ < at_least) {
      const ssize_t got = ::read(out_, bytes, sizeof bytes);
      if (got <= 0) return false;
      acknowledged_ += static_cast<std::size_t>(got);
    }
    return true;
  }
  void kill() {
    if (pid_ <= 0) return;
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
    pid_ = 0;
    read_acknowledgements(~std::size_t{0});  // what it had said before it died
  }
  std::size_t acknowledged() const { return acknowledged_; }

 private:
  pid_t pid_ = 0;
  int out_ = -1;
  std::size_t acknowledged_ = 0;
};

std::size_t lost_after_kill(const Directory& directory, std::size_t acknowledged) {
  StoreOptions options = plain_options();
  options.directory = directory.path();
  const auto store = open_rocks_store(options).value();
  Caller caller(*store);
  std::size_t lost = 0;
  for (std::uint64_t i = 1; i <= acknowledged; ++i) {
    const auto loaded = caller.load({LoadRequest{id_of(i), true}}).value().at(0);
    if (!loaded || loaded->payload != submission(i).payload) ++lost;
  }
  EXPECT_EQ(store->counts().destinations["pcare"].accepted, store->health().last_position);
  EXPECT_GE(store->health().last_position, acknowledged - lost);
  store->close();
  return lost;
}

TEST(Kill, WhatWasAcknowledgedSurvivesKill9) {
  const Directory directory;
  std::size_t acknowledged = 0;
  for (const std::size_t kill_after : {1U, 40U, 150U}) {  // the same store, killed three times
    Child child(directory.path(), "honest");
    ASSERT_TRUE(child.read_acknowledgements(kill_after));
    child.kill();
    acknowledged = std::max(acknowledged, child.acknowledged());
    EXPECT_EQ(lost_after_kill(directory, acknowledged), 0U);
  }
  EXPECT_GE(acknowledged, 150U);
}

TEST(Kill, ControlAcknowledgingBeforeTheCommitIsCaught) {
  const Directory directory;
  Child child(directory.path(), "hasty");
  ASSERT_TRUE(child.read_acknowledgements(2000));
  child.kill();
  EXPECT_GT(lost_after_kill(directory, child.acknowledged()), 0U);
}

TEST(Kill, AnAttemptOpenAtTheKillIsUnknown) {
  const Directory directory;
  Child child(directory.path(), "opens");
  ASSERT_TRUE(child.read_acknowledgements(2));
  child.kill();
  StoreOptions options = plain_options();
  options.directory = directory.path();
  const auto store = open_rocks_store(options).value();
  EXPECT_EQ(store->health().found_open_attempts, 1U);
  Caller caller(*store);
  EXPECT_EQ(caller.load(id_of(1)).submission.state, State::unknown);
  store->close();
}

}  // namespace
}  // namespace titip::storage
