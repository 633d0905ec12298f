#include "upstream/scheme/bpjs_signature.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/sha.h>

#include <array>
#include <charconv>
#include <cstdint>
#include <cstdlib>
#include <limits>
#include <memory>

#include "upstream/scheme/base64.h"
#include "upstream/scheme/lz_string.h"

namespace titip::scheme {
namespace {

using Key = std::array<unsigned char, SHA256_DIGEST_LENGTH>;
constexpr std::size_t block_bytes = 16;

const unsigned char* bytes(std::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}
unsigned char* bytes(std::string& text) {
  return reinterpret_cast<unsigned char*>(text.data());
}
// EVP counts in int.
bool fits(std::string_view text) {
  return text.size() <= static_cast<std::size_t>(std::numeric_limits<int>::max()) / 2;
}

Key key_of(const Consumer& consumer, std::string_view timestamp) {
  std::string material = consumer.id + consumer.secret + std::string(timestamp);
  Key key{};
  SHA256(bytes(material), material.size(), key.data());
  OPENSSL_cleanse(material.data(), material.size());
  return key;
}

struct ContextFree {
  void operator()(EVP_CIPHER_CTX* context) const { EVP_CIPHER_CTX_free(context); }
};

// One pass of AES-256-CBC. Nothing if the padding is wrong (decrypting with another key, mostly).
std::optional<std::string> cipher(Key key, std::string_view in, bool encrypt) {
  const std::unique_ptr<EVP_CIPHER_CTX, ContextFree> context(EVP_CIPHER_CTX_new());
  if (context == nullptr) std::abort();
  std::string out(in.size() + block_bytes, '\0');
  int size = 0;
  int last = 0;
  const bool ok =
      EVP_CipherInit_ex(context.get(), EVP_aes_256_cbc(), nullptr, key.data(), key.data(), encrypt ? 1 : 0) == 1 &&
      EVP_CipherUpdate(context.get(), bytes(out), &size, bytes(in), static_cast<int>(in.size())) == 1 &&
      EVP_CipherFinal_ex(context.get(), bytes(out) + size, &last) == 1;
  OPENSSL_cleanse(key.data(), key.size());
  if (!ok) return std::nullopt;
  out.resize(static_cast<std::size_t>(size + last));
  return out;
}

}  // namespace

std::string bpjs_hmac(std::string_view secret, std::string_view message) {
  std::array<unsigned char, SHA256_DIGEST_LENGTH> mac{};
  unsigned size = 0;
  const auto* done = HMAC(EVP_sha256(), secret.data(), static_cast<int>(secret.size()), bytes(message), message.size(),
                          mac.data(), &size);
  if (done == nullptr) std::abort();
  return to_base64({reinterpret_cast<const char*>(mac.data()), size});
}

std::string bpjs_signature(const Consumer& consumer, std::string_view timestamp) {
  return bpjs_hmac(consumer.secret, consumer.id + "&" + std::string(timestamp));
}

bool bpjs_signature_is(const Consumer& consumer, std::string_view timestamp, std::string_view signature) {
  const std::string right = bpjs_signature(consumer, timestamp);
  return right.size() == signature.size() && CRYPTO_memcmp(right.data(), signature.data(), right.size()) == 0;
}

std::optional<std::chrono::sys_seconds> read_bpjs_timestamp(std::string_view timestamp) {
  constexpr std::size_t most_digits = 12;
  if (timestamp.empty() || timestamp.size() > most_digits) return std::nullopt;
  std::uint64_t seconds = 0;
  const char* const end = timestamp.data() + timestamp.size();
  const auto read = std::from_chars(timestamp.data(), end, seconds);
  if (read.ec != std::errc{} || read.ptr != end) return std::nullopt;
  return std::chrono::sys_seconds(std::chrono::seconds(seconds));
}

std::optional<std::string> bpjs_encrypt(const Consumer& consumer, std::string_view timestamp, std::string_view json) {
  const auto packed = lz_compress(json);
  if (!packed || !fits(*packed)) return std::nullopt;
  const auto sealed = cipher(key_of(consumer, timestamp), *packed, true);
  if (!sealed) return std::nullopt;
  return to_base64(*sealed);
}

std::optional<std::string> bpjs_decrypt(const Consumer& consumer, std::string_view timestamp, std::string_view sealed,
                                        std::size_t most_bytes) {
  const auto encrypted = from_base64(sealed);
  if (!encrypted || encrypted->empty() || encrypted->size() % block_bytes != 0) return std::nullopt;
  const auto packed = cipher(key_of(consumer, timestamp), *encrypted, false);
  if (!packed) return std::nullopt;
  return lz_decompress(*packed, most_bytes);
}

}  // namespace titip::scheme
