// The transport over real sockets: pooled keep-alive connections, every step under a time-out of its own name.
// Only the configured base URL is ever contacted; redirects are replies like any other. Under https the server must
// show a certificate in the name of the URL's host, signed by somebody who is trusted; else nothing is sent
// (tls_failed).
#pragma once

#include <boost/asio/io_context.hpp>

#include <chrono>
#include <cstddef>
#include <expected>
#include <memory>
#include <string>
#include <string_view>

#include "upstream/client/transport.h"

namespace titip::client {

struct BaseUrl {
  std::string host;
  std::string port;
  std::string path;  // without trailing slash; may be empty
  bool tls = false;
};
// http:// or https://; the error is a sentence.
std::expected<BaseUrl, std::string> parse_base_url(std::string_view url);

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
};
// Empty: they can be used.
std::string authorities_complaint(const std::string& pem);

std::unique_ptr<Transport> make_http_transport(boost::asio::io_context& context, TransportOptions options);

}  // namespace titip::client
