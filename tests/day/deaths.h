// When the gateway dies in a day, and of what. One by one by dice: kill -9 at a random moment, or (with faults) a
// system call of the unmodified program that fails or kills it, injected by strace from its start on. A life whose
// fault does not come in time ends by the kill. One thread.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "tests/day/ending.h"
#include "tests/day/settings.h"
#include "tests/sampler/random.h"

namespace titip::day {

class Deaths {
 public:
  // The moments lie within the day's first `until_s` seconds.
  Deaths(const Settings& settings, double until_s);

  bool due(double second) const { return next_ < moments_.size() && second >= moments_[next_]; }
  bool left() const { return next_ < moments_.size(); }
  std::size_t died() const { return next_; }
  // One death is over. How long the gateway stays dead.
  double rest_s();

  // What goes before the command of the next life; empty: nothing is injected into it. `data` is the gateway's data
  // directory: writes fail only where they go to the store's files.
  std::vector<std::string> tracer(const std::filesystem::path& data);
  // For people and for the log of the run: what the present life is to die of.
  const std::string& of_what() const { return of_what_; }
  // What may end it by itself; nothing, unless a failure is injected into it.
  const Planned& planned() const { return planned_; }
  // Planned::name() of every failure there is. Each has its turn before one comes again.
  static std::vector<std::string> fault_names();

  // Why faults cannot be injected here; empty: they can.
  static std::string why_no_faults();

 private:
  const bool faults_;
  sampler::Random dice_;
  std::vector<double> moments_;
  std::size_t next_ = 0;
  std::string of_what_ = "kill -9";
  Planned planned_;
  std::vector<std::size_t> turns_;  // the faults that have not had theirs, the next one last
};

}  // namespace titip::day
