// GET /v1/submissions/{id}: a facility's own submission. Somebody else's is as absent as one that never was.
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "storage/sealing.h"
#include "storage/store.h"

namespace titip::reads {

enum class OwnSubmissionFault { absent, store_unavailable };

// `done` gets the JSON text, on `home`.
void own_submission(storage::Store& store, storage::Home& home, const storage::Sealer& sealer, storage::SubmissionId id,
                    std::string facility,
                    std::move_only_function<void(std::expected<std::string, OwnSubmissionFault>)> done);

}  // namespace titip::reads
