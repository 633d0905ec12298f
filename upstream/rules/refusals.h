// Credentials refused for one facility are that facility's trouble; refused for many at once they are the server's (a
// broken log-in service answers 401 to everybody). Then nobody is paused for it and the destination counts as not
// served, or a national fault would lock every clinic out until each logs in anew. Once begun that trouble lasts until
// somebody's credentials work again: with the breaker open too few are tried in a window to see it anew. And when it is
// over, what was believed of single facilities before it was seen, or after it had lasted too long, is to be forgiven.
// Pure; one owner.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>

#include "upstream/rules/exchange.h"

namespace titip::rules {

struct RefusalsOptions {
  std::chrono::milliseconds window{60'000};
  std::uint32_t facilities = 5;                  // at least so many different ones refused …
  double share = 0.5;                            // … and at least this share of all that were answered in the window
  std::chrono::milliseconds longest{3'600'000};  // and so long after they were last seen so; accounts lock
  std::size_t facilities_known = 20'000;
};

class Refusals {
 public:
  explicit Refusals(RefusalsOptions options) : options_(options) {}

  // What the server said of a facility's credentials; the last word of each facility within the window counts.
  // Answers with a time if the trouble is over with this one: refusals since then meant nothing.
  std::optional<SteadyTime> answered(const std::string& facility, bool refused, SteadyTime now);
  bool destination_trouble(SteadyTime now) const;

 private:
  struct Word {
    SteadyTime at;
    bool refused;
  };
  bool mostly_refused(SteadyTime now) const;
  void tidy(SteadyTime now);

  RefusalsOptions options_;
  std::map<std::string, Word> words_;
  std::optional<SteadyTime> since_;  // of the trouble, as far back as its first words reach
  SteadyTime seen_{};                // when the words last said so
};

}  // namespace titip::rules
