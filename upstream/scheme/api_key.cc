#include "upstream/scheme/api_key.h"

#include <openssl/crypto.h>
#include <openssl/rand.h>
#include <openssl/sha.h>

#include <algorithm>
#include <array>
#include <span>

namespace titip::scheme {
namespace {

constexpr std::string_view digits = "0123456789abcdef";
constexpr std::size_t hash_digits = 2UL * SHA256_DIGEST_LENGTH;

std::string hexadecimal(std::span<const unsigned char> bytes) {
  std::string text;
  for (const auto byte : bytes) text.append({digits[byte >> 4U], digits[byte & 15U]});
  return text;
}

}  // namespace

std::optional<std::string> make_api_key() {
  std::array<unsigned char, 32> bytes{};
  if (RAND_bytes(bytes.data(), bytes.size()) != 1) return std::nullopt;
  return "titip_" + hexadecimal(bytes);
}

std::string api_key_hash(std::string_view key) {
  std::array<unsigned char, SHA256_DIGEST_LENGTH> hash{};
  SHA256(reinterpret_cast<const unsigned char*>(key.data()), key.size(), hash.data());
  return hexadecimal(hash);
}

bool is_api_key_hash(std::string_view text) {
  return text.size() == hash_digits && std::ranges::all_of(text, [](char c) { return digits.contains(c); });
}

bool api_key_is(std::string_view kept, std::string_view hash_of_given) {
  static const std::string nothing(hash_digits, '-');
  const bool has_one = kept.size() == hash_digits;
  const std::string_view against = has_one ? kept : nothing;
  if (hash_of_given.size() != hash_digits) return false;
  const bool same = CRYPTO_memcmp(against.data(), hash_of_given.data(), hash_digits) == 0;
  return same && has_one;
}

}  // namespace titip::scheme
