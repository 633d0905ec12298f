#include "upstream/scheme/standard_webhook.h"

#include <openssl/crypto.h>

#include <ranges>

#include "upstream/scheme/base64.h"
#include "upstream/scheme/bpjs_signature.h"

namespace titip::scheme {
namespace {

constexpr std::string_view secret_prefix = "whsec_";
constexpr std::size_t least_key_bytes = 24;
constexpr std::size_t most_key_bytes = 64;

bool same(std::string_view one, std::string_view other) {
  return one.size() == other.size() && CRYPTO_memcmp(one.data(), other.data(), one.size()) == 0;
}

std::string timestamp_of(const WebhookMessage& message) {
  return std::to_string(message.at.time_since_epoch().count());
}

}  // namespace

std::optional<std::string> webhook_key(std::string_view secret) {
  if (!secret.starts_with(secret_prefix)) return std::nullopt;
  auto key = from_base64(secret.substr(secret_prefix.size()));
  if (!key || key->size() < least_key_bytes || key->size() > most_key_bytes) return std::nullopt;
  return key;
}

std::string webhook_signature(std::string_view key, const WebhookMessage& message) {
  std::string text(message.id);
  text.append(".").append(timestamp_of(message)).append(".").append(message.body);
  return "v1," + bpjs_hmac(key, text);  // the same HMAC and Base64 as P-Care's
}

std::vector<std::pair<std::string, std::string>> webhook_headers(std::span<const std::string> keys,
                                                                 const WebhookMessage& message) {
  std::string signatures;
  for (const auto& key : keys) {
    if (!signatures.empty()) signatures += ' ';
    signatures += webhook_signature(key, message);
  }
  return {{"webhook-id", std::string(message.id)},
          {"webhook-timestamp", timestamp_of(message)},
          {"webhook-signature", std::move(signatures)}};
}

bool webhook_is_signed(std::string_view key, const WebhookMessage& message, std::string_view signatures) {
  const auto expected = webhook_signature(key, message);
  bool found = false;
  for (const auto part : std::views::split(signatures, ' '))
    found = same(std::string_view(part.begin(), part.end()), expected) || found;
  return found;
}

}  // namespace titip::scheme
