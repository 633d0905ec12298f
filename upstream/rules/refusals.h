// Credentials refused for one facility are that facility's trouble; refused for many at once they are the server's (a
// broken log-in service answers 401 to everybody). Then nobody is paused for it and the destination counts as not
// served, or a national fault would lock every clinic out until each logs in anew. Pure; one owner.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <string>

#include "upstream/rules/exchange.h"

namespace titip::rules {

struct RefusalsOptions {
  std::chrono::milliseconds window{60'000};
  std::uint32_t facilities = 5;  // at least so many different ones refused …
  double share = 0.5;            // … and at least this share of all that were answered in the window
  std::size_t facilities_known = 20'000;
};

class Refusals {
 public:
  explicit Refusals(RefusalsOptions options) : options_(options) {}

  // What the server said of a facility's credentials; the last word of each facility within the window counts.
  void answered(const std::string& facility, bool refused, SteadyTime now);
  bool destination_trouble(SteadyTime now) const;

 private:
  struct Word {
    SteadyTime at;
    bool refused;
  };
  void tidy(SteadyTime now);

  RefusalsOptions options_;
  std::map<std::string, Word> words_;
};

}  // namespace titip::rules
