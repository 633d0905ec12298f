#include "upstream/client/base_url.h"

#include <algorithm>
#include <cctype>
#include <charconv>
#include <cstdint>
#include <utility>

#include "metrics/words/said.h"

namespace titip::client {
namespace {

// It goes into requests as it is.
bool is_host(std::string_view text) {
  const bool in_brackets = text.starts_with('[') && text.ends_with(']') && text.size() > 2;
  if (in_brackets) text = text.substr(1, text.size() - 2);
  return !text.empty() && std::ranges::all_of(text, [&](unsigned char each) {
    if (in_brackets) return std::isxdigit(each) != 0 || each == ':' || each == '.';
    return std::isalnum(each) != 0 || each == '.' || each == '-' || each == '_';
  });
}

}  // namespace

std::expected<BaseUrl, std::string> parse_base_url(std::string_view url) {
  constexpr std::string_view secure = "https://";
  constexpr std::string_view plain = "http://";
  const bool tls = url.starts_with(secure);
  if (!tls && !url.starts_with(plain))
    return std::unexpected(words::tell("the base URL must start with https:// or http://"));
  auto rest = url.substr(tls ? secure.size() : plain.size());
  const auto slash = rest.find('/');
  const auto authority = rest.substr(0, slash);
  std::string path(slash == std::string_view::npos ? std::string_view() : rest.substr(slash));
  while (path.ends_with('/')) path.pop_back();
  const auto colon = authority.rfind(':');
  const bool has_port = colon != std::string_view::npos && !authority.ends_with(']');
  const auto host = authority.substr(0, has_port ? colon : std::string_view::npos);
  const auto port = has_port ? authority.substr(colon + 1) : std::string_view(tls ? "443" : "80");
  if (!is_host(host) || authority.contains('@'))
    return std::unexpected(words::tell("the base URL needs a host, and no user in front of it"));
  std::uint16_t number = 0;
  const auto [end, error] = std::from_chars(port.data(), port.data() + port.size(), number);
  if (error != std::errc() || end != port.data() + port.size() || number == 0)
    return std::unexpected(words::tell("the port of the base URL must be a number from 1 to 65535"));
  if (path.contains('?') || path.contains('#'))
    return std::unexpected(words::tell("the base URL must have no query and no fragment"));
  return BaseUrl{std::string(host), std::string(port), std::move(path), tls};
}

std::string bare_host(std::string_view host) {
  const bool in_brackets = host.starts_with('[') && host.ends_with(']');
  return std::string(in_brackets ? host.substr(1, host.size() - 2) : host);
}

}  // namespace titip::client
