// The breaker is driven by scripts, one row each: "<seconds>:<what>" separated by spaces, then the state expected at
// the end.
//   rN+ / rN-   a record of key N starts and ends at once, served or not
//   h+ / h-     a read (key 0), the same
//   R / H       a record or a read starts
//   RN+ RN- H+ H-   … and ends
//   r! / h!     a record or a read is refused on the way
//   ro / rc     reads only may close, records may again
#pragma once

#include <cstdlib>
#include <sstream>
#include <string>

#include "upstream/rules/breaker.h"

namespace titip::rules {

inline SteadyTime at(double second) {
  return SteadyTime{} + std::chrono::hours(1) + std::chrono::milliseconds(static_cast<int>(second * 1000));
}

inline void play(Breaker& breaker, const std::string& script, double* end = nullptr) {
  std::istringstream steps(script);
  for (std::string step; steps >> step;) {
    const auto colon = step.find(':');
    const double second = std::stod(step.substr(0, colon));
    const std::string what = step.substr(colon + 1);
    if (end != nullptr) {
      *end = second;
    }
    if (what == "ro" || what == "rc") {
      what == "ro" ? breaker.no_record_can_be_sent() : breaker.records_can_be_sent();
      continue;
    }
    const bool is_record = what[0] == 'r' || what[0] == 'R';
    const bool ends = what.size() > 1;
    if (what[0] == 'r' || what[0] == 'h' || !ends) {
      breaker.started(at(second), is_record);
    }
    if (ends && what.back() == '!') {
      breaker.refused_on_the_way(at(second), is_record, 0.0);
    } else if (ends) {
      const std::uint64_t key = is_record ? std::strtoull(what.c_str() + 1, nullptr, 10) : 0;
      breaker.finished(at(second), is_record, what.back() == '+', key, 0.0);
    }
  }
}

inline std::string repeat(int times, const std::string& step) {
  std::string script;
  for (int i = 0; i < times; ++i) {
    script += step + " ";
  }
  return script;
}

}  // namespace titip::rules
