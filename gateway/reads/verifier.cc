#include "gateway/reads/verifier.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/rand.h>

#include <cstdlib>
#include <nlohmann/json.hpp>

namespace titip::reads {
namespace {

using nlohmann::json;

// RFC 7914's interactive cost of today: N = 2^15, r = 8, p = 1.
constexpr std::uint64_t cost = 1U << 15U;
constexpr std::uint64_t block_size = 8;
constexpr std::uint64_t parallel = 1;
constexpr std::uint64_t memory_limit = 64U << 20U;

std::array<std::uint8_t, 32> slow_hash(std::string_view password, const std::array<std::uint8_t, 16>& salt) {
  std::array<std::uint8_t, 32> hash{};
  if (EVP_PBE_scrypt(password.data(), password.size(), salt.data(), salt.size(), cost, block_size, parallel,
                     memory_limit, hash.data(), hash.size()) != 1)
    std::abort();  // only a lack of memory or a wrong parameter can do this; a hash of zeros must never verify
  return hash;
}

}  // namespace

Verifier make_verifier(std::string_view password, clock::WallTime accepted_at) {
  Verifier verifier;
  verifier.accepted_at = accepted_at;
  if (RAND_bytes(verifier.salt.data(), static_cast<int>(verifier.salt.size())) != 1) std::abort();
  verifier.hash = slow_hash(password, verifier.salt);
  return verifier;
}

bool verifies(const Verifier& verifier, std::string_view password) {
  const auto hash = slow_hash(password, verifier.salt);
  return CRYPTO_memcmp(hash.data(), verifier.hash.data(), hash.size()) == 0;
}

std::string encode(const Verifier& verifier) {
  const auto bytes =
      json::to_msgpack({{"version", 1},
                        {"accepted_at", verifier.accepted_at.time_since_epoch().count()},
                        {"salt", json::binary({verifier.salt.begin(), verifier.salt.end()})},
                        {"hash", json::binary({verifier.hash.begin(), verifier.hash.end()})},
                        {"status", verifier.reply_status},
                        {"content_type", verifier.reply_content_type},
                        {"body", json::binary({verifier.reply_body.begin(), verifier.reply_body.end()})}});
  return {bytes.begin(), bytes.end()};
}

std::optional<Verifier> decode_verifier(std::string_view bytes) {
  try {
    const auto document = json::from_msgpack(bytes);
    if (document.at("version") != 1) return std::nullopt;
    Verifier verifier;
    verifier.accepted_at = clock::WallTime(std::chrono::milliseconds(document.at("accepted_at").get<std::int64_t>()));
    const auto& salt = document.at("salt").get_binary();
    const auto& hash = document.at("hash").get_binary();
    const auto& body = document.at("body").get_binary();
    if (salt.size() != verifier.salt.size() || hash.size() != verifier.hash.size()) return std::nullopt;
    std::ranges::copy(salt, verifier.salt.begin());
    std::ranges::copy(hash, verifier.hash.begin());
    verifier.reply_status = document.at("status").get<int>();
    verifier.reply_content_type = document.at("content_type").get<std::string>();
    verifier.reply_body.assign(body.begin(), body.end());
    return verifier;
  } catch (const json::exception&) {
    return std::nullopt;  // damaged: as good as never seen
  }
}

}  // namespace titip::reads
