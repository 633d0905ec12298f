#include "storage/sha256.h"

#include <openssl/evp.h>

#include <array>

#include "storage/check.h"

namespace titip::storage {

std::string sha256(std::string_view bytes) {
  std::array<unsigned char, sha256_size> hash{};
  unsigned int size = 0;
  const bool hashed = EVP_Digest(bytes.data(), bytes.size(), hash.data(), &size, EVP_sha256(), nullptr) == 1;
  check(hashed && size == hash.size(), "OpenSSL knows SHA-256");
  return {reinterpret_cast<const char*>(hash.data()), hash.size()};
}

}  // namespace titip::storage
