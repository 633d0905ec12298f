// Lines of the audit log that upkeep leaves: who did what, when and why. JSON; people stand there as keyed hashes.
#pragma once

#include <expected>
#include <string>
#include <string_view>
#include <vector>

#include "gateway/admin/wire.h"
#include "storage/sealing.h"
#include "storage/store.h"

namespace titip::admin {

// Lower-case hexadecimal.
std::string hex(const storage::Digest& digest);

std::string begun_line(const Request& request, std::string_view who, const std::vector<storage::Digest>& people);
std::string ended_line(const Request& request, std::string_view who, const Ended& ended);

// Blocking; on stable storage when it returns without an error.
storage::Result<void> append(storage::Store& store, std::string line);

}  // namespace titip::admin
