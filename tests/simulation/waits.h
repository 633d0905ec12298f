// What the store says a record waits for, held against what the judge knows: a blocked one for somebody who may still
// give what it needs, one behind others of its person for the first of them, everyone else for nobody. One thread.
#pragma once

#include "storage/queries.h"
#include "tests/simulation/records.h"

namespace titip::simulation {

// One that has not ended. One sentence on what is wrong; empty: nothing.
std::string fault_of(const Records& records, const storage::Waiting& said, const Known& known);

}  // namespace titip::simulation
