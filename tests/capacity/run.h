// The whole run, seen from outside the measured processes: starts the one that accepts, counts what it acknowledges,
// kills it, starts the one that drains, and judges.
#pragma once

#include <vector>

#include "tests/capacity/limits.h"
#include "tests/capacity/settings.h"

namespace titip::capacity {

// Prints as it goes, and the figures last. The exit status: 0 all limits hold and nothing was lost, doubled or altered;
// 1 otherwise; 2 it could not be run.
int run(const Settings& settings, const std::vector<Limit>& limits);

}  // namespace titip::capacity
