// The way through an HTTP proxy: CONNECT (RFC 9110, 9.3.6), after which the connection is the destination's own. The
// proxy looks up the destination's name and is told nothing else; what is sent to the destination is sent behind the
// tunnel's beginning alone, so whatever goes wrong here, no byte of a request was written.
#pragma once

#include <boost/asio/ip/tcp.hpp>

#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "upstream/rules/exchange.h"

namespace titip::client {

struct Proxy {
  std::string host;
  std::string port;
  std::string authorization{};  // what Proxy-Authorization says; empty: nothing is said
};

// `host` as it stands in a URL, an IPv6 address in its brackets.
std::string connect_request(std::string_view host, std::string_view port, const Proxy& proxy);

// A header that is longer is no proxy's answer.
inline constexpr std::size_t proxy_reply_bytes = 8U << 10U;

struct ProxyVerdict {
  bool whole = false;                       // the header's end was seen, or that none will come
  std::optional<rules::Failure> failure{};  // once it is whole; none: the tunnel stands
};
// All that was received so far. Nobody behind the tunnel speaks before he is spoken to, neither in TLS nor in HTTP:
// what comes with the answer, or behind it before a request was written, is not the destination's, and it is not taken
// for it (the second is the transport's to look at).
ProxyVerdict judge_proxy_reply(std::string_view received);

// Over a socket that is connected to the proxy and outlives the answer. Without a time limit: whoever closes the socket
// ends it.
void open_tunnel(boost::asio::ip::tcp::socket& socket, std::string request,
                 std::move_only_function<void(std::optional<rules::Failure>)> done);

}  // namespace titip::client
