// Lines of the audit log that upkeep leaves: who did what, when and why. JSON; people stand there as keyed hashes.
#pragma once

#include <expected>
#include <string>
#include <string_view>
#include <vector>

#include "gateway/admin/audit_subjects.h"
#include "gateway/admin/wire.h"
#include "storage/sealing.h"
#include "storage/store.h"

namespace titip::admin {

std::string begun_line(const Request& request, std::string_view who, const std::vector<storage::Digest>& people);
std::string ended_line(const Request& request, std::string_view who, const Ended& ended,
                       const std::vector<Subject>& subjects);
// Of what nobody asked for over the wire (restore, reindex, a reload), in one line.
std::string done_line(std::string_view action, std::string_view who, std::string_view reason, const words::Said& said,
                      const std::vector<Subject>& subjects = {});

// Blocking; on stable storage when it returns without an error.
storage::Result<void> append(storage::Store& store, std::string line);

}  // namespace titip::admin
