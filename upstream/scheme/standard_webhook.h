// How callbacks are signed: Standard Webhooks 1.0.0 (https://www.standardwebhooks.com), scheme v1. The signature covers
// the message's id, its time and its body: HMAC-SHA256 of "id.timestamp.body", in Base64. Pure; any thread. Secrets are
// the caller's to keep sealed.
#pragma once

#include <chrono>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace titip::scheme {

// The key in "whsec_" and Base64 of 24 to 64 bytes. Nothing if that is not what it is.
std::optional<std::string> webhook_key(std::string_view secret);

struct WebhookMessage {
  std::string_view id;  // the same at each attempt; no dots, so that it ends where it ends
  std::chrono::sys_seconds at{};
  std::string_view body;
};

// "v1,…"
std::string webhook_signature(std::string_view key, const WebhookMessage& message);

// webhook-id, webhook-timestamp and webhook-signature: under each of the keys, for while a secret is being changed
// whoever listens may know either.
std::vector<std::pair<std::string, std::string>> webhook_headers(std::span<const std::string> keys,
                                                                 const WebhookMessage& message);

// Whether one of the signatures (separated by blanks) is that of the key; in constant time each. Says nothing about the
// message's age.
bool webhook_is_signed(std::string_view key, const WebhookMessage& message, std::string_view signatures);

}  // namespace titip::scheme
