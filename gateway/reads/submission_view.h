// A submission with its timeline, as its own facility may see it. Pure but for unsealing the server's words.
#pragma once

#include <nlohmann/json_fwd.hpp>

#include "storage/sealing.h"
#include "storage/store.h"

namespace titip::reads {

nlohmann::ordered_json submission_json(const storage::Loaded& loaded, const storage::Sealer& sealer);

}  // namespace titip::reads
