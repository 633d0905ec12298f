#include "gateway/admin/wire_queue.h"

#include <algorithm>
#include <chrono>
#include <nlohmann/json.hpp>

#include "gateway/admin/words.h"
#include "gateway/clock/local_date.h"
#include "metrics/words/said.h"

namespace titip::admin {
namespace {

using nlohmann::ordered_json;
using storage::WallTime;

constexpr std::size_t longest_name = 200;

struct TextField {
  const char* key;
  std::string QueueWords::* member;
};
constexpr TextField texts[] = {{"id", &QueueWords::id},
                               {"destination", &QueueWords::destination},
                               {"facility", &QueueWords::facility},
                               {"rule", &QueueWords::rule},
                               {"day", &QueueWords::day}};

bool read_states(const ordered_json& value, std::vector<storage::State>& states) {
  if (!value.is_array()) return false;
  for (const auto& each : value) {
    const auto state = each.is_string() ? state_named(each.get_ref<const std::string&>()) : std::nullopt;
    if (!state) return false;
    if (std::ranges::find(states, *state) == states.end()) states.push_back(*state);
  }
  return true;
}

bool read_time(const ordered_json& value, std::optional<std::int64_t>& into) {
  if (!value.is_number_integer()) return false;
  into = value.get<std::int64_t>();
  return true;
}

WallTime time_of(std::int64_t ms) {
  return WallTime(std::chrono::milliseconds(ms));
}

}  // namespace

std::optional<storage::State> state_named(std::string_view text) {
  const auto found = std::ranges::find(storage::all_states, text, [](auto state) { return storage::name(state); });
  return found == storage::all_states.end() ? std::nullopt : std::optional(*found);
}

bool QueueWords::filters() const {
  return attention || !states.empty() || !destination.empty() || !facility.empty() || !rule.empty() || !day.empty() ||
         from_ms || before_ms;
}

bool read_words(const ordered_json& value, QueueWords& words) {
  if (!value.is_object()) return false;
  for (const auto& [key, each] : value.items()) {
    const auto* text = std::ranges::find_if(texts, [&](const TextField& field) { return key == field.key; });
    bool understood = false;
    if (text != std::end(texts)) {
      understood = each.is_string();
      if (understood) words.*text->member = each.get<std::string>();
    } else if (key == "states") {
      understood = read_states(each, words.states);
    } else if (key == "from_ms") {
      understood = read_time(each, words.from_ms);
    } else if (key == "before_ms") {
      understood = read_time(each, words.before_ms);
    } else if (key == "attention") {
      understood = each.is_boolean();
      words.attention = understood && each.get<bool>();
    } else if (key == "limit" && each.is_number_unsigned()) {
      words.limit = each.get<std::uint64_t>();
      understood = true;
    }
    if (!understood) return false;
  }
  return true;
}

ordered_json words_json(const QueueWords& words) {
  auto document = ordered_json::object();
  for (const auto& field : texts)
    if (!(words.*field.member).empty()) document[field.key] = words.*field.member;
  for (const auto state : words.states) document["states"].push_back(storage::name(state));
  if (words.from_ms) document["from_ms"] = *words.from_ms;
  if (words.before_ms) document["before_ms"] = *words.before_ms;
  if (words.attention) document["attention"] = true;
  if (words.limit != 0) document["limit"] = words.limit;
  return document;
}

words::Said fault_of(const QueueWords& words) {
  for (const auto& field : texts)
    if ((words.*field.member).size() > longest_name) return words::said("the {} is too long", field.key);
  if (!words.id.empty() && words.filters())
    return words::said("name one record by its id, or say which ones with a filter: not both");
  if (!words.day.empty() && !clock::beginning_of(words.day, storage::day_zone))
    return words::said("the day must be written like 2026-08-15");
  if (words.limit > queue_page) return words::said("a page has at most {} records", queue_page);
  return {};
}

storage::Filter filter_of(const QueueWords& words) {
  storage::Filter filter;
  filter.states = words.states;
  filter.needs_attention = words.attention;
  if (!words.destination.empty()) filter.destination = words.destination;
  if (!words.facility.empty()) filter.facility = words.facility;
  if (!words.rule.empty()) filter.outcome_rule = words.rule;
  if (words.from_ms) filter.accepted_from = time_of(*words.from_ms);
  if (words.before_ms) filter.accepted_before = time_of(*words.before_ms);
  if (words.day.empty()) return filter;
  const auto begin = clock::beginning_of(words.day, storage::day_zone).value_or(WallTime{});
  const auto end = begin + std::chrono::days(1);
  filter.accepted_from = std::max(filter.accepted_from.value_or(begin), begin);
  filter.accepted_before = std::min(filter.accepted_before.value_or(end), end);
  return filter;
}

words::Said phrase(const QueueWords& words) {
  words::Said states;
  for (const auto state : words.states) {
    const auto one = state_words(storage::name(state));
    states = states.empty() ? one : words::said("{} or {}", states, one);
  }
  // Numbered, for it is not the "{} records" of a count: in Indonesian a state stands behind the noun.
  auto text = states.empty() ? words::Said(words::text("records")) : words::said("{0} records", states);
  if (words.attention) text += words::said(" that need attention");
  if (!words.destination.empty()) text += words::said(" of {}", words.destination);
  if (!words.facility.empty()) text += words::said(" from {}", words.facility);
  if (!words.rule.empty()) text += words::said(" decided by {}", words.rule);
  if (!words.day.empty()) text += words::said(" accepted on {}", words.day);
  if (words.from_ms) text += words::said(" accepted since {}", clock::rfc3339(time_of(*words.from_ms)));
  if (words.before_ms) text += words::said(" accepted before {}", clock::rfc3339(time_of(*words.before_ms)));
  return text;
}

}  // namespace titip::admin
