// Watches the free space of the data directory's disk and acts on it (disk_guard.h): accepts are refused, the ballast
// is given up and made again, and room is made by whatever the owner gave for that. What was erased is given back on a
// healthy disk too: once there is much of it and erasing has calmed down, so that a drain under way is not slowed by
// it.
//
// Threads: one of its own looks, another makes room, at most once at a time; or look() by hand, where no threads were
// asked for. status() and low() from any thread.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <mutex>
#include <optional>
#include <thread>

#include "metrics/store_probes.h"
#include "metrics/words/said.h"
#include "storage/ballast.h"
#include "storage/disk_guard.h"
#include "storage/disk_use.h"

namespace titip::storage {

struct SpaceSettings {
  DiskLimits limits;
  std::function<std::optional<std::uint64_t>()> free_bytes;  // may be empty: nothing is watched
  std::filesystem::path directory;                           // of the store, and the ballast; empty: there is none
  std::chrono::milliseconds look_every{100};        // near the floor; far from it more rarely (look_again_after)
  std::chrono::milliseconds measure_every{10'000};  // what the directory takes
  // Erases what may be erased and gives its space back. Blocking and long; on the thread for it. May be empty.
  std::function<void()> make_room;
  std::function<void()> stop_making_room;  // close() is near: it should return soon. May be empty
  std::chrono::milliseconds between_rooms{30'000};
  // Erasing has calmed down when hardly anything was erased for so long.
  std::chrono::milliseconds calm{5'000};
  metrics::StoreProbes* probes = nullptr;
};

class SpaceWatch {
 public:
  explicit SpaceWatch(SpaceSettings settings);  // looks once
  SpaceWatch(const SpaceWatch&) = delete;
  SpaceWatch& operator=(const SpaceWatch&) = delete;
  ~SpaceWatch();

  void start();
  void look();
  // Whoever erases from the store says how much: when it is worth it, the space is given back. No lock.
  void erased(std::uint64_t bytes) { erased_ += bytes; }
  void close();

  struct Status {
    DiskState state = DiskState::ok;
    words::Said why_not;  // one sentence, empty while accepts are taken
    std::uint64_t free_bytes = 0;
    DiskUses uses{};  // as last measured
  };
  Status status() const;
  // Accepts are refused. No lock.
  bool low() const { return low_; }
  // What is delivered needs its payload no more: erase it in the batch that settles it. No lock.
  bool erase_at_once() const { return erase_at_once_; }

 private:
  void run_looks();
  void run_rooms();
  DiskView view() const;
  bool room_wanted() const;
  void look_at_erasing();
  DiskUses measured(const DiskUses& before);

  const SpaceSettings settings_;
  std::optional<Ballast> ballast_;
  std::atomic<std::uint64_t> erased_ = 0;  // since room was last made
  std::atomic<bool> is_calm_ = false;
  std::optional<std::chrono::steady_clock::time_point> measured_at_;  // look()'s alone
  std::uint64_t erased_before_ = 0;                                   // look()'s alone
  std::chrono::steady_clock::time_point erasing_until_;               // likewise
  std::atomic<bool> low_ = false;
  std::atomic<bool> erase_at_once_ = false;

  mutable std::mutex mutex_;
  std::condition_variable wake_looks_, wake_rooms_;
  Status status_;
  std::optional<std::chrono::steady_clock::time_point> made_room_;
  bool closing_ = false;
  std::thread looks_, rooms_;
};

}  // namespace titip::storage
