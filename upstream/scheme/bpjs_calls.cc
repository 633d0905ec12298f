#include "upstream/scheme/bpjs_calls.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "upstream/profile/envelope.h"
#include "upstream/profile/json_text.h"
#include "upstream/profile/splice.h"
#include "upstream/scheme/base64.h"

namespace titip::scheme {
namespace {

using nlohmann::json;

constexpr char credentials_version = '\x01';
constexpr std::size_t length_bytes = 4;
constexpr std::string_view basic = "basic ";

bool is_basic(std::string_view text) {
  return text.size() > basic.size() && std::ranges::equal(text.substr(0, basic.size()), basic, [](char a, char b) {
           return (a >= 'A' && a <= 'Z' ? static_cast<char>(a | 0x20) : a) == b;
         });
}

}  // namespace

std::string encode(const Credentials& credentials) {
  if (credentials == Credentials{}) return {};
  std::string bytes(1, credentials_version);
  for (std::size_t at = length_bytes; at-- > 0;)
    bytes += static_cast<char>(credentials.user_key.size() >> (8 * at) & 0xffU);
  return bytes + credentials.user_key + credentials.authorization;
}

std::optional<Credentials> decode_credentials(std::string_view bytes) {
  if (bytes.empty()) return Credentials{};
  if (bytes.size() < 1 + length_bytes || bytes.front() != credentials_version) return std::nullopt;
  std::size_t length = 0;
  for (const char byte : bytes.substr(1, length_bytes)) length = length << 8U | static_cast<unsigned char>(byte);
  bytes.remove_prefix(1 + length_bytes);
  if (length > bytes.size()) return std::nullopt;
  return Credentials{std::string(bytes.substr(0, length)), std::string(bytes.substr(length))};
}

std::optional<std::string> authorization_user(std::string_view authorization) {
  if (!is_basic(authorization)) return std::nullopt;
  auto decoded = from_base64(authorization.substr(basic.size()));
  const auto colon = decoded ? decoded->find(':') : std::string::npos;
  if (colon == std::string::npos || colon == 0) return std::nullopt;
  decoded->resize(colon);
  return decoded;
}

SignedCall sign_call(const profile::Envelope& shape, const Consumer& consumer, const Credentials& credentials,
                     std::chrono::sys_seconds at) {
  auto timestamp = std::to_string(at.time_since_epoch().count());
  SignedCall call;
  const auto add = [&call](std::string_view name, std::string value) {
    if (!value.empty()) call.headers.emplace_back(name, std::move(value));
  };
  add(bpjs_header::consumer, consumer.id);
  add(bpjs_header::timestamp, timestamp);
  add(bpjs_header::signature, bpjs_signature(consumer, timestamp));
  add(bpjs_header::authorization, credentials.authorization);
  add(bpjs_header::user_key, credentials.user_key);
  call.open = [shape, consumer, timestamp = std::move(timestamp)](std::string_view body) {
    return open_reply(shape, consumer, timestamp, body);
  };
  return call;
}

std::string open_reply(const profile::Envelope& shape, const Consumer& consumer, std::string_view timestamp,
                       std::string_view body, std::size_t most_bytes) {
  const auto document = profile::parse_json(body);
  const json* response = document ? profile::resolve(*document, shape.response_pointer) : nullptr;
  if (response == nullptr || !response->is_string()) return std::string(body);
  const auto plain = bpjs_decrypt(consumer, timestamp, response->get_ref<const std::string&>(), most_bytes);
  if (!plain || !profile::parse_json(*plain)) return std::string(body);
  return profile::splice_json(body, shape.response_pointer, *plain).value_or(std::string(body));
}

std::string seal_reply(const profile::Envelope& shape, const Consumer& consumer, std::string_view timestamp,
                       std::string_view body) {
  const auto document = profile::parse_json(body);
  const auto envelope = document ? profile::envelope_in(shape, *document) : std::nullopt;
  const json* response = envelope ? profile::resolve(*document, shape.response_pointer) : nullptr;
  if (response == nullptr || response->is_null() || *response == "") return std::string(body);
  if (response->is_array() && envelope->code / 100 != 2) return std::string(body);
  const auto plain = profile::json_at(body, shape.response_pointer);
  const auto sealed = plain ? bpjs_encrypt(consumer, timestamp, *plain) : std::nullopt;
  if (!sealed) return std::string(body);
  return profile::splice_string(body, shape.response_pointer, *sealed).value_or(std::string(body));
}

}  // namespace titip::scheme
