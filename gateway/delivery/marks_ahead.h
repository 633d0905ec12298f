// How many records may have their open mark written before the window has a place for them: as many as the server
// answers while one mark is written (Little's law: marks under way = places / answer's time * mark's time), so that no
// place stands empty because of the disk. None where the server is slower than the disk by more than its places: there
// a mark that is written early is only one more record in doubt after a crash. Pure; one owner.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>

namespace titip::delivery {

struct MarksAheadOptions {
  std::size_t least = 0;  // where the window has as many places; for tests of what then may happen
};

class MarksAhead {
 public:
  explicit MarksAhead(MarksAheadOptions options) : options_(options) {}

  void marked(std::chrono::nanoseconds took) { mark_.add(took); }
  void answered(std::chrono::nanoseconds took) { answer_.add(took); }

  // Never more than the window itself holds.
  std::size_t places(std::size_t window) const {
    if (answer_.mean <= 0) return std::min(options_.least, window);
    const double needed = static_cast<double>(window) * mark_.mean / answer_.mean;
    return std::clamp(static_cast<std::size_t>(std::min(needed, static_cast<double>(window))),
                      std::min(options_.least, window), window);
  }

  // How many must have gone before the store is asked for more: a look costs it as much as several records do, whether
  // it finds one or thirty. At most half of those that are ahead, so that a place of the window itself never waits.
  std::size_t worth_a_look(std::size_t window) const { return std::max<std::size_t>(1, places(window) / 2); }

 private:
  // Of the last few dozen, the latest most.
  struct Average {
    static constexpr double weight = 1.0 / 16;
    double mean = 0;  // ns
    bool any = false;
    void add(std::chrono::nanoseconds took) {
      const auto value = static_cast<double>(took.count());
      mean = any ? mean + weight * (value - mean) : value;
      any = true;
    }
  };

  MarksAheadOptions options_;
  Average mark_;
  Average answer_;
};

}  // namespace titip::delivery
