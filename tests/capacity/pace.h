// How fast something goes over a run: the rate of each tenth, and the rate of its last slice against that of its first.
// Pure; time is an argument.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>

namespace titip::capacity {

using SteadyTime = std::chrono::steady_clock::time_point;

// What is done before the measured part begins counts for nothing but the books: code and tables are touched for the
// first time, memory is taken from the system, and the store has not flushed anything yet, which is a pace nobody
// keeps.
struct PacePlan {
  std::uint64_t warm_up = 0;
  std::uint64_t measured = 0;
  std::uint64_t slice = 0;
};
// A quarter of the run, at most 50,000, warms up. Slices are a twentieth of what is measured; in a short run at least
// 40,000 (a flush is in each), but never more than a quarter.
PacePlan plan_pace(std::uint64_t all);

class Pace {
 public:
  explicit Pace(PacePlan plan) : plan_(plan) {}

  struct Tenth {
    int number = 0;  // 1 … 10
    double rate = 0;
  };
  // `done` so far, the warm-up included; must be called in the order of time. A tenth that has just ended, at most one.
  std::optional<Tenth> reached(std::uint64_t done, SteadyTime now);

  bool has_begun() const { return begin_.has_value(); }
  bool is_over() const { return end_.has_value(); }
  std::optional<double> rate() const;   // of all that is measured
  std::optional<double> ratio() const;  // nothing: it is not over, or there is nothing to compare

 private:
  struct Mark {
    std::uint64_t done;
    SteadyTime at;
  };
  static std::optional<double> rate_between(const std::optional<Mark>& from, const std::optional<Mark>& to);

  PacePlan plan_;
  std::optional<Mark> begin_, first_slice_end_, last_slice_begin_, end_;
  std::optional<Mark> tenth_begin_;
  int tenths_ = 0;
};

}  // namespace titip::capacity
