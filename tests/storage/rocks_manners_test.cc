// A thread that flushes is nicer than one that serves.
#include <sys/resource.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "storage/rocks_kv.h"
#include "storage/rocks_kv_manners.h"
#include "storage/rocks_kv_setup.h"
#include "tests/storage/support.h"

namespace titip::storage {
namespace {

// Of each thread of ours that bears this name.
std::vector<int> niceness_of(const std::string& name) {
  std::vector<int> found;
  for (const auto& task : std::filesystem::directory_iterator("/proc/self/task")) {
    std::ifstream comm(task.path() / "comm");
    std::string called;
    std::getline(comm, called);
    if (called != name) continue;
    const int number = std::stoi(task.path().filename().string());
    found.push_back(::getpriority(PRIO_PROCESS, static_cast<id_t>(number)));
  }
  return found;
}

TEST(RocksManners, WhoFlushesStepsAside) {
  const Directory directory;
  RocksSetup setup;
  setup.write_buffer_bytes = 64U << 10U;
  const auto kv = open_rocks_kv(directory.path() / "store", setup).value();
  const int ours = ::getpriority(PRIO_PROCESS, 0);
  const auto has_stepped_aside = [&] {
    const auto all = niceness_of("rocksdb:high");
    return std::ranges::find(all, ours + flush_niceness) != all.end();
  };
  for (int i = 0; i < 2000 && !has_stepped_aside(); ++i) {
    ASSERT_TRUE(kv->commit({{Family::meta, std::to_string(i), std::string(10'000, 'v')}}));
  }
  EXPECT_TRUE(has_stepped_aside());
  EXPECT_EQ(::getpriority(PRIO_PROCESS, 0), ours) << "who commits stays as it was";
  kv->close();
}

}  // namespace
}  // namespace titip::storage
