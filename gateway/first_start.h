// A store that is missing is not one that never was: a disk that is not mounted, or a directory that was moved away,
// must not make Titip begin anew and take in what it has forgotten. Where a key file or a list of erasures lies, there
// was a store. A first start that was cut short between the two leaves a mark, and goes on. Private to the root.
// Blocking. Errors are sentences that say what to do.
#pragma once

#include <expected>
#include <string>

#include "gateway/config.h"

namespace titip::gateway {

// Before an empty store is made, and before its key file is; the mark is on stable storage when it returns.
std::expected<void, std::string> begin_first_start(const Config& config);
// The store stands, and holds nothing yet.
std::expected<void, std::string> end_first_start(const Config& config);

}  // namespace titip::gateway
