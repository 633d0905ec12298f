// Titip's side of the signed webhooks (node/webhooks.js says what a line is): verifies each that the npm package
// signed, and signs the same one itself, line by line from stdin to stdout.
#include <array>
#include <charconv>
#include <chrono>
#include <iostream>
#include <string>
#include <string_view>

#include "upstream/scheme/base64.h"
#include "upstream/scheme/standard_webhook.h"

namespace titip::scheme {
namespace {

std::string answer(std::string_view line) {
  std::array<std::string_view, 5> parts;
  for (auto& part : parts) {
    part = line.substr(0, line.find('\t'));
    line.remove_prefix(std::min(line.size(), part.size() + 1));
  }
  const auto& [id, timestamp, secret, body64, signature] = parts;
  const auto key = webhook_key(secret);
  const auto body = body64.empty() ? std::string() : from_base64(body64).value_or("no Base64");
  long seconds = 0;
  std::from_chars(timestamp.data(), timestamp.data() + timestamp.size(), seconds);
  const WebhookMessage message{id, std::chrono::sys_seconds(std::chrono::seconds(seconds)), body};
  const auto verdict = !key ? "no secret" : !webhook_is_signed(*key, message, signature) ? "another signature" : "ok";
  std::string made;
  for (const auto part : {id, timestamp, secret, body64}) made.append(part).append("\t");
  return made.append(key ? webhook_signature(*key, message) : std::string()).append("\t").append(verdict);
}

}  // namespace
}  // namespace titip::scheme

int main() {
  std::ios::sync_with_stdio(false);
  for (std::string line; std::getline(std::cin, line);) std::cout << titip::scheme::answer(line) << '\n';
  return std::cout.flush() ? 0 : 1;
}
