// Finds the route of a request. Strict on purpose: whatever could mean another path to another parser matches nothing.
#include <algorithm>

#include "upstream/profile/profile.h"
#include "upstream/profile/source.h"

namespace titip::profile {
namespace {

constexpr std::size_t max_path_bytes = 2048;

bool continues(std::string_view text, std::size_t at) {
  return at < text.size() && (static_cast<unsigned char>(text[at]) & 0xC0U) == 0x80U;
}

// Well-formed UTF-8 by length and continuation bytes; parameters may end up inside JSON.
bool is_utf8(std::string_view text) {
  for (std::size_t i = 0; i < text.size();) {
    const auto byte = static_cast<unsigned char>(text[i]);
    std::size_t length = 1;
    if (byte >= 0x80U) {
      length = byte >= 0xF0U ? 4 : byte >= 0xE0U ? 3 : 2;
      if (byte < 0xC2U || byte > 0xF4U) {
        return false;
      }
    }
    for (std::size_t k = 1; k < length; ++k) {
      if (!continues(text, i + k)) {
        return false;
      }
    }
    const auto second = length > 1 ? static_cast<unsigned char>(text[i + 1]) : 0U;
    const bool overlong = (byte == 0xE0U && second < 0xA0U) || (byte == 0xF0U && second < 0x90U);
    const bool outside = (byte == 0xEDU && second > 0x9FU) || (byte == 0xF4U && second > 0x8FU);
    if (overlong || outside) {
      return false;
    }
    i += length;
  }
  return true;
}

bool is_plain_segment(std::string_view segment) {
  return !segment.empty() && segment != "." && segment != ".." && is_utf8(segment) &&
         std::ranges::none_of(segment, [](char c) {
           return c == '/' || c == '\\' || c == '\x7f' || static_cast<unsigned char>(c) < 0x20U;
         });
}

// The decoded segments; empty if the path is not one that a route can have.
std::vector<std::string> decode_path(std::string_view path) {
  if (path.size() > max_path_bytes || !path.starts_with('/') || path.find_first_of("?#") != std::string_view::npos) {
    return {};
  }
  if (path.ends_with('/')) {
    path.remove_suffix(1);
  }
  std::vector<std::string> segments;
  for (const std::string_view raw : segments_of(path)) {
    auto segment = percent_decode(raw);
    if (!segment || !is_plain_segment(*segment)) {
      return {};
    }
    segments.push_back(*std::move(segment));
  }
  return segments;
}

bool fits(const std::vector<std::string_view>& wanted, const std::vector<std::string>& segments, bool ignores_case) {
  return std::ranges::equal(wanted, segments, [&](std::string_view pattern, const std::string& segment) {
    return parameter_name(pattern).has_value() || same_literal(pattern, segment, ignores_case);
  });
}

}  // namespace

RouteMatch match(const Profile& profile, std::string_view method, std::string_view path) {
  RouteMatch result;
  const std::vector<std::string> segments = decode_path(path);
  if (segments.empty()) {
    return result;
  }
  for (const Route& route : profile.routes) {
    const auto wanted = segments_of(route.path);
    if (!fits(wanted, segments, profile.ignores_path_case)) {
      continue;
    }
    result.allowed_methods.push_back(route.method);
    if (route.method != method || result.route != nullptr) {
      continue;
    }
    result.route = &route;
    for (std::size_t i = 0; i < wanted.size(); ++i) {
      if (const auto parameter = parameter_name(wanted[i])) {
        result.parameters.emplace(*parameter, segments[i]);
      }
    }
  }
  std::ranges::sort(result.allowed_methods);
  const auto repeated = std::ranges::unique(result.allowed_methods);
  result.allowed_methods.erase(repeated.begin(), repeated.end());
  return result;
}

const Route* find_route(const Profile& profile, std::string_view route_id) {
  const auto found = std::ranges::find(profile.routes, route_id, &Route::id);
  return found == profile.routes.end() ? nullptr : &*found;
}

}  // namespace titip::profile
