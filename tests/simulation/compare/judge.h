// The goals, and who missed which. Pure.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "tests/simulation/compare/course.h"

namespace titip::compare {

inline constexpr double most_writes = 1.05;    // for each delivered record
inline constexpr double most_probes = 0.15;    // likewise
inline constexpr double longest_drain = 1.15;  // times what the capacity allows
inline constexpr double longest_wait_s = 30;   // p99 of a fresh record during the drain
inline constexpr std::uint64_t fewest_fresh = 10'000;
inline constexpr double most_refused = 0.01;     // of the requests during the drain
inline constexpr double poison_may_cost = 1.05;  // times the p99 without it
inline constexpr double import_may_cost_s = 2;   // beyond the p99 without it
inline constexpr double heap_may_grow = 1.25;    // from the small backlog to the large one

// What a gateway missed on the weather, one sentence each.
std::vector<std::string> missed_on_the_weather(const Figures& figures, double capacity);
// Of all other runs, by their names (runs.cc).
std::vector<std::string> missed_beside_it(const std::map<std::string, Figures>& all);

}  // namespace titip::compare
