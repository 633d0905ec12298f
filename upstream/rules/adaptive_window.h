// Adaptive request concurrency after Vector (https://vector.dev/blog/adaptive-request-concurrency/): additive increase
// while round trips stay near their moving average, multiplicative decrease when they grow beyond it or calls fail; one
// decision per mean round trip, and only successes feed the average. Its known weakness is a slow recovery, so it
// starts slowly only up to half of the last known good size: below that every success adds one. What the server refuses
// as too much is remembered besides (refused_size.h). Pure; one owner.
#pragma once

#include "upstream/rules/concurrency.h"
#include "upstream/rules/refused_size.h"

namespace titip::rules {

struct AdaptiveWindowOptions {
  std::uint32_t initial = 1;
  std::uint32_t cap = 32;
  double decrease = 0.9;
  double smoothing = 0.4;   // weight of the newest round trip in the average
  double deviations = 2.5;  // a round trip beyond so many of them is a sign of load
};

class AdaptiveWindow final : public Concurrency {
 public:
  explicit AdaptiveWindow(AdaptiveWindowOptions options);
  std::uint32_t size() const override;
  void served(std::uint32_t in_flight, std::chrono::milliseconds round_trip, SteadyTime now) override;
  void not_served(std::uint32_t in_flight, bool refused, SteadyTime now) override;
  void restart() override;

 private:
  void decide(SteadyTime now);
  void shrink();

  AdaptiveWindowOptions options_;
  double size_;
  double slow_start_below_ = 0;
  double peak_;
  double mean_ms_ = 0;  // 0: none yet
  double variance_ = 0;
  RefusedSize refused_;  // since the last restart
  // Since the last decision.
  SteadyTime since_{};
  bool used_ = false;    // the window was full at least once
  bool failed_ = false;  // a call was not served
  double sum_ms_ = 0;
  std::uint32_t round_trips_ = 0;
};

}  // namespace titip::rules
