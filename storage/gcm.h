// AES-256-GCM, the one cipher everything at rest is sealed with. Any thread; each keeps its own contexts, because
// making one costs half as much as sealing a kilobyte. What such a context still holds of the last key it was used with
// is worth less than the wrapping key, which lives in the same memory.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "storage/sealing.h"

namespace titip::storage::gcm {

inline constexpr std::size_t nonce_size = 12;
inline constexpr std::size_t tag_size = 16;
using Nonce = std::array<std::uint8_t, nonce_size>;

bool offered();  // by this OpenSSL

// Appends ciphertext and tag to `out`. The pair of key and nonce must never have sealed anything else.
void seal(const DataKey& key, const Nonce& nonce, std::string_view authenticated, std::string_view plain,
          std::string& out);
// `sealed` is ciphertext and tag. Nothing unless every bit is as it was.
std::optional<std::string> open(const DataKey& key, const Nonce& nonce, std::string_view authenticated,
                                std::string_view sealed);

}  // namespace titip::storage::gcm
