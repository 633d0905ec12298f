// Notices a surge of permanent rejections: a clinic's app that was updated and now sends rubbish, or a national server
// that refuses what it took yesterday. Over `share` of a facility's last `sample` results, where under `normal` is
// usual, gates that facility; `facilities` or more of them at once gate the destination. A gate stops new attempts and
// alerts; a person opens it. Pure; one owner; memory: one small ring for each facility that had results lately.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <string>
#include <string_view>

namespace titip::rules {

struct SurgeOptions {
  std::uint32_t sample = 50;
  std::uint32_t minimum = 20;  // fewer results say nothing
  double share = 0.30;
  double normal = 0.05;  // a facility whose long-run share is above this is not surging, it is careless
  std::uint32_t facilities = 5;
  std::size_t facilities_known = 20'000;  // beyond, the one that had no result for longest is forgotten
};

enum class Surge : std::uint8_t { none, facility, destination };

class Surges {
 public:
  explicit Surges(SurgeOptions options) : options_(options) {}

  // A record of `facility` was decided for good. Says what this result set off, once: until reset() nothing more is
  // said of that facility.
  Surge decided(const std::string& facility, bool rejected);
  // Its gate stands, from before this process or from before reset_all(): it counts among those that surge at once.
  void gated(const std::string& facility);
  // A person opened the gate: what came before does not count any more.
  void reset(const std::string& facility);
  void reset_all();

  std::size_t surging() const { return surging_; }

 private:
  struct Facility {
    std::deque<bool> last;  // rejected?
    std::uint32_t rejected_of_last = 0;
    double long_run = 0;  // share of rejections over the results that have left the sample
    bool surging = false;
    std::uint64_t touched = 0;
  };
  bool surges(const Facility& facility) const;
  void forget_one();

  SurgeOptions options_;
  std::map<std::string, Facility, std::less<>> facilities_;
  std::size_t surging_ = 0;
  bool destination_said_ = false;
  std::uint64_t turn_ = 0;
};

}  // namespace titip::rules
