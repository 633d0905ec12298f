#include "tests/day/weather.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

namespace titip::day {
namespace {

// Each spell at its place in a day of 20 s and in one of 60 s; other days lie on the line through both.
struct Row {
  double from_20, to_20, from_60, to_60;
  std::string_view what;  // the rest of the JSON object
};

// Where spells overlap the first that applies wins. An outage is followed by clear sky for long enough that the breaker
// closes: otherwise two outages would count as one. An expired log-in hits a facility once, so its spells may be long.
constexpr Row rows[] = {
    {0.6, 2.0, 3, 8, R"("kind":"lose_reply","probability":0.15,"writes_only":true)"},
    {2.0, 4.2, 9, 14, R"("kind":"refuse")"},
    {4.4, 8.0, 14.5, 20, R"("kind":"expired_login")"},
    // Soon enough before the next outage that a gateway which probes too early is caught asking.
    {5.6, 7.0, 16, 19, R"("kind":"late_apply","after_ms":1500,"probability":0.25,"writes_only":true)"},
    {7.0, 7.5, 19, 20, R"("kind":"slow","ms":250,"probability":0.5)"},
    {7.0, 7.6, 20, 21.5, R"("kind":"apply_then","status":502,"probability":0.25,"writes_only":true)"},
    {7.6, 8.0, 21.5, 22.5, R"("kind":"apply_then","status":500,"probability":0.25,"writes_only":true)"},
    {8.0, 8.6, 22.5, 24, R"("kind":"apply_then","status":"maintenance","probability":0.25,"writes_only":true)"},
    // Some of what is open when the gateway is killed is applied after its restart.
    {8.6, 11.8, 24, 30, R"("kind":"late_apply","after_ms":2000,"probability":0.3,"writes_only":true)"},
    {8.6, 11.8, 24, 30, R"("kind":"hang")"},
    {14.4, 16.4, 36, 41, R"("kind":"html_503")"},
    {18.0, 18.6, 43.5, 46, R"("kind":"reset")"},
    {16.6, 18.6, 46, 50, R"("kind":"expired_login")"},
    {16.8, 18.0, 47.5, 50, R"("kind":"late_apply","after_ms":900,"probability":0.08,"writes_only":true)"},
    {16.8, 18.0, 47.5, 50, R"("kind":"lose_reply","probability":0.08,"writes_only":true)"},
};

}  // namespace

double Forecast::ends_s() const {
  double end = 0;
  for (const Spell& spell : spells) end = std::max(end, spell.to_s);
  return end;
}

std::string Forecast::at(double second) const {
  std::string text;
  for (const Spell& spell : spells) {
    if (second >= spell.from_s && second < spell.to_s) text += (text.empty() ? "" : " + ") + spell.kind;
  }
  return text.empty() ? "clear" : text;
}

const Spell* Forecast::active(std::string_view kind, double second) const {
  const auto found = std::ranges::find_if(
      spells, [&](const Spell& spell) { return spell.kind == kind && second >= spell.from_s && second < spell.to_s; });
  return found == spells.end() ? nullptr : &*found;
}

const Spell* Forecast::first(std::string_view kind) const {
  const auto found = std::ranges::find(spells, kind, &Spell::kind);
  return found == spells.end() ? nullptr : &*found;
}

Forecast built_in_weather(double day_s) {
  const double along = (std::max(day_s, shortest_day_s) - 20) / 40;
  std::string script;
  for (const Row& row : rows) {
    script += fmt::format(R"({}{{"from_s":{:.2f},"to_s":{:.2f},{}}})", script.empty() ? "[" : ",\n ",
                          row.from_20 + along * (row.from_60 - row.from_20),
                          row.to_20 + along * (row.to_60 - row.to_20), row.what);
  }
  return *read_weather(script + "]");
}

std::expected<Forecast, std::string> read_weather(std::string script) {
  const auto parsed = nlohmann::json::parse(script, nullptr, false);
  if (!parsed.is_array()) return std::unexpected("the weather must be a JSON array of spells");
  Forecast forecast;
  for (std::size_t i = 0; i < parsed.size(); ++i) {
    const auto& entry = parsed[i];
    if (!entry.is_object() || !entry.contains("from_s") || !entry.contains("to_s") || !entry.contains("kind") ||
        !entry["from_s"].is_number() || !entry["to_s"].is_number() || !entry["kind"].is_string()) {
      return std::unexpected(fmt::format("/{}: a spell needs from_s, to_s (numbers) and kind (text)", i));
    }
    forecast.spells.push_back(
        {entry["from_s"].get<double>(), entry["to_s"].get<double>(), entry["kind"].get<std::string>()});
  }
  forecast.script = std::move(script);
  return forecast;
}

}  // namespace titip::day
