// What must hold of a store at rest, looked up row by row in the engine itself: lines, fronts, due index, requirements,
// waiters, keys, marks. The counts are left to those who compare them with a scan.
#pragma once

#include <string>
#include <vector>

#include "storage/kv.h"

namespace titip::storage {

// One sentence for each thing that is not as it must be.
std::vector<std::string> broken_invariants(const KvReader& kv);

}  // namespace titip::storage
