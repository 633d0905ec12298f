#include "gateway/intake/body_hash.h"

#include <openssl/evp.h>

#include <array>
#include <cstdlib>

namespace titip::intake {

std::string body_sha256(std::string_view bytes) {
  // Fetched once: looking an algorithm up by its name costs as much as hashing a kilobyte. Never freed: it is the
  // program's.
  static EVP_MD* const sha256 = EVP_MD_fetch(nullptr, "SHA256", nullptr);
  std::array<unsigned char, 32> digest{};
  if (sha256 == nullptr || EVP_Digest(bytes.data(), bytes.size(), digest.data(), nullptr, sha256, nullptr) != 1) {
    std::abort();  // an OpenSSL without SHA-256 is none
  }
  constexpr std::string_view digits = "0123456789abcdef";
  std::string text;
  text.reserve(2 * digest.size());
  for (const auto byte : digest) text += {digits[byte >> 4U], digits[byte & 15U]};
  return text;
}

}  // namespace titip::intake
