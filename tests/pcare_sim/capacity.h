// The server's capacity: requests beyond it wait in line, and when the line is longer than its patience they are turned
// away. A virtual line (generic cell rate algorithm): one number, whatever the load. One thread.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>

namespace titip::pcare_sim {

class Capacity {
 public:
  using Time = std::chrono::steady_clock::time_point;

  // per_s 0: unlimited.
  Capacity(std::uint32_t per_s, std::chrono::milliseconds patience)
      : interval_(per_s == 0 ? 0 : 1'000'000'000 / per_s), patience_(patience) {}

  // How long the request waits for its turn; nothing: the server is overloaded.
  std::optional<std::chrono::nanoseconds> admit(Time now) {
    if (interval_.count() == 0) return std::chrono::nanoseconds(0);
    if (next_ < now) next_ = now;
    const std::chrono::nanoseconds wait = next_ - now;
    if (wait > patience_) return std::nullopt;
    next_ += interval_;
    return wait;
  }

 private:
  std::chrono::nanoseconds interval_;
  std::chrono::nanoseconds patience_;
  Time next_{};
};

}  // namespace titip::pcare_sim
