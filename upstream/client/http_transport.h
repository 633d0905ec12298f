// The transport over real sockets: pooled keep-alive connections, every step under a time-out of its own name.
// Only the configured base URL is ever contacted; redirects are replies like any other. Under https the server must
// show a certificate in the name of the URL's host, signed by somebody who is trusted; else nothing is sent
// (tls_failed).
#pragma once

#include <boost/asio/io_context.hpp>

#include <chrono>
#include <cstddef>
#include <memory>
#include <optional>
#include <string>

#include "upstream/client/base_url.h"
#include "upstream/client/proxy_tunnel.h"
#include "upstream/client/transport.h"

namespace titip::client {

struct TransportOptions {
  BaseUrl base;
  std::chrono::milliseconds resolve_timeout{5'000};
  std::chrono::milliseconds connect_timeout{5'000};
  std::chrono::milliseconds write_timeout{10'000};
  std::chrono::milliseconds response_timeout{30'000};  // from the last request byte to the last reply byte
  std::chrono::milliseconds idle_connection{10'000};   // a pooled connection unused for longer is closed, not used
  std::chrono::milliseconds address_lifetime{30'000};  // of a resolved name
  std::size_t reply_bytes = 4U << 20U;
  std::size_t pool = 64;
  // Certificates (PEM) to trust beside the system's, where the base URL is https.
  std::string authorities{};
  // The way there; none: straight. Connecting to it and its answer each have connect_timeout.
  std::optional<Proxy> proxy{};
};
// Empty: they can be used.
std::string authorities_complaint(const std::string& pem);

std::unique_ptr<Transport> make_http_transport(boost::asio::io_context& context, TransportOptions options);

}  // namespace titip::client
