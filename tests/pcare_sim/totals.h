// Counts of a run. Plain data; any thread may copy it.
#pragma once

#include <array>
#include <cstdint>
#include <string>

#include "tests/pcare_sim/weather.h"

namespace titip::pcare_sim {

struct Totals {
  std::uint64_t requests = 0;  // to the national service; /_sim is not counted
  std::uint64_t reads = 0;
  std::uint64_t writes = 0;
  std::uint64_t logins = 0;
  std::uint64_t effects = 0;
  std::uint64_t entries = 0;           // natural keys with at least one effect
  std::uint64_t repeated_effects = 0;  // effects with the very body of the effect before them on the same key
  std::uint64_t lost_replies = 0;      // effects whose true answer the waiting client did not get
  std::uint64_t late_applies = 0;      // effects after the client had hung up
  std::uint64_t rejected = 0;          // writes refused for what they say
  std::uint64_t duplicates_refused = 0;
  std::uint64_t replayed = 0;                       // writes answered from an honoured Idempotency-Key
  std::uint64_t slowed = 0;                         // by capacity
  std::uint64_t turned_away = 0;                    // by capacity
  std::array<std::uint64_t, kind_count> weather{};  // requests hit, by kind; for refuse, spells

  std::string json() const;
};

}  // namespace titip::pcare_sim
