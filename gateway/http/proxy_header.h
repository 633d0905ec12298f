// The header of the PROXY protocol, versions 1 and 2 (haproxy.org, proxy-protocol.txt): whose connection a proxy passes
// on, said before anything else. Pure.
// Invariant: whoever reads no more than what is said to be missing takes not a byte of what stands behind the header,
// which may be TLS.
#pragma once

#include <cstddef>
#include <expected>
#include <string>
#include <string_view>

namespace titip::http {

struct ProxyHeader {
  std::size_t missing = 0;  // bytes that it still has, at least; 0: it is whole, and the rest counts
  std::string source;       // the client's address; empty: the proxy's own connection, or it does not say
};

// `begun` is what has come of it. The error is a label for the metrics: no bytes that may follow make it a header of
// `most` bytes at most (a line of version 1 has 107 in any case).
std::expected<ProxyHeader, std::string_view> read_proxy_header(std::string_view begun, std::size_t most);

}  // namespace titip::http
