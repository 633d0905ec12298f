// How many sends a second there are at present: over the last full minute and what has passed of this one. Pure; time
// is an argument; one owner.
#pragma once

#include <chrono>
#include <cstdint>

#include "upstream/rules/exchange.h"

namespace titip::rules {

class Throughput {
 public:
  void sent(SteadyTime now) {
    turn(now);
    ++current_;
  }
  double per_second(SteadyTime now) {
    turn(now);
    const auto span = std::chrono::duration<double>(now - since_ + (has_last_ ? minute : std::chrono::seconds(0)));
    const double sends = static_cast<double>(current_) + static_cast<double>(last_);
    return span.count() >= 1 ? sends / span.count() : sends;
  }

 private:
  static constexpr std::chrono::seconds minute{60};
  void turn(SteadyTime now) {
    if (!begun_) {
      begun_ = true;
      since_ = now;
    }
    if (now - since_ < minute) return;
    const bool is_next = now - since_ < 2 * minute;
    last_ = is_next ? current_ : 0;
    has_last_ = true;
    current_ = 0;
    since_ = is_next ? since_ + minute : now;
  }

  bool begun_ = false;
  bool has_last_ = false;
  SteadyTime since_{};  // of the minute under way
  std::uint64_t current_ = 0;
  std::uint64_t last_ = 0;  // of the minute before
};

}  // namespace titip::rules
