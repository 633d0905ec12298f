// What a capacity run must hold, and the line that says what it held. Pure.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tests/capacity/pace.h"

namespace titip::capacity {

struct Limit {
  std::string_view name;
  bool at_most = true;
  double bound = 0;
};
// In a short run (pace.h) the pace may fall a little further: its first slice is of a store so young that it has
// nothing to compact yet.
std::vector<Limit> the_limits(std::uint64_t submissions = long_run);

// By the names of the limits.
using Figures = std::map<std::string, double, std::less<>>;

// One sentence for each limit that does not hold. A figure that was not measured, or is no number, holds nothing.
std::vector<std::string> shortfalls(const std::vector<Limit>& limits, const Figures& figures);

// Whether nothing falls short but the pace of the end against that of the beginning: the one figure that a neighbour on
// the machine can spoil.
bool only_pace_falls_short(const std::vector<Limit>& limits, const Figures& figures);

// Which of how many runs the figures are of: always of one, whole.
struct WhichRun {
  int number = 1;
  int most = 1;
};

// "capacity: submissions=… rss_mb=… … run=1/3 bounds=rss_mb<=1024,…", in the order of the limits.
std::string summary(std::uint64_t submissions, const std::vector<Limit>& limits, const Figures& figures, WhichRun run);

}  // namespace titip::capacity
