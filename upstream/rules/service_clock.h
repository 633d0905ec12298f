// How long a destination could have been sent to: time stands still while the breaker is not closed or a gate is set. A
// record's maximum age counts by this clock, so that an outage of a week expires nobody. Pure; what must survive a
// restart is `served()`.
#pragma once

#include <chrono>

#include "upstream/rules/exchange.h"

namespace titip::rules {

class ServiceClock {
 public:
  // `served`: what the clock showed when it was last written down; the time since then does not count.
  explicit ServiceClock(std::chrono::milliseconds served = {}) : served_(served) {}

  // Said at every change, and as often as one likes in between.
  void sendable(bool now_sendable, SteadyTime now) {
    served_ = served(now);
    since_ = now;
    runs_ = now_sendable;
  }
  bool runs() const { return runs_; }
  std::chrono::milliseconds served(SteadyTime now) const {
    if (!runs_ || now <= since_) return served_;
    return served_ + std::chrono::duration_cast<std::chrono::milliseconds>(now - since_);
  }

 private:
  std::chrono::milliseconds served_;
  SteadyTime since_{};
  bool runs_ = false;
};

}  // namespace titip::rules
