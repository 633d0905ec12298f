// Runs seeds, each in a process of its own (what a seed draws must not depend on the seed before it, and a gateway that
// aborts or hangs is a finding like any other), on all cores. Blocking.
#pragma once

#include <cstdint>
#include <functional>

#include "tests/simulation/day.h"

namespace titip::simulation {

// In a child of its own.
DayResult run_apart(const DayOptions& options);

// `seen` is told of each in the order they end; false: no more are begun.
void run_many(std::uint64_t first, std::uint64_t count, Control control, unsigned at_once,
              const std::function<bool(std::uint64_t seed, const DayResult& result)>& seen);

}  // namespace titip::simulation
