// SHA-256 (FIPS 180-4), for the chain of the audit log. Not for anything that stands for a person: a bare hash of what
// has few possible values can be guessed; that is what Sealer::keyed_hash is for. Pure, any thread.
#pragma once

#include <string>
#include <string_view>

namespace titip::storage {

inline constexpr std::size_t sha256_size = 32;

std::string sha256(std::string_view bytes);  // 32 bytes

}  // namespace titip::storage
