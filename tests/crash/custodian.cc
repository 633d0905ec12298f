#include "tests/crash/custodian.h"

#include <fmt/format.h>
#include <unistd.h>

#include <atomic>
#include <cstdlib>
#include <fstream>
#include <sstream>

#include "storage/queue_store.h"
#include "storage/rocks_kv_setup.h"
#include "tests/crash/sync_point.h"
#include "tests/crash/workload.h"

namespace titip::crash {
namespace {

constexpr int exit_cannot_open = 3;
constexpr int exit_store_stopped = 4;

void say(const std::string& line) {
  [[maybe_unused]] const ssize_t written = ::write(STDOUT_FILENO, line.data(), line.size());
}

std::string read_file(const std::filesystem::path& path) {
  std::ifstream file(path);
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

}  // namespace

int run_custodian(const CustodianOrders& orders) {
  if (!orders.sync_point.empty()) kill_at_sync_point(orders.sync_point, orders.hit);
  storage::RocksSetup setup;
  if (orders.buffer_bytes != 0) {
    setup.write_buffer_bytes = orders.buffer_bytes;
    setup.blob_file_bytes = orders.buffer_bytes;
  }
  setup.sync = orders.sync;
  storage::StoreOptions options;
  options.directory = orders.directory;
  options.free_space_floor_bytes = orders.floor_bytes;
  options.ballast_bytes = orders.ballast_bytes;
  options.now = [] { return storage::WallTime(std::chrono::milliseconds(morning_ms + 3'600'000)); };
  // The writer must not call the store here; it answers what waits, and the workload then sees that all is over.
  std::atomic<bool> said_why = false;
  options.on_fatal = [&said_why](const std::string& why) {
    say("error " + why + "\n");
    said_why = true;
    said_why.notify_all();
  };
  auto store = storage::open_rocks_store(std::move(options), setup);
  if (!store) {
    say("error " + store.error() + "\n");
    return exit_cannot_open;
  }
  Teller teller(STDOUT_FILENO);
  Door door(**store);
  Workload workload(door, teller, Brief::read(read_file(orders.brief)), orders.seed);
  workload.ask_again();
  workload.pile_up(orders.pile);
  say("ready\n");
  bool refusing = false;
  for (std::uint64_t step = 0; orders.steps == 0 || step < orders.steps; ++step) {
    if (!workload.step()) {
      // Fail-stop: the process ends without a word more than why, and its service manager starts it again.
      said_why.wait(false);
      ::_exit(exit_store_stopped);
    }
    if (const bool low = (*store)->health().disk_low; low != refusing) {
      refusing = low;
      say(low ? "refusing\n" : "taking\n");
    }
  }
  (*store)->close();
  say("done\n");
  return 0;
}

}  // namespace titip::crash
