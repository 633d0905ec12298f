#include "upstream/scheme/callback_url.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>

namespace titip::scheme {
namespace {

constexpr std::string_view secure = "https://";
constexpr std::string_view plain = "http://";
constexpr std::array<std::string_view, 3> loopback{"localhost", "127.0.0.1", "::1"};
constexpr std::size_t host_bytes = 253;

char lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

bool is_name(std::string_view host) {
  return !host.empty() && std::ranges::all_of(host, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '.' || c == '-' || c == '_';
  });
}

bool is_address(std::string_view host) {
  return !host.empty() && std::ranges::all_of(host, [](char c) {
    return (c >= 'a' && c <= 'f') || (c >= '0' && c <= '9') || c == ':' || c == '.';
  });
}

bool is_port(std::string_view text) {
  std::uint16_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  return error == std::errc() && end == text.data() + text.size() && number != 0;
}

}  // namespace

std::string CallbackUrl::host_header() const {
  auto text = host.contains(':') ? "[" + host + "]" : host;
  if (port != (tls ? "443" : "80")) text += ":" + port;
  return text;
}

std::string CallbackUrl::origin() const {
  return std::string(tls ? secure : plain) + host_header();
}

std::expected<CallbackUrl, words::Text> parse_callback_url(std::string_view url) {
  if (url.size() > callback_url_bytes)
    return std::unexpected(words::text("the callback's URL is longer than 1000 bytes"));
  if (std::ranges::any_of(url, [](char c) { return c <= ' ' || c > '~'; }))
    return std::unexpected(words::text("the callback's URL must be of visible ASCII characters"));
  CallbackUrl found;
  found.tls = url.starts_with(secure);
  if (!found.tls && !url.starts_with(plain))
    return std::unexpected(words::text("the callback's URL must start with https://"));
  const auto rest = url.substr((found.tls ? secure : plain).size());
  const auto slash = rest.find_first_of("/?#");
  const auto authority = rest.substr(0, slash);
  found.target = slash == std::string_view::npos ? "/" : std::string(rest.substr(slash));
  if (found.target.front() != '/') found.target.insert(0, "/");
  if (found.target.contains('#')) return std::unexpected(words::text("the callback's URL must have no fragment"));
  if (authority.contains('@')) return std::unexpected(words::text("the callback's URL must name no user"));
  const bool is_six = authority.starts_with('[');
  const auto bracket = authority.find(']');
  if (is_six && bracket == std::string_view::npos)
    return std::unexpected(words::text("the callback's URL needs a ] behind its address"));
  const auto host = is_six ? authority.substr(1, bracket - 1) : authority.substr(0, authority.find(':'));
  const auto behind = authority.substr(is_six ? bracket + 1 : host.size());
  std::ranges::transform(host, std::back_inserter(found.host), lower);
  if (found.host.size() > host_bytes || !(is_six ? is_address(found.host) : is_name(found.host)))
    return std::unexpected(words::text("the callback's URL needs a host: https://host/path"));
  found.port = behind.empty() ? (found.tls ? "443" : "80") : std::string(behind.substr(1));
  if (!behind.empty() && (behind.front() != ':' || !is_port(found.port)))
    return std::unexpected(words::text("the port of the callback's URL must be a number from 1 to 65535"));
  if (!found.tls && std::ranges::find(loopback, found.host) == loopback.end())
    return std::unexpected(
        words::text("the callback's URL must start with https://; http:// is for this very machine alone"));
  return found;
}

}  // namespace titip::scheme
