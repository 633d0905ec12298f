// How many records may be in flight to one destination. Slow start (one more for each success) up to half of the last
// known good size, then one more for each full window of successes; never above the cap. The first failure of a slow
// start halves it, later ones take one for each full window of failures: single failures must not throttle a drain,
// outages are the breaker's business. After Postfix's destination concurrency feedback
// (https://www.postfix.org/SCHEDULER_README.html#concurrency).
// Beyond that, what the server refuses as too much takes a tenth, and is remembered (refused_size.h). Pure.
#pragma once

#include <cstdint>

#include "upstream/rules/concurrency.h"
#include "upstream/rules/refused_size.h"

namespace titip::rules {

struct WindowOptions {
  std::uint32_t initial = 2;
  std::uint32_t cap = 32;
  double decrease = 0.9;  // what is left of the window after a refusal
};

class Window final : public Concurrency {
 public:
  explicit Window(WindowOptions options);
  std::uint32_t size() const override;
  void served(std::uint32_t in_flight, std::chrono::milliseconds round_trip, SteadyTime now) override;
  void not_served(std::uint32_t in_flight, bool refused, SteadyTime now) override;
  void restart() override;  // back to the initial window

 private:
  WindowOptions options_;
  double size_;
  double slow_start_below_;  // how far the next slow start goes
  double peak_;              // the largest size since the last restart
  bool slow_start_ = true;
  RefusedSize refused_;  // since the last restart
};

}  // namespace titip::rules
