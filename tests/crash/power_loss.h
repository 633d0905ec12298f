// Power cuts under a store in this process. A chain is one disk with one history of clients: the store works, loses
// power, is opened over what survived, is inspected, works on. Each cut that was followed by an inspection is a round.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "tests/crash/report.h"

namespace titip::crash {

// A fault built into the store or its disk on purpose.
enum class Spoiled : std::uint8_t { no, sync_off, disk_lies, index_outside_the_batch, acknowledges_before_the_commit };
std::optional<Spoiled> spoiled_named(std::string_view name);
std::string_view name(Spoiled spoiled);

struct PowerLoss {
  std::uint64_t first_seed = 1;
  std::uint64_t rounds = 0;
  Spoiled spoiled = Spoiled::no;
  bool tell = false;  // each schedule as it goes
};

// Not spoiled: runs all rounds; false if anything was not kept. Spoiled: runs until the oracle catches it; false if it
// never does. Prints its line.
bool run_power_loss(const PowerLoss& wanted);

}  // namespace titip::crash
