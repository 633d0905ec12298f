// How often somebody may try to log in while nobody but the gateway can check it. By rate and not by account: tries are
// counted of an address with a user, so whoever guesses shuts out nobody who is elsewhere. Guessers with many addresses
// share a bound of their user, which those who were let in from where they are do not meet.
// Threads: any, one for all front loops; no lock, and no memory that grows with who asks.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string_view>

#include "gateway/clock/buckets.h"

namespace titip::reads {

struct LogInTriesOptions {
  std::uint32_t tries = 5;              // of one user at one address in a window
  std::uint32_t tries_elsewhere = 100;  // of one user, from all addresses where that user was never let in
  std::chrono::milliseconds window{60'000};
};

class LogInTries {
 public:
  LogInTries(const LogInTriesOptions& options, std::chrono::milliseconds let_in_lasts);

  // One more try. Nothing: it may be checked. Otherwise the next is after so long.
  std::optional<std::chrono::nanoseconds> wait(std::string_view site, std::string_view user, clock::SteadyTime now);
  // The national server or the verifier let the user in from there.
  void let_in(std::string_view site, std::string_view user, clock::SteadyTime now);

 private:
  clock::Buckets here_;
  clock::Buckets elsewhere_;
  clock::Buckets let_in_;  // of one token: it is gone where the user was let in
};

}  // namespace titip::reads
