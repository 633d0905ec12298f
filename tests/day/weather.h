// The weather of a day, as the driver needs to know it: the script that goes to the simulator, and when which spell is
// on. Pure; any thread.
#pragma once

#include <expected>
#include <string>
#include <string_view>
#include <vector>

namespace titip::day {

struct Spell {
  double from_s = 0;
  double to_s = 0;
  std::string kind;
};

struct Forecast {
  std::string script;  // JSON, as the simulator reads it
  std::vector<Spell> spells;

  double ends_s() const;
  // What is on at this moment, for a person: "hang", "lose_reply + slow", "clear".
  std::string at(double second) const;
  const Spell* active(std::string_view kind, double second) const;
  const Spell* first(std::string_view kind) const;
};

inline constexpr double shortest_day_s = 20;

// The built-in day. Spells do not shrink with the day below what a breaker and a client's patience need, so a short day
// has more weather for its length.
Forecast built_in_weather(double day_s);

std::expected<Forecast, std::string> read_weather(std::string script);

}  // namespace titip::day
