#include "tests/pcare_sim/sealing.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <array>
#include <cstddef>
#include <cstdlib>
#include <initializer_list>
#include <memory>

#include "tests/pcare_sim/lz_string.h"

namespace titip::pcare_sim {
namespace {

const unsigned char* bytes(std::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}

std::string base64(const unsigned char* data, std::size_t size) {
  std::string out((size + 2) / 3 * 4, '\0');
  EVP_EncodeBlock(reinterpret_cast<unsigned char*>(out.data()), data, static_cast<int>(size));
  return out;
}

std::string joined(std::initializer_list<std::string_view> parts) {
  std::string out;
  for (const auto part : parts) out += part;
  return out;
}

}  // namespace

std::string signature_of(std::string_view consumer, std::string_view secret, std::string_view timestamp) {
  const std::string message = joined({consumer, "&", timestamp});
  std::array<unsigned char, EVP_MAX_MD_SIZE> mac{};
  unsigned size = 0;
  if (HMAC(EVP_sha256(), secret.data(), static_cast<int>(secret.size()), bytes(message), message.size(), mac.data(),
           &size) == nullptr)
    std::abort();
  return base64(mac.data(), size);
}

std::string sealed_response(std::string_view consumer, std::string_view secret, std::string_view timestamp,
                            std::string_view json_text) {
  const std::string recipe = joined({consumer, secret, timestamp});
  std::array<unsigned char, 32> key{};
  if (EVP_Digest(recipe.data(), recipe.size(), key.data(), nullptr, EVP_sha256(), nullptr) != 1) std::abort();
  const std::string packed = lz_packed(json_text);
  const std::unique_ptr<EVP_CIPHER_CTX, decltype(&EVP_CIPHER_CTX_free)> cipher(EVP_CIPHER_CTX_new(),
                                                                               &EVP_CIPHER_CTX_free);
  std::string sealed(packed.size() + 32, '\0');
  auto* out = reinterpret_cast<unsigned char*>(sealed.data());
  int body = 0;
  int tail = 0;
  // The IV is the key's first 16 bytes.
  if (cipher == nullptr || EVP_EncryptInit_ex(cipher.get(), EVP_aes_256_cbc(), nullptr, key.data(), key.data()) != 1 ||
      EVP_EncryptUpdate(cipher.get(), out, &body, bytes(packed), static_cast<int>(packed.size())) != 1 ||
      EVP_EncryptFinal_ex(cipher.get(), out + body, &tail) != 1)
    std::abort();
  return base64(out, static_cast<std::size_t>(body + tail));
}

std::optional<std::string> base64_decoded(std::string_view text) {
  if (text.empty() || text.size() % 4 != 0) return std::nullopt;
  std::string out(text.size() / 4 * 3, '\0');
  const int size =
      EVP_DecodeBlock(reinterpret_cast<unsigned char*>(out.data()), bytes(text), static_cast<int>(text.size()));
  if (size < 0) return std::nullopt;
  std::size_t padding = 0;  // EVP_DecodeBlock gives zeros for it
  while (padding < 2 && text[text.size() - 1 - padding] == '=') ++padding;
  out.resize(static_cast<std::size_t>(size) - padding);
  return out;
}

}  // namespace titip::pcare_sim
