// Finds the route of a request. Strict on purpose: whatever could mean another path to another parser matches nothing.
#include <algorithm>
#include <map>
#include <string>
#include <vector>

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

// The first segment of "/a/b", taken off it. By this and not by segments_of(), which allocates: every request is
// compared with every route.
std::string_view take_segment(std::string_view& path) {
  path.remove_prefix(1);  // the slash
  const auto segment = path.substr(0, path.find('/'));
  path.remove_prefix(segment.size());
  return segment;
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
  segments.reserve(static_cast<std::size_t>(std::ranges::count(path, '/')));
  while (!path.empty()) {
    auto segment = percent_decode(take_segment(path));
    if (!segment || !is_plain_segment(*segment)) {
      return {};
    }
    segments.push_back(*std::move(segment));
  }
  return segments;
}

bool fits(std::string_view route_path, const std::vector<std::string>& segments, bool ignores_case) {
  for (const std::string& segment : segments) {
    if (route_path.empty()) {
      return false;
    }
    const auto wanted = take_segment(route_path);
    if (!parameter_name(wanted) && !same_literal(wanted, segment, ignores_case)) {
      return false;
    }
  }
  return route_path.empty();
}

std::map<std::string, std::string, std::less<>> parameters_of(std::string_view route_path,
                                                              const std::vector<std::string>& segments) {
  std::map<std::string, std::string, std::less<>> parameters;
  for (const std::string& segment : segments) {
    if (const auto parameter = parameter_name(take_segment(route_path))) {
      parameters.emplace(*parameter, segment);
    }
  }
  return parameters;
}

}  // namespace

RouteMatch match(const Profile& profile, std::string_view method, std::string_view path) {
  RouteMatch result;
  const std::vector<std::string> segments = decode_path(path);
  if (segments.empty()) {
    return result;
  }
  for (const Route& route : profile.routes) {
    if (!fits(route.path, segments, profile.ignores_path_case)) {
      continue;
    }
    result.allowed_methods.push_back(route.method);
    if (route.method != method || result.route != nullptr) {
      continue;
    }
    result.route = &route;
    result.parameters = parameters_of(route.path, segments);
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
