// Clinics that go on working meanwhile: at a fixed pace, each on a connection of its own, registrations and reads;
// every answer must be the right one, and is timed. Threads: its own; the result belongs to whoever stopped it.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace titip::hostile {

struct Served {
  std::size_t asked = 0;
  std::size_t ok = 0;
  std::vector<std::string> wrong;  // the first few
  std::vector<std::chrono::microseconds> took;
  std::vector<std::string> slow;  // which, and how long after the first: to find the cause when the limit is missed

  double percent() const { return asked == 0 ? 0 : 100.0 * static_cast<double>(ok) / static_cast<double>(asked); }
  double p99_ms() const;
};

class Honest {
 public:
  Honest(std::uint16_t port, std::uint32_t first_person);
  Served stop();

 private:
  void work(std::uint32_t clinic);
  const std::uint16_t port_;
  const std::chrono::steady_clock::time_point started_ = std::chrono::steady_clock::now();
  std::atomic<std::uint32_t> next_person_;
  std::atomic<bool> stopped_{false};
  std::mutex mutex_;
  Served served_;
  std::vector<std::jthread> threads_;  // last
};

}  // namespace titip::hostile
