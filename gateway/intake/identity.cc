#include "gateway/intake/identity.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>

#include "upstream/profile/json_text.h"
#include "upstream/profile/values.h"

namespace titip::intake {
namespace {

using nlohmann::json;

constexpr std::size_t max_depth = 32;

// Counts nesting without building anything, so that a body of a hundred thousand brackets costs no stack.
bool is_too_deep(std::string_view body) {
  std::size_t depth = 0;
  bool in_string = false;
  for (std::size_t at = 0; at < body.size(); ++at) {
    const char c = body[at];
    if (in_string) {
      if (c == '\\') ++at;
      if (c == '"') in_string = false;
    } else if (c == '"') {
      in_string = true;
    } else if (c == '{' || c == '[') {
      if (++depth > max_depth) return true;
    } else if ((c == '}' || c == ']') && depth > 0) {
      --depth;
    }
  }
  return false;
}

void collect_differences(const json& before, const json& now, const json::json_pointer& at, std::size_t limit,
                         std::vector<std::string>& places) {
  if (places.size() >= limit || before == now) return;
  if (!before.is_object() || !now.is_object()) {
    places.push_back(at.to_string());
    return;
  }
  for (const auto& [key, value] : before.items()) {
    const auto place = at / key;
    if (now.contains(key)) {
      collect_differences(value, now[key], place, limit, places);
    } else if (places.size() < limit) {
      places.push_back(place.to_string());
    }
  }
  for (const auto& [key, value] : now.items())
    if (!before.contains(key) && places.size() < limit) places.push_back((at / key).to_string());
}

class Reading {
 public:
  Reading(const profile::RequestView& request, profile::DateFormat format) : request_(request), format_(format) {}

  // A date among them comes out year first.
  std::string wanted(std::string_view source, words::Text what) {
    auto value = profile::value_of(request_, source);
    if (!value) fault(source, words::said("{} is missing or empty.", words::Said(what)));
    return profile::normal_date(format_, std::move(value).value_or(std::string()));
  }

  std::string wanted_date(std::string_view source) {
    auto date = wanted(source, words::text("The date"));
    const auto written = profile::value_of(request_, source);
    if (written && !profile::is_date(format_, *written))
      fault(source,
            words::said("The date must be written {}.",
                        std::string_view(format_ == profile::DateFormat::year_first ? "YYYY-MM-DD" : "DD-MM-YYYY")));
    return date;
  }

  void fault(std::string_view place, words::Said sentence) {
    const auto same = [&](const FieldFault& known) { return known.pointer == place; };
    if (std::ranges::none_of(faults, same)) faults.push_back({std::string(place), std::move(sentence)});
  }

  std::vector<FieldFault> faults;

 private:
  profile::RequestView request_;
  profile::DateFormat format_;
};

std::vector<FieldFault> no_object() {
  return {FieldFault{"", words::text("The body must be a JSON object.")}};
}

std::expected<Identity, std::vector<FieldFault>> read(const profile::Route& route, const profile::RequestView& request,
                                                      profile::DateFormat format) {
  Reading reading(request, format);
  for (const auto& pointer : route.required) reading.wanted(pointer, words::text("This field"));
  Identity identity;
  if (!route.business_date.empty()) identity.business_date = reading.wanted_date(route.business_date);
  // The profile's loader sees to it that whatever is read below is there once nothing required is missing.
  if (!reading.faults.empty()) return std::unexpected(std::move(reading.faults));
  for (const auto& source : route.ordering_key)
    identity.ordering.push_back(reading.wanted(source, words::text("This field names the person and")));
  if (!route.natural_key.empty()) {
    identity.natural.emplace().reserve(route.natural_key.size() + 1);
    for (const auto& source : route.natural_key)
      identity.natural->push_back(
          reading.wanted(source, words::text("This field is part of the record's identity and")));
    identity.natural->push_back(identity.business_date);
  }
  auto chain = profile::read_chain(format, route, request);
  if (!chain) reading.fault("", words::text("A field that ties this record to another is missing or empty."));
  if (!reading.faults.empty()) return std::unexpected(std::move(reading.faults));
  identity.chain = std::move(*chain);
  return identity;
}

}  // namespace

std::expected<Identity, std::vector<FieldFault>> read_identity(const IdentityInput& input) {
  if (!input.body.is_object()) return std::unexpected(no_object());
  return read(input.route, {&input.body, &input.parameters, input.facility}, input.date_format);
}

std::vector<std::string> identity_pointers(const profile::Route& route) {
  std::vector<std::string_view> sources{route.business_date};
  for (const auto* list : {&route.required, &route.ordering_key, &route.natural_key})
    sources.insert(sources.end(), list->begin(), list->end());
  const auto chain = profile::chain_sources(route);
  sources.insert(sources.end(), chain.begin(), chain.end());
  return profile::body_pointers(sources);
}

std::expected<Identity, BodyFaults> read_identity(const IdentityText& input) {
  const auto of_json = [](std::expected<Identity, std::vector<FieldFault>> found) {
    return found ? std::expected<Identity, BodyFaults>(std::move(*found))
                 : std::unexpected(BodyFaults{true, std::move(found.error())});
  };
  if (input.pointers.empty() && (profile::is_blank(input.body) || input.route.method == "DELETE")) {
    const auto nothing = json::object();
    return of_json(read_identity({input.route, nothing, input.parameters, input.facility, input.date_format}));
  }
  if (const auto fields = profile::BodyFields::read(input.body, input.pointers, max_depth)) {
    if (!fields->is_object()) return of_json(std::unexpected(no_object()));
    return of_json(read(input.route, {nullptr, &input.parameters, input.facility, &*fields}, input.date_format));
  }
  const auto body = parse_body(input.body);
  if (!body) return std::unexpected(BodyFaults{false, {body.error()}});
  return of_json(read_identity({input.route, *body, input.parameters, input.facility, input.date_format}));
}

std::expected<json, FieldFault> parse_body(std::string_view body) {
  if (is_too_deep(body))
    return std::unexpected(FieldFault{"", words::said("The JSON is nested deeper than {} levels.", max_depth)});
  try {
    return json::parse(body);
  } catch (const json::parse_error& error) {
    // Only the place: the parser's own text would quote the body.
    return std::unexpected(FieldFault{"", words::said("The body is not JSON: it goes wrong at byte {}.", error.byte)});
  } catch (const json::exception&) {
    return std::unexpected(FieldFault{"", words::text("The body holds a number that is too large.")});
  }
}

std::vector<std::string> differing_places(const json& before, const json& now, std::size_t limit) {
  std::vector<std::string> places;
  collect_differences(before, now, json::json_pointer(), limit, places);
  return places;
}

}  // namespace titip::intake
