// CRC-32C (Castagnoli, RFC 3720 appendix B.4): tells a damaged value from a sound one. Not a defence against an
// attacker; that is what sealing is for. Pure, any thread.
#pragma once

#include <cstdint>
#include <string_view>

namespace titip::storage {

// `before`: the checksum of what comes before these bytes.
std::uint32_t crc32c(std::string_view bytes, std::uint32_t before = 0);
// The same on any processor.
std::uint32_t crc32c_by_tables(std::string_view bytes, std::uint32_t before = 0);

}  // namespace titip::storage
