// The audit log's chain: each line's hash covers the hash before it, so that a line that is changed, taken out or moved
// is seen by whoever reads on. It tells of accidents and of edits in place; against somebody who writes the whole log
// anew it helps to keep a hash elsewhere. Pure, any thread.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "storage/upkeep.h"

namespace titip::storage {

// More is refused as `overloaded`.
inline constexpr std::size_t most_audit_lines = 1'000;           // of one call
inline constexpr std::size_t longest_audit_line_bytes = 65'536;  // of each

// SHA-256 over the hash before (empty before the first line), number (u64), time (u64, milliseconds) and bytes.
std::string hash_of(std::string_view hash_before, const AuditLine& line);

}  // namespace titip::storage
