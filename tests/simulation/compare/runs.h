// The runs of a comparison, each in a process of its own, as many at once as there are processors.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "tests/simulation/compare/course.h"

namespace titip::compare {

struct Plan {
  std::uint32_t days = 7;
  bool small = false;  // a morning in place of whole days
  std::uint64_t seed = 1;
  std::string fault;  // of the gateway, on purpose: see `faults`
};

// With each of them the gateway must miss a goal.
inline constexpr std::string_view no_breaker = "no_breaker";    // it never opens
inline constexpr std::string_view no_share = "no_fresh_share";  // fresh records have a twentieth of the sends

struct Run {
  std::string name;
  std::function<Figures()> work;
};
std::vector<Run> runs_of(const Plan& plan);
std::vector<Run> runs_of_fault(const Plan& plan);  // the gateway with the fault, on the weather alone

Weather weather_of(const Plan& plan);
std::uint32_t small_backlog(const Plan& plan);
std::uint32_t large_backlog(const Plan& plan);

// Throws if one of them dies.
std::map<std::string, Figures> run_all(const std::vector<Run>& runs,
                                       const std::function<void(const std::string&)>& ended);

}  // namespace titip::compare
