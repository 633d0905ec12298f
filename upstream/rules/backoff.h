// When a deferred or still unknown record is tried again: exponential with full jitter, so that a cohort that failed
// together does not come back together (https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/).
// Pure.
#pragma once

#include <chrono>
#include <cstdint>

namespace titip::rules {

struct BackoffOptions {
  std::chrono::milliseconds first{2'000};
  std::chrono::milliseconds max{900'000};
};

// step 1 is the first retry. uniform in [0, 1). The delay is in [0, min(max, first * 2^(step-1))), at least 1 ms, and
// at least what the server asked for (capped at one hour).
std::chrono::milliseconds backoff(const BackoffOptions& options, std::uint32_t step, double uniform,
                                  std::chrono::seconds retry_after = {});

}  // namespace titip::rules
