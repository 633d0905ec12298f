// What a hospital's program does by itself, in three kinds: each record is sent when it comes, and again when that
// fails: every 10 s; after 1 s, 2 s, 4 s … up to 10 min with full jitter; or the same behind a circuit breaker.
// Whatever is not a clear answer is a failure: it is sent again. One thread.
#pragma once

#include "tests/simulation/compare/course.h"

namespace titip::compare {

enum class Manner : std::uint8_t { fixed, exponential, breaker };

Figures run_baseline(Manner manner, const Weather& weather);

}  // namespace titip::compare
