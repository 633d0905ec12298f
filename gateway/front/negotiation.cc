#include "gateway/front/negotiation.h"

#include <algorithm>
#include <cstdlib>
#include <ranges>
#include <string>

namespace titip::front {
namespace {

std::string lower(std::string_view text) {
  std::string made;
  for (const char c : text) {
    if (c != ' ' && c != '\t') made += c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
  }
  return made;
}

// How narrowly a range names the type: 2 the type itself, 1 "text/*", 0 "*/*"; less: not at all.
int narrowness(std::string_view range, std::string_view type) {
  if (range == type) return 2;
  if (range == "*/*") return 0;
  return range.ends_with("/*") && type.starts_with(range.substr(0, range.size() - 1)) ? 1 : -1;
}

// The weight of a type by the narrowest range that names it.
double weight(const std::string& accept, std::string_view type) {
  int best = -1;
  double found = 0;
  for (const auto part : std::views::split(accept, ',')) {
    const std::string_view text(part.begin(), part.end());
    const auto range = text.substr(0, text.find(';'));
    const int narrow = narrowness(range, type);
    if (narrow <= best) continue;
    best = narrow;
    const auto q = text.find(";q=");
    found = q == std::string_view::npos ? 1 : std::strtod(std::string(text.substr(q + 3)).c_str(), nullptr);
  }
  return found;
}

}  // namespace

std::optional<std::size_t> choose(std::span<const Manner> manners, std::optional<std::string_view> format,
                                  std::string_view accept) {
  if (format) {
    const auto found = std::ranges::find(manners, *format, &Manner::format);
    return found == manners.end() ? std::nullopt : std::optional(static_cast<std::size_t>(found - manners.begin()));
  }
  const auto ranges = lower(accept);
  if (ranges.empty()) return 0;
  std::optional<std::size_t> best;
  double heaviest = 0;
  for (std::size_t at = 0; at < manners.size(); ++at) {
    const double each = weight(ranges, manners[at].media_type);
    if (each > heaviest) best = at;
    heaviest = std::max(heaviest, each);
  }
  return best;
}

}  // namespace titip::front
