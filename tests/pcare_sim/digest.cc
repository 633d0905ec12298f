#include "tests/pcare_sim/digest.h"

#include <openssl/evp.h>

#include <cstdlib>

namespace titip::pcare_sim {

Digest::Digest() : algorithm_(EVP_MD_fetch(nullptr, "SHA256", nullptr)), context_(EVP_MD_CTX_new()) {
  if (algorithm_ == nullptr || context_ == nullptr) std::abort();  // an OpenSSL without SHA-256 is no OpenSSL
}

Digest::~Digest() {
  EVP_MD_CTX_free(context_);
  EVP_MD_free(algorithm_);
}

std::array<unsigned char, 32> Digest::sha256(std::string_view text) {
  std::array<unsigned char, 32> result{};
  unsigned length = 0;
  if (EVP_DigestInit_ex2(context_, algorithm_, nullptr) != 1 ||
      EVP_DigestUpdate(context_, text.data(), text.size()) != 1 ||
      EVP_DigestFinal_ex(context_, result.data(), &length) != 1 || length != result.size())
    std::abort();
  return result;
}

}  // namespace titip::pcare_sim
