// People as upkeep knows them: by a keyed hash of their number, never by the number.
#pragma once

#include <vector>

#include "gateway/admin/wire.h"
#include "storage/sealing.h"

namespace titip::admin {

// The hashes of the people a request names, in its order.
std::vector<storage::Digest> people_of(const Request& request, const storage::Sealer& sealer);

}  // namespace titip::admin
