// One record as upkeep asks for it: by its id, or by the receipt code that the clinic has. Blocking, any thread that
// may wait.
#pragma once

#include <expected>
#include <optional>
#include <string>

#include "gateway/admin/upkeep.h"
#include "storage/payload.h"
#include "storage/store.h"

namespace titip::admin {

// `what.id` is filled in. The error is what to say.
std::expected<storage::Loaded, Ended> load_record(const std::string& id_or_receipt, const Doors& doors,
                                                  storage::LoadRequest what);

// Nothing: it was erased, or cannot be opened.
std::optional<storage::Payload> opened_payload(const storage::Loaded& loaded, const storage::Sealer& sealer);

}  // namespace titip::admin
