#include "gateway/http/accept_language.h"

#include <algorithm>
#include <optional>
#include <string>

#include "gateway/http/header_text.h"

namespace titip::http {
namespace {

constexpr std::string_view field = "accept-language";

// "0.7" is 700; nothing: not a quality value.
std::optional<int> thousandths(std::string_view text) {
  if (text.empty() || text.size() > 5 || (text[0] != '0' && text[0] != '1')) return std::nullopt;
  if (text.size() > 1 && text[1] != '.') return std::nullopt;
  int value = (text[0] - '0') * 1000;
  int place = 100;
  for (const char c : text.substr(std::min<std::size_t>(text.size(), 2))) {
    if (c < '0' || c > '9') return std::nullopt;
    value += (c - '0') * place;
    place /= 10;
  }
  return value <= 1000 ? std::optional(value) : std::nullopt;
}

// What one range gives; nothing: it is not understood.
std::optional<int> quality_of(std::string_view parameters) {
  if (parameters.empty()) return 1000;
  const auto weight = trim(parameters);
  if (weight.size() < 2 || lower(weight[0]) != 'q' || weight[1] != '=') return std::nullopt;
  return thousandths(weight.substr(2));
}

struct Asked {
  std::optional<int> quality;
  int place = 0;  // among the ranges
};

void take(Asked& asked, int quality, int place) {
  if (!asked.quality || quality > *asked.quality) asked = {quality, place};
}

}  // namespace

words::Wanted wanted_language(std::string_view accept_language) {
  Asked english;
  Asked indonesian;
  std::optional<int> anything;
  for (int place = 0; !accept_language.empty(); ++place) {
    const auto item = accept_language.substr(0, accept_language.find(','));
    accept_language.remove_prefix(std::min(accept_language.size(), item.size() + 1));
    const auto semicolon = item.find(';');
    const auto range = trim(item.substr(0, semicolon));
    const auto quality = quality_of(semicolon == std::string_view::npos ? "" : item.substr(semicolon + 1));
    if (!quality) continue;
    const auto primary = range.substr(0, range.find('-'));
    // Indonesian was "in" until 1989, and is to this day what some Java programs say.
    if (equals_ignoring_case(primary, "id") || equals_ignoring_case(primary, "in")) take(indonesian, *quality, place);
    if (equals_ignoring_case(primary, "en")) take(english, *quality, place);
    if (range == "*") anything = std::max(anything.value_or(0), *quality);
  }
  if (!english.quality && !indonesian.quality) return std::nullopt;
  const int for_english = english.quality.value_or(anything.value_or(0));
  const int for_indonesian = indonesian.quality.value_or(anything.value_or(0));
  if (for_english == 0 && for_indonesian == 0) return std::nullopt;
  if (for_english != for_indonesian) return for_english > for_indonesian ? words::Language::en : words::Language::id;
  if (!english.quality || !indonesian.quality) return english.quality ? words::Language::en : words::Language::id;
  return english.place < indonesian.place ? words::Language::en : words::Language::id;
}

words::Wanted wanted_language(const Request& request) {
  return wanted_language(request.joined(field));
}

words::Wanted wanted_language_of_head(std::string_view head) {
  while (!head.empty()) {
    const auto line = head.substr(0, head.find('\n'));
    head.remove_prefix(std::min(head.size(), line.size() + 1));
    if (line.empty() || line == "\r") return std::nullopt;
    const auto colon = line.find(':');
    if (colon == std::string_view::npos || !equals_ignoring_case(line.substr(0, colon), field)) continue;
    auto value = line.substr(colon + 1);
    if (value.ends_with('\r')) value.remove_suffix(1);
    return wanted_language(value);
  }
  return std::nullopt;
}

void say_language(Response& response, words::Wanted wanted) {
  if (wanted) response.headers.push_back({"Content-Language", std::string(words::name(*wanted))});
  response.headers.push_back({"Vary", "Accept-Language"});
}

}  // namespace titip::http
