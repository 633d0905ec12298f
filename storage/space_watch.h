// Watches the free space of the data directory's disk and acts on it (disk_guard.h): accepts are refused, the ballast
// is given up and made again, and room is made by whatever the owner gave for that.
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
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>

#include "metrics/store_probes.h"
#include "storage/ballast.h"
#include "storage/disk_guard.h"

namespace titip::storage {

struct SpaceSettings {
  DiskLimits limits;
  std::function<std::optional<std::uint64_t>()> free_bytes;  // may be empty: nothing is watched
  std::filesystem::path directory;                           // of the ballast; empty: there is none
  std::chrono::milliseconds look_every{100};
  // Erases what may be erased and gives its space back. Blocking and long; on the thread for it. May be empty.
  std::function<void()> make_room;
  std::function<void()> stop_making_room;  // close() is near: it should return soon. May be empty
  std::chrono::milliseconds between_rooms{30'000};
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
  // Whoever erases from the store adds its bytes here: when they are worth it, their space is given back too. Outlives
  // this object, for answers that are still under way.
  std::shared_ptr<std::atomic<std::uint64_t>> erased_bytes() const { return erased_; }
  void close();

  struct Status {
    DiskState state = DiskState::ok;
    std::string why_not;  // one sentence, empty while accepts are taken
    std::uint64_t free_bytes = 0;
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

  const SpaceSettings settings_;
  std::optional<Ballast> ballast_;
  const std::shared_ptr<std::atomic<std::uint64_t>> erased_ =
      std::make_shared<std::atomic<std::uint64_t>>(0);  // since room was last made
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
