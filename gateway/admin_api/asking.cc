#include "gateway/admin_api/asking.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <nlohmann/json.hpp>
#include <ranges>
#include <stdexcept>
#include <utility>

#include "metrics/words/said.h"
#include "upstream/profile/source.h"

namespace titip::admin_api {
namespace {

using nlohmann::ordered_json;

constexpr int depth_max = 4;
constexpr std::int64_t longest_ago_s = 100LL * 366 * 86'400;

using Fault = std::unexpected<words::Said>;

void put(ordered_json& request, const char* pointer, ordered_json value) {
  request[ordered_json::json_pointer(pointer)] = std::move(value);
}

// As forms are encoded: a plus is a blank.
std::optional<std::string> unescaped(std::string_view text) {
  std::string plain(text);
  std::ranges::replace(plain, '+', ' ');
  return profile::percent_decode(plain);
}

std::optional<std::int64_t> whole_number(std::string_view text) {
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size() || number < 0) return std::nullopt;
  return number;
}

// Nothing: it is not of that kind.
std::optional<ordered_json> value_of(Kind kind, const std::string& text, clock::WallTime now) {
  if (kind == Kind::text) return ordered_json(text);
  if (kind == Kind::words) {
    auto list = ordered_json::array();
    for (const auto part : std::views::split(text, ',')) list.push_back(std::string(part.begin(), part.end()));
    return list;
  }
  const auto number = whole_number(text);
  if (!number) return std::nullopt;
  if (kind == Kind::number) return ordered_json(static_cast<std::uint64_t>(*number));
  if (*number > longest_ago_s) return std::nullopt;
  return ordered_json(now.time_since_epoch().count() - *number * 1'000);
}

words::Said known(std::span<const Field> fields) {
  if (fields.empty()) return words::text("nothing");
  return words::verbatim(words::joined(fields | std::views::transform(&Field::name), ", "));
}

// Empty: it was read.
words::Said read_query(const Route& route, std::string_view query, clock::WallTime now, ordered_json& request) {
  for (const auto part : std::views::split(query, '&')) {
    const std::string_view each(part.begin(), part.end());
    if (each.empty()) continue;
    const auto equals = each.find('=');
    const auto called = unescaped(each.substr(0, equals));
    const auto value = equals == std::string_view::npos ? std::string() : unescaped(each.substr(equals + 1));
    if (!called || !value) return words::said("a percent sign in the query stands before two hexadecimal digits");
    const auto field = std::ranges::find_if(route.query, [&](const Field& one) { return *called == one.name; });
    if (field == route.query.end())
      return words::said("the query holds a parameter that is not known here; it may hold: {}", known(route.query));
    const auto read = value_of(field->kind, *value, now);
    if (!read) return words::said("the parameter {} must be a whole number that is not negative", field->name);
    if (request.contains(ordered_json::json_pointer(field->to)))
      return words::said("the parameter {} is given twice, or with another that says the same", field->name);
    put(request, field->to, *read);
  }
  return {};
}

// Nesting is bounded before anything is built, and a name that stands twice is refused: two readers might differ.
ordered_json parse_body(std::string_view body) {
  std::vector<std::vector<std::string>> names;
  const auto look = [&names](int depth, ordered_json::parse_event_t event, ordered_json& value) {
    using Event = ordered_json::parse_event_t;
    if (depth > depth_max) throw std::length_error("nested");
    if (event == Event::object_start) names.emplace_back();
    if (event == Event::object_end) names.pop_back();
    if (event == Event::key) {
      auto name = value.get<std::string>();
      if (std::ranges::find(names.back(), name) != names.back().end()) throw std::length_error("twice");
      names.back().push_back(std::move(name));
    }
    return true;
  };
  try {
    return ordered_json::parse(body, look);
  } catch (const std::exception&) {
    return ordered_json(ordered_json::value_t::discarded);
  }
}

words::Said read_body(const Route& route, std::string_view body, ordered_json& request, Asked& into) {
  if (body.empty()) return {};
  if (route.body.empty()) return words::said("no body belongs to this request");
  const auto document = parse_body(body);
  if (!document.is_object()) return words::said("the body must be a JSON object, with each name in it once");
  for (const auto& [name, value] : document.items()) {
    const auto field = std::ranges::find_if(route.body, [&](const Field& one) { return name == one.name; });
    if (field == route.body.end())
      return words::said("the body holds a name that is not known here; it may hold: {}", known(route.body));
    if (*field->to == '\0') {  // said to the API, not to the gateway
      if (!value.is_number_unsigned()) return words::said("\"{}\" must be a whole number that is not negative", name);
      into.at_most = value.get<std::uint64_t>();
      continue;
    }
    put(request, field->to, value);
  }
  return {};
}

bool names_an_action(const ordered_json& request) {
  const auto command = request.find("command");
  using enum admin::Command;
  return command != request.end() && std::ranges::any_of(std::array{hold, release, requeue, cancel},
                                                         [&](auto each) { return *command == admin::name(each); });
}

words::Said fault_of_bulk(const Asked& asked) {
  const auto& request = asked.request;
  if (!request.queue.id.empty()) return words::said("a bulk action is of a filter; one record has a route of its own");
  if (!request.dry_run && !asked.at_most)
    return words::said(
        "say \"dry_run\": true first; then, with \"at_most\", that as many as it counted may be acted on");
  return {};
}

}  // namespace

std::expected<Asked, words::Said> asked(const Found& found, std::string_view query, std::string_view body,
                                        clock::WallTime now) {
  const auto& route = *found.route;
  Asked asked;
  ordered_json document{{"command", admin::name(route.command)}};
  if (route.is_bulk) document.erase("command");
  if (*route.set != '\0') put(document, route.set, true);
  if (auto fault = read_query(route, query, now, document); !fault.empty()) return Fault(std::move(fault));
  if (auto fault = read_body(route, body, document, asked); !fault.empty()) return Fault(std::move(fault));
  if (*route.path_to != '\0') {
    const auto parameter = profile::percent_decode(std::string(found.parameter));
    if (!parameter) return Fault(words::said("a percent sign in the path stands before two hexadecimal digits"));
    put(document, route.path_to, *parameter);
  }
  if (route.is_bulk && !names_an_action(document))
    return Fault(words::said("\"action\" must be one of: hold, release, requeue, cancel"));
  auto request = admin::parse_request(document.dump(-1, ' ', false, ordered_json::error_handler_t::replace));
  if (!request) return Fault(std::move(request.error()));
  asked.request = *std::move(request);
  if (route.is_bulk)
    if (auto fault = fault_of_bulk(asked); !fault.empty()) return Fault(std::move(fault));
  return asked;
}

}  // namespace titip::admin_api
