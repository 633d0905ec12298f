// Where a national server is, as the config says it. Pure.
#pragma once

#include <expected>
#include <string>
#include <string_view>

namespace titip::client {

struct BaseUrl {
  std::string host;  // as it stands in the URL: an IPv6 address in its brackets (RFC 3986, 3.2.2)
  std::string port;
  std::string path;  // without trailing slash; may be empty
  bool tls = false;
};
// http:// or https://; the error is a sentence.
std::expected<BaseUrl, std::string> parse_base_url(std::string_view url);

// The name to look up, or to find in a certificate: without the brackets.
std::string bare_host(std::string_view host);

}  // namespace titip::client
