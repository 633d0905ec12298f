// How fast something goes over a run: the rate of each tenth, and the rate of its last slice against that of its first.
// Pure; time is an argument.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

namespace titip::capacity {

using SteadyTime = std::chrono::steady_clock::time_point;

// What is compared. A warm-up counts for nothing but the books.
struct PacePlan {
  std::uint64_t warm_up = 0;
  std::uint64_t measured = 0;
  std::uint64_t slice = 0;
  std::size_t pieces = 1;  // of a slice; with more than two, the fastest and the slowest are left out
};
// From here on it is the last twentieth of the run against its first, without a warm-up and in one piece.
inline constexpr std::uint64_t long_run = 1'000'000;
// In a shorter one a twentieth passes between two flushes, in less than a second. So a quarter, at most 50,000, warms
// up (the pace of a store that has flushed nothing yet is one that nobody keeps), and slices are of 40,000 (a flush is
// in each), at most a quarter of what is measured, in eight pieces: a neighbour on the machine may spoil one.
PacePlan plan_pace(std::uint64_t all);

class Pace {
 public:
  explicit Pace(PacePlan plan);

  struct Tenth {
    int number = 0;  // 1 … 10
    double rate = 0;
  };
  // `done` so far, the warm-up included; must be called in the order of time. A tenth that has just ended, at most one.
  std::optional<Tenth> reached(std::uint64_t done, SteadyTime now);

  bool has_begun() const { return tenths_.has_begun(); }
  bool is_over() const { return tenths_.is_over(); }
  std::optional<double> rate() const;   // of all that is measured
  std::optional<double> ratio() const;  // nothing: it is not over, or there is nothing to compare

 private:
  struct Mark {
    std::uint64_t done = 0;
    SteadyTime at;
  };
  static std::optional<double> rate_between(const Mark& from, const Mark& to);

  // A stretch of the run in equal parts, and when each was reached.
  class Stretch {
   public:
    Stretch(std::uint64_t from, std::uint64_t length, std::size_t parts)
        : from_(from), length_(length), parts_(parts) {}
    bool reached(Mark here);  // a part, or the beginning, was reached just now
    bool has_begun() const { return !marks_.empty(); }
    bool is_over() const { return marks_.size() == parts_ + 1; }
    const std::vector<Mark>& marks() const { return marks_; }
    std::optional<double> rate() const;

   private:
    std::uint64_t from_, length_;
    std::size_t parts_;
    std::vector<Mark> marks_;
  };

  Stretch tenths_, first_, last_;
};

}  // namespace titip::capacity
