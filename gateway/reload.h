// What of a config counts without a restart, and what does not. Private to the root. Pure.
#pragma once

#include <string>
#include <vector>

#include "gateway/config.h"

namespace titip::gateway {

// Places (JSON pointers, each once) where `fresh` differs from `running` and that only a restart takes up; the files
// that a place names count by what stands in them.
std::vector<std::string> needs_restart(const Config& running, const Config& fresh);

}  // namespace titip::gateway
