// Records as upkeep asks for them: one by its id, or by the receipt code that the clinic has, and many by their ids.
// Blocking, any thread that may wait.
#pragma once

#include <expected>
#include <optional>
#include <string>
#include <vector>

#include "gateway/admin/upkeep.h"
#include "storage/payload.h"
#include "storage/store.h"

namespace titip::admin {

// `what.id` is filled in. The error is what to say.
std::expected<storage::Loaded, Ended> load_record(const std::string& id_or_receipt, const Doors& doors,
                                                  storage::LoadRequest what);

struct Looked {
  std::optional<storage::Loaded> loaded;  // nothing: it is not there, or
  bool is_damaged = false;
};
// In the order given. One that is damaged does not keep the others from being read.
storage::Result<std::vector<Looked>> load_each(const std::vector<storage::SubmissionId>& ids, bool payload,
                                               const Doors& doors);

// Nothing: it was erased, or cannot be opened.
std::optional<storage::Payload> opened_payload(const storage::Loaded& loaded, const storage::Sealer& sealer);

}  // namespace titip::admin
