// Which facilities may send, as far as their log-in at the national server goes. Optimistic: a facility is taken to be
// logged in until the server says otherwise. Refused credentials pause the facility, a few tries a day at most, because
// accounts lock; no record's attempt is burnt meanwhile. A log-in that leads nowhere (no clear answer, or accepted and
// expired at once) is repeated at growing intervals: only a served record proves it. Pure; time is an argument; one
// owner.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "gateway/clock/clock.h"

namespace titip::delivery {

struct LoginOptions {
  std::chrono::milliseconds pause_first{900'000};  // after refused credentials; doubles
  std::chrono::milliseconds pause_max{6 * 3600'000};
  std::chrono::milliseconds again_first{1'000};  // after a log-in that led nowhere; doubles up to pause_first
};

enum class Standing {
  usable,
  needs_login,  // log in, then send
  waiting,      // the last log-in led nowhere; try again in a moment
  logging_in,
  paused,  // credentials refused; try again when the pause is over
};

class Logins {
 public:
  explicit Logins(LoginOptions options) : options_(options) {}

  Standing standing(std::string_view facility, clock::SteadyTime now) const;
  void expired(std::string_view facility, clock::SteadyTime now);
  void refused(std::string_view facility, clock::SteadyTime now);
  void began(std::string_view facility);
  void accepted(std::string_view facility);
  void inconclusive(std::string_view facility, clock::SteadyTime now);  // the server did not answer as itself
  void worked(std::string_view facility);                               // a record of this facility was served
  // A newer credential of this facility was accepted: the pause ends.
  void renewed(std::string_view facility);
  // The server refused everybody, and lets facilities in again: pauses that began since then end, and so do waits. Once
  // each until a record was served: a facility that is refused all the same must not be tried again and again.
  // Who was forgiven.
  std::vector<std::string> forgive(clock::SteadyTime since, clock::SteadyTime now);

  // Refused not long ago and usable again, but nothing was served since.
  bool on_trial(std::string_view facility) const;

  std::size_t in_progress() const;
  std::size_t paused(clock::SteadyTime now) const;
  std::optional<clock::SteadyTime> next_wake(clock::SteadyTime now) const;  // when the next pause or wait ends

 private:
  struct Entry {
    Standing standing = Standing::needs_login;
    std::chrono::milliseconds pause{0};
    clock::SteadyTime until{};  // of paused and needs_login
    std::uint32_t tries = 0;    // log-ins since the last served record
    bool forgiven = false;      // since the last served record
  };
  void log_in_again(Entry& entry, clock::SteadyTime now) const;

  LoginOptions options_;
  std::map<std::string, Entry, std::less<>> entries_;  // facilities that are not plainly usable
};

}  // namespace titip::delivery
