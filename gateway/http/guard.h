// The guard: looks at the raw bytes of a request's header before any parser does, and lets through only what every
// server and proxy on the way reads alike (RFC 9112; request smuggling lives where two readers differ). Beast alone
// accepts, and the guard refuses: Transfer-Encoding next to Content-Length, repeated or list-valued Content-Length,
// folded headers, no or several Hosts, a Host that is none, absolute-form and non-ASCII targets, dot segments, unknown
// methods, announced trailers, and a field said twice that must be said once. Pure.
#pragma once

#include <cstddef>
#include <cstdint>
#include <expected>
#include <optional>
#include <string_view>

#include "metrics/words/said.h"

namespace titip::http {

struct GuardLimits {
  std::size_t header_bytes = 8U << 10U;
  std::size_t fields = 64;
  std::size_t target_bytes = 2U << 10U;
};

struct GuardFault {
  int status;               // 400, 405, 411, 414, 417, 431, 501, 505
  std::string_view reason;  // metrics label and machine word: "two_hosts"
  words::Text sentence;
};

struct GuardedHead {
  std::uint64_t content_length = 0;
  bool keep_alive = true;
  bool expects_continue = false;
};

// `head` is everything up to and including the empty line.
std::expected<GuardedHead, GuardFault> guard(std::string_view head, const GuardLimits& limits);

// `begun` is what has come of a header that has no empty line yet. A fault: no bytes that may follow make it a request.
std::optional<GuardFault> guard_beginning(std::string_view begun, const GuardLimits& limits);

}  // namespace titip::http
