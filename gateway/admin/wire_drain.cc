#include "gateway/admin/wire_drain.h"

#include <nlohmann/json.hpp>

namespace titip::admin {
namespace {

using nlohmann::ordered_json;
using std::chrono::minutes;

constexpr std::uint64_t most_in_a_canary = 100'000;
constexpr double fastest = 100'000;

// "07:05"
std::optional<minutes> parse_hour_minute(std::string_view text) {
  const auto digit = [](char c) { return c >= '0' && c <= '9'; };
  if (text.size() != 5 || !digit(text[0]) || !digit(text[1]) || text[2] != ':' || !digit(text[3]) || !digit(text[4]))
    return std::nullopt;
  const minutes hour{60 * (10 * (text[0] - '0') + text[1] - '0')};
  const minutes minute{10 * (text[3] - '0') + text[4] - '0'};
  if (hour >= std::chrono::days(1) || minute >= std::chrono::hours(1)) return std::nullopt;
  return hour + minute;
}

}  // namespace

bool read_words(const ordered_json& value, DrainWords& words) {
  if (!value.is_object()) return false;
  for (const auto& [key, each] : value.items()) {
    if (key == "canary" && each.is_number_unsigned()) {
      words.canary = each.get<std::uint64_t>();
    } else if (key == "per_second" && each.is_number()) {
      words.per_second = each.get<double>();
    } else if (key == "abort_share" && each.is_number()) {
      words.abort_share = each.get<double>();
    } else if (key == "daily_pause" && each.is_string()) {
      words.daily_pause = each.get<std::string>();
    } else if (key == "until_ms" && each.is_number_integer()) {
      words.until_ms = each.get<std::int64_t>();
    } else {
      return false;
    }
  }
  return true;
}

ordered_json words_json(const DrainWords& words) {
  auto document = ordered_json::object();
  if (words.canary) document["canary"] = *words.canary;
  if (words.per_second) document["per_second"] = *words.per_second;
  if (words.abort_share) document["abort_share"] = *words.abort_share;
  if (!words.daily_pause.empty()) document["daily_pause"] = words.daily_pause;
  if (words.until_ms) document["until_ms"] = *words.until_ms;
  return document;
}

words::Said fault_of(const DrainWords& words) {
  if (words.canary && *words.canary > most_in_a_canary)
    return words::said("a canary has at most {} records", most_in_a_canary);
  if (words.per_second && !(*words.per_second > 0 && *words.per_second <= fastest))
    return words::said("the pace is a number of records a second, above 0 and at most {}", fastest);
  if (words.abort_share && !(*words.abort_share >= 0 && *words.abort_share <= 1))
    return words::said("the share at which a drain stops by itself is between 0 and 1");
  if (!words.daily_pause.empty() && !parse_daily_pause(words.daily_pause))
    return words::said("the daily pause is written like 12:00-13:30, and is shorter than a day");
  return {};
}

std::optional<std::pair<minutes, minutes>> parse_daily_pause(std::string_view text) {
  const auto dash = text.find('-');
  if (dash == std::string_view::npos) return std::nullopt;
  const auto from = parse_hour_minute(text.substr(0, dash));
  const auto until = parse_hour_minute(text.substr(dash + 1));
  if (!from || !until || *from == *until) return std::nullopt;
  return std::pair(*from, *until);
}

}  // namespace titip::admin
