// What all listeners of a gateway share: how many connections an address has, and how many bytes of requests and
// answers are held in memory. Threads: any; a short lock when a connection comes or goes, none for bytes.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <string>
#include <unordered_map>

namespace titip::http {

class Budget {
 public:
  // False: this address has `most` already; nothing was counted.
  bool join(const std::string& address, std::size_t most);
  void leave(const std::string& address);
  std::size_t addresses() const;

  // False: it would be more than `most` in all; nothing was counted. One request alone is never too much.
  bool take(std::uint64_t bytes, std::uint64_t most);
  // What is held in any case: an answer.
  void hold(std::uint64_t bytes) { bytes_.fetch_add(bytes, std::memory_order_relaxed); }
  void give_back(std::uint64_t bytes) { bytes_.fetch_sub(bytes, std::memory_order_relaxed); }
  std::uint64_t bytes() const { return bytes_.load(std::memory_order_relaxed); }

 private:
  mutable std::mutex mutex_;
  std::unordered_map<std::string, std::size_t> connections_;  // no address without a connection
  std::atomic<std::uint64_t> bytes_{0};
};

}  // namespace titip::http
