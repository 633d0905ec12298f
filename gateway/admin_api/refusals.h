// Counts the log-ins that were refused, an address. Above the rate an address is told to wait; whoever has a valid
// token is let in all the same, so that nobody can shut an operator out by guessing from the same address (a proxy's).
// Threads: the loop's.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <unordered_map>

#include "gateway/clock/clock.h"

namespace titip::admin_api {

struct RefusalRate {
  std::uint32_t most = 10;
  std::chrono::seconds window{60};
  std::size_t addresses = 10'000;  // remembered at once at most
};

class Refusals {
 public:
  explicit Refusals(const RefusalRate& rate = {}) : rate_(rate) {}

  // One more. The answer: too many of them; come again after so long.
  std::optional<std::chrono::seconds> count(const std::string& address, clock::SteadyTime now);

 private:
  struct Window {
    clock::SteadyTime began;
    std::uint32_t refused = 0;
  };
  void forget(clock::SteadyTime now);

  const RefusalRate rate_;
  std::unordered_map<std::string, Window> windows_;
};

}  // namespace titip::admin_api
