#include "upstream/profile/chains.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "upstream/profile/json_text.h"
#include "upstream/profile/source.h"

namespace titip::profile {
namespace {

using nlohmann::json;

constexpr std::size_t longest_number = 64;

// A number has no spaces and nothing that a path or a log could choke on; a sentence has.
bool is_number(std::string_view text) {
  return !text.empty() && text.size() <= longest_number && std::ranges::all_of(text, [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-' || c == '/' ||
           c == '.' || c == '_';
  });
}

std::optional<std::string> number_of(const json* value) {
  if (value == nullptr || !(value->is_string() || value->is_number_integer())) return std::nullopt;
  auto text = text_of(*value);
  return is_number(text) ? std::optional(std::move(text)) : std::nullopt;
}

// {"field": "noUrut", "message": "A1"}
std::optional<std::string> number_of_field(const json& object, std::string_view reference) {
  const json* field = resolve(object, "/field");
  if (field == nullptr || !field->is_string() || !same_literal(field->get_ref<const std::string&>(), reference, true)) {
    return std::nullopt;
  }
  return number_of(resolve(object, "/message"));
}

std::optional<std::string> number_in(const json* value, std::string_view reference) {
  if (value == nullptr || !value->is_structured()) return number_of(value);
  if (value->is_object()) return number_of_field(*value, reference);
  for (const json& item : *value) {
    if (auto number = item.is_object() ? number_of_field(item, reference) : std::nullopt) return number;
  }
  return std::nullopt;
}

std::optional<RequiredRecord> required(DateFormat format, const RequestView& request, const Requirement& requirement) {
  auto identity = values_of(format, request, requirement.identity);
  if (!identity) return std::nullopt;
  return RequiredRecord{requirement.route, std::move(*identity)};
}

}  // namespace

std::optional<std::vector<std::string>> values_of(DateFormat format, const RequestView& request,
                                                  const std::vector<std::string>& sources) {
  std::vector<std::string> values;
  values.reserve(sources.size());
  for (const std::string& source : sources) {
    auto value = value_of(request, source);
    if (!value) return std::nullopt;
    values.push_back(normal_date(format, *std::move(value)));
  }
  return values;
}

std::optional<Chain> read_chain(DateFormat format, const Route& route, const RequestView& request) {
  Chain chain;
  auto provides = values_of(format, request, route.provides);
  if (!provides) return std::nullopt;
  chain.provides = std::move(*provides);
  for (const Requirement& requirement : route.requirements) {
    auto record = required(format, request, requirement);
    if (!record) return std::nullopt;
    chain.requirements.push_back(std::move(*record));
  }
  for (const Quote& quote : route.quotes) {
    auto number = value_of(request, quote.at);
    if (!number) continue;
    auto scope = values_of(format, request, quote.scope);
    if (!scope) return std::nullopt;
    chain.quotes.push_back({quote.reference, quote.at, std::move(*scope), std::move(*number)});
  }
  for (const Yield& yield : route.yields) {
    auto scope = values_of(format, request, yield.scope);
    if (!scope) return std::nullopt;
    chain.yields.push_back({yield.reference, std::move(*scope)});
  }
  if (route.takes_back && route.takes_back->requirement) {
    chain.takes_back = required(format, request, *route.takes_back->requirement);
    if (!chain.takes_back) return std::nullopt;
  }
  return chain;
}

std::vector<std::string_view> chain_sources(const Route& route) {
  std::vector<std::string_view> sources(route.provides.begin(), route.provides.end());
  const auto add = [&](const std::vector<std::string>& list) {
    sources.insert(sources.end(), list.begin(), list.end());
  };
  for (const Requirement& requirement : route.requirements) add(requirement.identity);
  for (const Quote& quote : route.quotes) {
    sources.push_back(quote.at);
    add(quote.scope);
  }
  for (const Yield& yield : route.yields) add(yield.scope);
  if (route.takes_back && route.takes_back->requirement) add(route.takes_back->requirement->identity);
  return sources;
}

std::optional<std::string> number_in_reply(const Yield& yield, const json& reply) {
  for (const std::string& pointer : yield.in_reply) {
    if (auto number = number_in(resolve(reply, pointer), yield.reference)) return number;
  }
  return std::nullopt;
}

std::optional<std::string> number_in_entry(const Yield& yield, const json& entry) {
  return yield.in_entry.empty() ? std::nullopt : number_of(resolve(entry, yield.in_entry));
}

}  // namespace titip::profile
