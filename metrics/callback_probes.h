// What is told of callbacks: how many wait, what their attempts come to, which limits they meet. Of no facility and no
// host by name, for their number has no bound. Threads: made at start, used from any thread.
#pragma once

#include <chrono>
#include <map>
#include <string>
#include <string_view>

#include "metrics/registry.h"

namespace titip::metrics {

class CallbackProbes {
 public:
  explicit CallbackProbes(Registry& registry);
  // taken (in custody), delivered, given_up (too old, or tried too often), cancelled (nobody to be told any more),
  // left_out (too many of the facility's wait already).
  void counted(std::string_view what, double by = 1) const;
  // delivered, deferred, gone (410), address_refused, not_sent.
  void attempted(std::string_view outcome, std::chrono::nanoseconds duration) const;
  // A lane that may go waits for a place: of all (in_flight), or of those for receivers that are not known to answer
  // (unproven).
  void met_limit(std::string_view limit) const;

  Gauge waiting;
  Gauge oldest;  // seconds since the epoch, 0 while none waits
  Gauge in_flight;
  Gauge hosts_down;
  Gauge receivers_gone;

 private:
  std::map<std::string, Counter, std::less<>> counted_;
  std::map<std::string, Counter, std::less<>> attempts_;
  std::map<std::string, Counter, std::less<>> limits_;
  Histogram duration_;
};

}  // namespace titip::metrics
