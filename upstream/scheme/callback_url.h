// Where a facility is told what became of its submissions: a URL it gave. https, but for loopback, so that nobody on
// the way reads or changes it. Whether its address may be called at all is known only when the name is resolved
// (upstream/client/public_address.h). Pure; any thread.
#pragma once

#include <cstddef>
#include <expected>
#include <string>
#include <string_view>

#include "metrics/words/said.h"

namespace titip::scheme {

inline constexpr std::size_t callback_url_bytes = 1'000;

struct CallbackUrl {
  bool tls = true;
  std::string host;  // lower case; of an IPv6 address without its brackets
  std::string port;
  std::string target;  // path and query

  // Whom breaker and window are kept for.
  std::string origin() const;
  std::string host_header() const;
};

// The error is a sentence that says what it must be.
std::expected<CallbackUrl, words::Text> parse_callback_url(std::string_view url);

}  // namespace titip::scheme
