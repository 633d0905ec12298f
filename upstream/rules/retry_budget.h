// How much of what is in flight may be repetition: a server that fails everything must not be sent everything again.
// At most a share of the sends in flight, and always a few, so that a quiet destination retries at all (Envoy's retry
// budget: https://www.envoyproxy.io/docs/envoy/latest/api-v3/config/cluster/v3/circuit_breaker.proto). Pure.
#pragma once

#include <cstdint>

namespace titip::rules {

struct RetryBudgetOptions {
  double share = 0.2;
  std::uint32_t always = 3;
};

// `in_flight` counts all sends that are open, `retries` those of them that are not a record's first attempt.
inline bool may_retry(const RetryBudgetOptions& options, std::uint32_t in_flight, std::uint32_t retries) {
  return retries < options.always ||
         static_cast<double>(retries + 1) <= options.share * static_cast<double>(in_flight + 1);
}

}  // namespace titip::rules
