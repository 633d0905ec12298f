// What came of one request to a national server, as the rules see it: a reply, or a named failure.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

namespace titip::rules {

// Steady time: for breakers, windows and time-outs. Rules never read a clock; time is an argument.
using SteadyTime = std::chrono::steady_clock::time_point;

enum class Failure : std::uint8_t {
  // No request byte was written: certainly not applied.
  resolve_failed,
  resolve_timeout,
  connect_refused,
  connect_failed,
  connect_timeout,
  tls_failed,
  // Of an outbound proxy, before the destination was told anything.
  proxy_unreachable,   // it was not found, or took no connection
  proxy_credentials,   // 407
  proxy_refused,       // another refusal
  proxy_cannot_reach,  // 502, 503, 504: the trouble lies behind it
  proxy_timeout,       // no whole answer in time
  proxy_malformed,     // hung up, or spoke no HTTP, or too much of it
  address_refused,     // of a callback: where it leads is not to be called (upstream/client/public_address.h)
  not_admitted,        // our own side did not send it (shutting down, breaker not closed)
  // Something was written, or may have been: unknown.
  write_failed,
  write_timeout,
  response_timeout,
  connection_reset,  // closed or reset before a complete reply
  reply_too_large,
  reply_malformed,
};
std::string_view name(Failure failure);
constexpr bool certainly_not_sent(Failure failure) {
  return failure <= Failure::not_admitted;
}

struct Reply {
  int http_status = 0;
  std::string content_type{};
  std::string body{};
  std::chrono::seconds retry_after{0};             // 0: none given
  std::optional<std::chrono::sys_seconds> date{};  // what the server's clock says; none: it does not say
};

// What a Retry-After header asks for, in seconds; 0: none, or one that cannot be read. The form with a date would need
// the server's clock to agree with ours.
std::chrono::seconds retry_after(std::string_view header);

// The time in a Date header (RFC 9110, the fixed form alone); none: there is none, or it cannot be read.
std::optional<std::chrono::sys_seconds> date_of(std::string_view header);

using Exchange = std::variant<Reply, Failure>;

}  // namespace titip::rules
