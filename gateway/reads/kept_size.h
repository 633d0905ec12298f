// How many bytes of kept reads lie on the disk, as far as is known, and how many may. What is put is counted at once,
// also over something older; the sweep, which sees each of them, puts the count right. Threads: any.
#pragma once

#include <atomic>
#include <cstdint>

namespace titip::reads {

class KeptSize {
 public:
  // Before anything is kept.
  void limit(std::uint64_t most) { most_ = most; }
  std::uint64_t most() const { return most_; }
  std::uint64_t bytes() const { return bytes_.load(std::memory_order_relaxed); }

  // False: there is no room, and nothing was counted.
  bool take(std::uint64_t bytes) {
    if (bytes_.fetch_add(bytes, std::memory_order_relaxed) + bytes <= most_) {
      put_.fetch_add(bytes, std::memory_order_relaxed);
      return true;
    }
    bytes_.fetch_sub(bytes, std::memory_order_relaxed);
    return false;
  }

  // A round of the sweep: begins, and ends having left so much. What was put meanwhile it may have missed.
  void begin_round() { put_.store(0, std::memory_order_relaxed); }
  void end_round(std::uint64_t left) {
    bytes_.store(left + put_.load(std::memory_order_relaxed), std::memory_order_relaxed);
  }

 private:
  std::uint64_t most_ = ~std::uint64_t{0};
  std::atomic<std::uint64_t> bytes_{0};
  std::atomic<std::uint64_t> put_{0};  // since the round began
};

}  // namespace titip::reads
