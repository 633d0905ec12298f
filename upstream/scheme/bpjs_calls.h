// The calls of services with the scheme bpjs_signature, from both sides: the headers of a call that the gateway signs,
// what of a clinic's own headers is kept with its submission, and the `response` inside an envelope, opened when a
// reply comes in and sealed when an answer goes out. Pure; any thread. What is in here are passwords and people's data:
// the caller keeps it sealed and logs none of it.
#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "upstream/profile/profile.h"
#include "upstream/scheme/bpjs_signature.h"

namespace titip::scheme {

namespace bpjs_header {
inline constexpr std::string_view consumer = "X-cons-id";
inline constexpr std::string_view timestamp = "X-timestamp";
inline constexpr std::string_view signature = "X-signature";
inline constexpr std::string_view authorization = "X-authorization";
inline constexpr std::string_view user_key = "user_key";
}  // namespace bpjs_header

// What of a clinic's headers every attempt carries: byte for byte as received; empty: it was not sent.
struct Credentials {
  std::string user_key{};
  std::string authorization{};
  bool operator==(const Credentials&) const = default;
};

// Version byte 1, length of user_key (4 bytes, big endian), user_key, X-authorization. Without either: no bytes.
std::string encode(const Credentials& credentials);
// Nothing if these are not the bytes of encode().
std::optional<Credentials> decode_credentials(std::string_view bytes);

// "Basic " and Base64 of user:password:code. Nothing if it is not that, or the user's name is empty.
std::optional<std::string> authorization_user(std::string_view authorization);

// One call, signed. Whoever sends it adds the headers, and opens the body of its reply (and of no other) with `open`.
struct SignedCall {
  std::vector<std::pair<std::string, std::string>> headers;
  std::function<std::string(std::string_view body)> open;
};
SignedCall sign_call(const profile::Envelope& shape, const Consumer& consumer, const Credentials& credentials,
                     std::chrono::sys_seconds at);

// As much as the longest reply that the transport takes unless told otherwise; what unpacks to more is left as it is. A
// megabyte costs 5 to 15 ms, and it is opened on a destination's loop.
inline constexpr std::size_t most_opened_bytes = 4U << 20U;

// The body with its sealed `response` replaced by the JSON that was sealed; all other bytes as the service wrote them.
// A `response` that is no sealed JSON, and a body that is no JSON (an error page, nothing), stay as they are.
std::string open_reply(const profile::Envelope& shape, const Consumer& consumer, std::string_view timestamp,
                       std::string_view body, std::size_t most_bytes = most_opened_bytes);

// The other way round: how the service would have answered the request that carried `timestamp`. What it never seals
// stays plain: no `response`, null, "", and the array of faults in an answer whose code is no 2xx. A body that is no
// envelope stays as it is.
std::string seal_reply(const profile::Envelope& shape, const Consumer& consumer, std::string_view timestamp,
                       std::string_view body);

}  // namespace titip::scheme
