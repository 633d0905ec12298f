#include "tests/capacity/limits.h"

#include <fmt/format.h>

#include <cmath>

namespace titip::capacity {
namespace {

std::string number(double value) {
  return value >= 100 ? fmt::format("{:.0f}", value) : fmt::format("{:.2f}", value);
}

const double* measured(const Figures& figures, std::string_view name) {
  const auto found = figures.find(name);
  return found == figures.end() || !std::isfinite(found->second) ? nullptr : &found->second;
}

}  // namespace

std::vector<Limit> the_limits(std::uint64_t submissions) {
  const double pace = submissions < long_run ? 0.75 : 0.9;
  return {{"rss_mb", true, 1024},         {"start_to_accept_s", true, 5}, {"first_delivery_s", true, 10},
          {"accept_ratio", false, pace},  {"drain_ratio", false, pace},   {"disk_per_payload", true, 1.6},
          {"disk_after_drain", true, 0.4}};
}

bool only_pace_falls_short(const std::vector<Limit>& limits, const Figures& figures) {
  bool short_of_pace = false;
  for (const Limit& limit : limits) {
    const double* value = measured(figures, limit.name);
    if (value == nullptr || (limit.at_most && *value > limit.bound)) return false;
    short_of_pace = short_of_pace || (!limit.at_most && *value < limit.bound);
  }
  return short_of_pace;
}

std::vector<std::string> shortfalls(const std::vector<Limit>& limits, const Figures& figures) {
  std::vector<std::string> sentences;
  for (const Limit& limit : limits) {
    const double* value = measured(figures, limit.name);
    if (value == nullptr) {
      sentences.push_back(fmt::format("{} was not measured", limit.name));
    } else if (limit.at_most ? *value > limit.bound : *value < limit.bound) {
      sentences.push_back(fmt::format("{} is {:.4g}; it must be at {} {:g}", limit.name, *value,
                                      limit.at_most ? "most" : "least", limit.bound));
    }
  }
  return sentences;
}

std::string summary(std::uint64_t submissions, const std::vector<Limit>& limits, const Figures& figures, WhichRun run) {
  std::string line = fmt::format("capacity: submissions={}", submissions);
  for (const Limit& limit : limits) {
    const double* value = measured(figures, limit.name);
    line += fmt::format(" {}={}", limit.name, value == nullptr ? "unknown" : number(*value));
  }
  line += fmt::format(" run={}/{} bounds=", run.number, run.most);
  std::string_view between;
  for (const Limit& limit : limits) {
    line += fmt::format("{}{}{}={:g}", between, limit.name, limit.at_most ? '<' : '>', limit.bound);
    between = ",";
  }
  return line;
}

}  // namespace titip::capacity
