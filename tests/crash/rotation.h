// Crashes in the middle of a key rotation. A process (`titip_crash rotator`) seals submissions under a real key file
// and rotates it; it dies again and again, of a power cut of its disk where root allows, of kill -9 otherwise, and is
// started again until the rotation has come to its end. Then every payload opens to what was given, nothing is under an
// old key, and what was hashed before is still recognised.
#pragma once

#include <cstdint>
#include <filesystem>

#include "tests/crash/process_crashes.h"

namespace titip::crash {

struct RotatorOrders {
  std::filesystem::path directory;  // of the store; the key file lies beside it
  std::uint64_t seed = 1;
  std::uint64_t first = 1;    // number of the first submission this life makes
  std::uint64_t records = 0;  // at the start of this life; while it rotates one more a step
};

int run_rotator(const RotatorOrders& orders);

// A round is one crash.
int run_key_rotation(const ProcessCrashes& wanted);

}  // namespace titip::crash
