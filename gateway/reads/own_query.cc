#include "gateway/reads/own_query.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <ranges>
#include <utility>

#include "gateway/clock/local_date.h"
#include "upstream/profile/source.h"

namespace titip::reads {
namespace {

using Parameter = std::pair<std::string, std::string>;

// As forms are encoded: a plus is a blank.
std::optional<std::string> unescaped(std::string_view text) {
  std::string plain(text);
  std::ranges::replace(plain, '+', ' ');
  return profile::percent_decode(plain);
}

std::expected<std::vector<Parameter>, QueryFault> parameters_of(std::string_view query) {
  std::vector<Parameter> found;
  for (const auto part : std::views::split(query, '&')) {
    const std::string_view text(part.begin(), part.end());
    if (text.empty()) continue;
    const auto equals = text.find('=');
    auto name = unescaped(text.substr(0, equals));
    auto value = equals == std::string_view::npos ? std::string() : unescaped(text.substr(equals + 1));
    if (!name || !value)
      return std::unexpected(QueryFault{"", words::text("A percent sign stands before two hexadecimal digits.")});
    found.emplace_back(*std::move(name), *std::move(value));
  }
  return found;
}

std::optional<storage::State> state_named(std::string_view text) {
  const auto found = std::ranges::find(storage::all_states, text, [](auto state) { return storage::name(state); });
  return found == storage::all_states.end() ? std::nullopt : std::optional(*found);
}

class Reader {
 public:
  Reader(OwnList list, std::chrono::minutes utc_offset) : list_(list), utc_offset_(utc_offset) {}

  // Empty: it was understood.
  words::Said take(const std::string& name, const std::string& value) {
    if (name == "format") return {};
    if (name == "limit") return limit(value);
    if (name == "cursor") {
      asked_.cursor = value;
      return {};
    }
    asked_.what += fmt::format("{}:{}={}:{}\n", name.size(), name, value.size(), value);
    if (name == "destination") {
      asked_.filter.destination = value;
      return {};
    }
    if (list_ == OwnList::attention) return unknown(words::text("destination, limit, cursor and format"));
    return filter(name, value);
  }

  OwnQuery done() { return std::move(asked_); }

 private:
  static words::Said unknown(const words::Said& known) {
    return words::said("There is no such parameter here; there are {}.", known);
  }
  words::Said limit(const std::string& value) {
    std::size_t number = 0;
    const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), number);
    const bool is_number = error == std::errc() && end == value.data() + value.size();
    if (!is_number || number == 0 || number > most_listed_of_ones_own)
      return words::said("must be a number from 1 to {}.", most_listed_of_ones_own);
    asked_.limit = number;
    return {};
  }
  words::Said filter(const std::string& name, const std::string& value) {
    if (name == "state") return states(value);
    if (name == "from" || name == "to") return day(name == "from", value);
    if (name == "needs_attention") {
      if (value != "true" && value != "false") return words::text("must be true or false.");
      asked_.filter.needs_attention = value == "true";
    } else if (name == "route") {
      asked_.route = value;
    } else if (name == "receipt") {
      asked_.receipt = value;
    } else {
      return unknown(words::text("state, destination, route, receipt, from, to, needs_attention, limit and cursor"));
    }
    return {};
  }
  words::Said states(const std::string& value) {
    // An empty list is split into nothing at all, and would then ask for any state.
    if (value.empty()) return words::text("must be names of states; leave it out to see all.");
    for (const auto part : std::views::split(value, ',')) {
      const auto state = state_named({part.begin(), part.end()});
      if (!state) return words::text("must be names of states, such as queued, delivered or rejected.");
      asked_.filter.states.push_back(*state);
    }
    return {};
  }
  words::Said day(bool is_first, const std::string& value) {
    const auto begin = clock::beginning_of(value, utc_offset_);
    const auto end = clock::end_of_day(value, utc_offset_);
    if (!begin || !end) return words::text("must be a day, written like 2026-08-15.");
    if (is_first) asked_.filter.accepted_from = *begin;
    if (!is_first) asked_.filter.accepted_before = *end + std::chrono::milliseconds(1);
    return {};
  }

  const OwnList list_;
  const std::chrono::minutes utc_offset_;
  OwnQuery asked_;
};

}  // namespace

std::expected<OwnQuery, QueryFault> read_own_query(std::string_view query, OwnList list,
                                                   std::chrono::minutes utc_offset) {
  const auto parameters = parameters_of(query);
  if (!parameters) return std::unexpected(parameters.error());
  Reader reader(list, utc_offset);
  for (const auto& [name, value] : *parameters)
    if (auto fault = reader.take(name, value); !fault.empty()) return std::unexpected(QueryFault{name, fault});
  auto asked = reader.done();
  if (list == OwnList::attention) asked.filter.needs_attention = true;
  return asked;
}

std::optional<std::string> query_value(std::string_view query, std::string_view name) {
  const auto parameters = parameters_of(query);
  if (!parameters) return std::nullopt;
  const auto found = std::ranges::find(*parameters, name, &Parameter::first);
  return found == parameters->end() ? std::nullopt : std::optional(found->second);
}

}  // namespace titip::reads
