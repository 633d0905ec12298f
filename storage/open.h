// How a store comes to be. The engines share one contract (store.h) and its tests.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "storage/not_opened.h"
#include "storage/store.h"

namespace titip::metrics {
class StoreProbes;
}

namespace titip::storage {

struct StoreOptions {
  std::filesystem::path directory;               // RocksDB only
  std::size_t writer_queue_submissions = 16384;  // accepts waiting beyond this are refused: Error::overloaded
  std::size_t writer_queue_bytes = 64U << 20U;   // of accepts; of what else is no outcome; outcomes: four times that
  std::size_t group_submissions = 512;           // at most this many calls in one commit
  int reader_threads = 2;
  std::size_t watches = 16'384;  // callers that wait for a settlement; beyond this: Error::overloaded
  // How long the content of delivered records is kept; who drives the retention (Store::retain) reads it too. None: for
  // good. Zero: it goes in the settlement's own commit, as it does while the disk is low.
  std::optional<std::chrono::milliseconds> retain_delivered{};
  // A slice of the records is compared with the counts so often (patrol.h); only where threads are.
  std::chrono::milliseconds patrol_every{5'000};
  // Where two commits lie further apart, the clock is doubted, and nothing is erased for its age until that has worn
  // off or a person says that it is right (commit_sequence.h).
  std::chrono::milliseconds longest_pause = std::chrono::days(2);
  std::uint64_t free_space_floor_bytes = 512U << 20U;  // below it accepts are refused and health() says why
  // Space kept allocated in the data directory, given up when the disk is nearly full: as much as a start on a full
  // disk, its log replayed and flushed, may need. 0: none.
  std::uint64_t ballast_bytes = 128U << 20U;
  std::function<WallTime()> now;  // wall clock; must be set
  // What answer_by of an accept is held against.
  std::function<SteadyTime()> steady = [] { return std::chrono::steady_clock::now(); };
  metrics::StoreProbes* probes = nullptr;  // may be null
  // The writer met a bad write or sync: the process must stop. Must be set. Called once, on the writer's thread: it may
  // not call the store (close() above all).
  std::function<void(std::string)> on_fatal;
};

// Opens or creates. Attempts found open are settled to unknown (rule "restart") before this returns. Blocking.
std::expected<std::unique_ptr<Store>, NotOpened> open_rocks_store(StoreOptions options);

// The same contract in memory, for tests and simulation: a real implementation over the same bookkeeping.
enum class Pumping { thread, by_hand };  // by_hand: nothing happens until pump() is called
class MemoryStore : public Store {
 public:
  virtual bool pump() = 0;  // commits one group and runs one read; false: nothing to do
};
std::unique_ptr<MemoryStore> open_memory_store(StoreOptions options, Pumping pumping);

}  // namespace titip::storage
