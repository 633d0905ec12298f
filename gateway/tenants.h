// The facilities of the config and those of the registry, put together: by the gateway at its start, and by the command
// line while no gateway runs. Private to the root. Blocking.
// A code, or a consumer id, that stands in both is a mistake of whoever wrote the config, and is refused: with one in
// the shadow of the other, a secret changed in the shadow would seem to count and would not.
#pragma once

#include <expected>
#include <string>
#include <vector>

#include "storage/facilities.h"
#include "storage/sealing.h"
#include "storage/store.h"

namespace titip::gateway {

// Codes of registered facilities that cannot be read are returned; the error is a sentence, with its place in the
// config.
std::expected<std::vector<std::string>, std::string> gather_facilities(const std::vector<storage::Facility>& configured,
                                                                       storage::Store& store,
                                                                       const storage::Sealer& sealer,
                                                                       storage::Facilities& into);

}  // namespace titip::gateway
