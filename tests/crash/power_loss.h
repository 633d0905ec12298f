// Power cuts under a store in this process. A chain is one disk with one history of clients: the store works, loses
// power, is opened over what survived, is inspected, works on. Each cut that was followed by an inspection is a round.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "tests/crash/report.h"
#include "tests/crash/store_on_fs.h"

namespace titip::crash {

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
