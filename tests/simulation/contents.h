// What the store keeps of one submission, opened and held against what the clinic sent: byte for byte. Pure.
#pragma once

#include <optional>
#include <string>

#include "storage/records.h"
#include "storage/sealing.h"
#include "tests/simulation/records.h"

namespace titip::simulation {

// One sentence on what is wrong; empty: nothing.
std::string fault_of_content(const storage::Sealer& sealer, const Form& form,
                             const std::optional<storage::Record>& record,
                             const std::optional<storage::Sealed>& payload);

}  // namespace titip::simulation
