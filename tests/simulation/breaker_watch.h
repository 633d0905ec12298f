// When nothing may be written to a national server that fails everybody, told from its answers alone. Half of the calls
// of ten seconds, five at least and of two people, unanswered; or, where fewer than five end in ten seconds, five one
// upon the other since the last answer, with ten seconds at most in which nobody was asked anything: then no write
// before the first pause is over and before something was answered again; then one at a time until three were; and
// twice the pause each time a write fails, the first one again when a question does. Whatever is doubtful counts as
// answered, so that the gateway may be more careful than this, and never less. Pure; of one life of the gateway.
#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <optional>
#include <set>
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
  Call began(clock::SteadyTime now, bool is_write, std::string who);
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
  void note(clock::SteadyTime now, const Call& call, bool served, bool is_late, bool own);
  bool is_own_trouble(clock::SteadyTime now, const Call& call, bool served, bool surely_counts);
  std::optional<clock::SteadyTime> surely_failing() const;
  bool may_be_failing() const;
  void note_silence(clock::SteadyTime now, const Call& call, bool served, bool surely_counted);
  std::optional<clock::SteadyTime> surely_silent() const;
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
  struct Silent {
    clock::SteadyTime at;
    std::chrono::milliseconds idle;
    bool surely_counted;
    std::string who;
  };
  std::deque<Silent> silence_;  // the last people's calls that began after the last answer, and had none
  static constexpr std::ptrdiff_t answered_while_well = 9;  // of ten calls, in ten seconds
  std::set<std::string> in_trouble_;                        // whose write had no answer while those had
  std::deque<std::chrono::milliseconds> unanswered_;        // the last calls without an answer in a row: idle_ then
  std::size_t calls_under_way_ = 0;
  std::size_t overtaken_ = 0;  // of those, begun before the last answer
  std::chrono::milliseconds idle_{0};
  std::optional<clock::SteadyTime> idle_since_;
  std::chrono::milliseconds pause_{0};  // after the last write that failed
  clock::SteadyTime not_before_{};
};

}  // namespace titip::simulation
