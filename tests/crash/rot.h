// Damage to a store's files, round by round, in a process of its own: RocksDB may end it with an assertion. That is
// damage noticed if the assertion is RocksDB's and the store was not open yet; every other bad end is a finding.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "tests/crash/history.h"
#include "tests/crash/process_crashes.h"

namespace titip::crash {

// What one damage came to. `refused`: the store did not open; `told`: it named what is damaged; `aborted`: RocksDB's
// own assertion ended the process while it opened.
enum class Came : std::uint8_t { harmless, refused, told, aborted, wrong };

struct RotRound {
  std::uint64_t seed = 0;
  std::string what;  // was damaged
  std::vector<Finding> findings;
  std::function<void(std::uint64_t)> acknowledged;  // a store was made, with so many receipts
  std::function<void()> opened;                     // the damaged store has opened: no assertion is forgiven any more
};
// Runs in the child; it may keep a store from one round to the next. Came::wrong: see the findings.
using Judge = std::function<Came(RotRound& round)>;

// Prints the kind's line; the exit status.
int run_rot(const std::string& kind, const ProcessCrashes& wanted, const Judge& judge);

// The line with which an assertion of RocksDB's source ended a process; empty: there is none in what it said.
std::string engine_assertion(std::string_view said);

}  // namespace titip::crash
