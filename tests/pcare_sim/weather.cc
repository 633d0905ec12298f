#include "tests/pcare_sim/weather.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <nlohmann/json.hpp>

namespace titip::pcare_sim {
namespace {

using nlohmann::json;

constexpr std::size_t max_spells = 10'000;
constexpr std::size_t max_met_facilities = 100'000;
constexpr double max_timeline_s = 30.0 * 86'400;
constexpr std::int64_t max_delay_ms = 600'000;

constexpr std::array<std::string_view, kind_count> names{
    "refuse", "reset", "hang", "html_503", "slow", "lose_reply", "apply_then", "late_apply", "expired_login"};

ScriptError at(std::size_t index, std::string_view key, std::string sentence) {
  return {key.empty() ? fmt::format("/{}", index) : fmt::format("/{}/{}", index, key), std::move(sentence)};
}

std::expected<std::chrono::milliseconds, ScriptError> read_seconds(const json& entry, std::size_t index,
                                                                   const char* key) {
  const auto found = entry.find(key);
  if (found == entry.end()) return std::unexpected(at(index, key, "is missing; give seconds from the timeline's zero"));
  if (!found->is_number()) return std::unexpected(at(index, key, "must be a number of seconds"));
  const double seconds = found->get<double>();
  if (!(seconds >= 0 && seconds <= max_timeline_s))
    return std::unexpected(at(index, key, fmt::format("must be 0 to {:.0f} seconds", max_timeline_s)));
  return std::chrono::milliseconds(std::llround(seconds * 1000));
}

std::expected<Kind, ScriptError> read_kind(const json& entry, std::size_t index) {
  const auto found = entry.find("kind");
  if (found != entry.end() && found->is_string()) {
    const auto name = std::ranges::find(names, found->get_ref<const std::string&>());
    if (name != names.end()) return static_cast<Kind>(name - names.begin());
  }
  return std::unexpected(at(index, "kind", fmt::format("must be one of {}", fmt::join(names, ", "))));
}

// The keys a kind has of its own, `ms`, `after_ms`, `status`; elsewhere they are errors.
std::optional<ScriptError> read_own_keys(const json& entry, std::size_t index, Spell& spell) {
  const char* delay_key = spell.kind == Kind::slow ? "ms" : spell.kind == Kind::late_apply ? "after_ms" : nullptr;
  for (const auto& [key, value] : entry.items()) {
    const bool shared =
        key == "from_s" || key == "to_s" || key == "kind" || key == "probability" || key == "writes_only";
    const bool own = (delay_key != nullptr && key == delay_key) || (spell.kind == Kind::apply_then && key == "status");
    if (!shared && !own) return at(index, key, fmt::format("is no key of a spell of kind {}", kind_name(spell.kind)));
  }
  if (delay_key != nullptr) {
    const auto found = entry.find(delay_key);
    if (found == entry.end() || !found->is_number_integer() || found->get<std::int64_t>() < 0 ||
        found->get<std::int64_t>() > max_delay_ms)
      return at(index, delay_key, fmt::format("must be whole milliseconds, 0 to {}", max_delay_ms));
    spell.delay = std::chrono::milliseconds(found->get<std::int64_t>());
  }
  if (spell.kind == Kind::apply_then) {
    const json status = entry.value("status", json());
    if (status == "maintenance")
      spell.status = 200;
    else if (status == "empty")
      spell.status = empty_body;
    else if (status == 500 || status == 502 || status == 504)
      spell.status = status.get<int>();
    else
      return at(index, "status", "must be 500, 502, 504, \"maintenance\" or \"empty\"");
  }
  return std::nullopt;
}

std::expected<Spell, ScriptError> read_spell(const json& entry, std::size_t index) {
  if (!entry.is_object()) return std::unexpected(at(index, "", "must be an object with from_s, to_s and kind"));
  Spell spell;
  const auto from = read_seconds(entry, index, "from_s");
  if (!from) return std::unexpected(from.error());
  const auto to = read_seconds(entry, index, "to_s");
  if (!to) return std::unexpected(to.error());
  const auto kind = read_kind(entry, index);
  if (!kind) return std::unexpected(kind.error());
  spell.from = *from;
  spell.to = *to;
  spell.kind = *kind;
  if (spell.to <= spell.from) return std::unexpected(at(index, "to_s", "must be later than from_s"));
  if (auto wrong = read_own_keys(entry, index, spell)) return std::unexpected(*std::move(wrong));
  if (const auto found = entry.find("probability"); found != entry.end()) {
    if (!found->is_number() || !(found->get<double>() > 0 && found->get<double>() <= 1))
      return std::unexpected(at(index, "probability", "must be above 0 and at most 1"));
    spell.probability = found->get<double>();
  }
  if (const auto found = entry.find("writes_only"); found != entry.end()) {
    if (!found->is_boolean()) return std::unexpected(at(index, "writes_only", "must be true or false"));
    spell.writes_only = found->get<bool>();
    if (spell.writes_only && spell.kind == Kind::refuse)
      return std::unexpected(at(index, "writes_only", "a refused connection cannot know what would have been written"));
  }
  return spell;
}

}  // namespace

std::string_view kind_name(Kind kind) {
  return names[static_cast<std::size_t>(kind)];
}

std::expected<std::vector<Spell>, ScriptError> parse_weather(std::string_view json_text) {
  const json parsed = json::parse(json_text, nullptr, false);
  if (parsed.is_discarded()) return std::unexpected(ScriptError{"", "is no well-formed JSON"});
  if (!parsed.is_array()) return std::unexpected(ScriptError{"", "must be an array of spells"});
  if (parsed.size() > max_spells)
    return std::unexpected(ScriptError{"", fmt::format("must have at most {} spells", max_spells)});
  std::vector<Spell> script;
  for (std::size_t i = 0; i < parsed.size(); ++i) {
    auto spell = read_spell(parsed[i], i);
    if (!spell) return std::unexpected(spell.error());
    script.push_back(*spell);
  }
  return script;
}

std::optional<Spell> Weather::hits(Time now, const Caller& caller) {
  if (!zero_) return std::nullopt;
  for (std::size_t i = 0; i < script_.size(); ++i) {
    const Spell& spell = script_[i];
    if (spell.kind == Kind::refuse || !active(spell, now) || (spell.writes_only && !caller.write)) continue;
    if (spell.kind == Kind::expired_login) {
      auto& met = states_[i].met_facilities;
      if (caller.facility.empty() || met.size() >= max_met_facilities || !met.emplace(caller.facility).second) continue;
    }
    if (spell.probability >= 1 || random_.chance(spell.probability)) return spell;
  }
  return std::nullopt;
}

bool Weather::refusing(Time now) {
  if (!zero_) return false;
  for (std::size_t i = 0; i < script_.size(); ++i) {
    const Spell& spell = script_[i];
    if (spell.kind != Kind::refuse || !active(spell, now)) continue;
    if (!states_[i].refusal_falls) states_[i].refusal_falls = random_.chance(spell.probability);
    if (*states_[i].refusal_falls) return true;
  }
  return false;
}

std::optional<Weather::Time> Weather::next_refusal_change(Time now) const {
  std::optional<Time> next;
  if (!zero_) return next;
  for (const Spell& spell : script_) {
    if (spell.kind != Kind::refuse) continue;
    for (const Time edge : {*zero_ + spell.from, *zero_ + spell.to})
      if (edge > now && (!next || edge < *next)) next = edge;
  }
  return next;
}

}  // namespace titip::pcare_sim
