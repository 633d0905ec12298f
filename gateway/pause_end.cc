#include "gateway/pause_end.h"

#include <array>
#include <charconv>
#include <optional>

#include "metrics/words/said.h"

namespace titip::gateway {
namespace {

using clock::WallTime;
using std::chrono::minutes;

// A number of exactly so many digits at the front, which it takes off.
std::optional<int> take_digits(std::string_view& text, std::size_t count) {
  if (text.size() < count) return std::nullopt;
  int number = 0;
  for (const char c : text.substr(0, count)) {
    if (c < '0' || c > '9') return std::nullopt;
    number = 10 * number + (c - '0');
  }
  text.remove_prefix(count);
  return number;
}
bool take(std::string_view& text, char c) {
  if (!text.starts_with(c)) return false;
  text.remove_prefix(1);
  return true;
}

std::optional<minutes> take_hour_minute(std::string_view& text) {
  const auto hour = take_digits(text, 2);
  if (!hour || !take(text, ':')) return std::nullopt;
  const auto minute = take_digits(text, 2);
  if (!minute || *hour > 23 || *minute > 59) return std::nullopt;
  return minutes(60 * *hour + *minute);
}

// "Z", "+07:00", "-00:30", and nothing behind it.
std::optional<minutes> read_offset(std::string_view text) {
  if (text == "Z" || text == "z") return minutes(0);
  const bool west = text.starts_with('-');
  if (!west && !text.starts_with('+')) return std::nullopt;
  text.remove_prefix(1);
  const auto offset = take_hour_minute(text);
  if (!offset || !text.empty()) return std::nullopt;
  return west ? -*offset : *offset;
}

std::optional<WallTime> read_rfc3339(std::string_view text) {
  const auto year = take_digits(text, 4);
  if (!year || !take(text, '-')) return std::nullopt;
  const auto month = take_digits(text, 2);
  if (!month || !take(text, '-')) return std::nullopt;
  const auto day = take_digits(text, 2);
  const std::chrono::year_month_day date{std::chrono::year(*year), std::chrono::month(static_cast<unsigned>(*month)),
                                         std::chrono::day(static_cast<unsigned>(day.value_or(0)))};
  if (!date.ok() || (!take(text, 'T') && !take(text, 't') && !take(text, ' '))) return std::nullopt;
  const auto time = take_hour_minute(text);
  std::optional<int> second = 0;
  if (take(text, ':')) second = take_digits(text, 2);
  const auto offset = read_offset(text);
  if (!time || !second || *second > 59 || !offset) return std::nullopt;
  return WallTime(std::chrono::sys_days(date)) + *time + std::chrono::seconds(*second) - *offset;
}

}  // namespace

std::expected<WallTime, std::string> after_span(std::string_view span, WallTime now) {
  struct Unit {
    char letter;
    std::chrono::seconds each;
  };
  constexpr std::array units{Unit{'s', std::chrono::seconds(1)}, Unit{'m', minutes(1)},
                             Unit{'h', std::chrono::hours(1)}, Unit{'d', std::chrono::days(1)}};
  constexpr int most = 10'000;
  int number = 0;
  const auto [end, error] = std::from_chars(span.data(), span.data() + span.size(), number);
  if (error == std::errc() && end + 1 == span.data() + span.size() && number > 0 && number <= most)
    for (const auto& unit : units)
      if (unit.letter == *end) return now + number * unit.each;
  return std::unexpected(words::tell("'{}' is no span; write 90m, 2h or 1d", span));
}

std::expected<WallTime, std::string> next_time(std::string_view time, WallTime now, minutes utc_offset) {
  if (const auto at = read_rfc3339(time)) return *at;
  auto rest = time;
  const auto of_day = take_hour_minute(rest);
  if (!of_day || !rest.empty())
    return std::unexpected(words::tell("'{}' is no time; write 07:30, or 2021-09-02T07:30+07:00", time));
  const auto midnight = std::chrono::floor<std::chrono::days>(now + utc_offset);
  const auto today = WallTime(midnight) - utc_offset + *of_day;
  return today > now ? today : today + std::chrono::days(1);
}

}  // namespace titip::gateway
