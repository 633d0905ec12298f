// When nothing may be written to a national server that fails everybody, told from its answers alone. Half of the calls
// of ten seconds, five at least and of two people, unanswered: then no write before the first pause is over and before
// something was answered again; then one at a time until three were; and twice the pause each time a write fails, the
// first one again when a question does. Whatever is doubtful counts as answered, so that the gateway may be more
// careful than this, and never less. Pure; of one life of the gateway.
#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>

#include "gateway/clock/clock.h"

namespace titip::simulation {

class BreakerWatch {
 public:
  struct Pauses {
    std::chrono::milliseconds first;
    std::chrono::milliseconds most;
  };
  explicit BreakerWatch(Pauses pauses) : pauses_(pauses) {}

  struct Call {
    bool is_write = false;
    std::string who;  // the person; empty: nobody
    std::uint64_t era = 0;
  };
  Call began(bool is_write, std::string who);
  // What is to be said against a write that leaves now, before it began.
  std::optional<std::string> objection(clock::SteadyTime now) const;
  void ended(clock::SteadyTime now, const Call& call, bool served);
  bool failing() const { return failing_; }

 private:
  struct Ended {
    clock::SteadyTime at;
    bool served;
    bool surely_counted;
    std::string who;
  };
  void note(clock::SteadyTime now, const Call& call, bool served, bool is_late);
  std::optional<clock::SteadyTime> surely_failing() const;
  bool may_be_failing() const;
  void trip(clock::SteadyTime since, bool by_write);

  static constexpr std::uint32_t successes_to_end = 3;

  Pauses pauses_;
  std::deque<Ended> ended_;  // of the last ten seconds, while it is not failing
  bool failing_ = false;
  bool answered_ = false;  // since it failed
  std::uint32_t successes_ = 0;
  std::uint32_t writes_answered_ = successes_to_end;  // in a row since it may have failed; at first it has not
  std::uint32_t writes_ = 0;                          // under way, of this era
  std::uint64_t era_ = 0;                             // what began before it failed decides nothing
  std::chrono::milliseconds pause_{0};                // after the last write that failed
  clock::SteadyTime not_before_{};
};

}  // namespace titip::simulation
