#include "tests/pcare_sim/dates.h"

#include <fmt/format.h>

#include <cstddef>
#include <cstdlib>

namespace titip::pcare_sim {
namespace {

// The digits at [from, from + count) as a number; nothing if one is no digit.
std::optional<int> number_at(std::string_view text, std::size_t from, std::size_t count) {
  int value = 0;
  for (const char c : text.substr(from, count)) {
    if (c < '0' || c > '9') return std::nullopt;
    value = value * 10 + (c - '0');
  }
  return value;
}

}  // namespace

bool is_date(std::string_view text) {
  if (text.size() != 10 || text[4] != '-' || text[7] != '-') return false;
  const auto year = number_at(text, 0, 4);
  const auto month = number_at(text, 5, 2);
  const auto day = number_at(text, 8, 2);
  if (!year || !month || !day) return false;
  return std::chrono::year_month_day{std::chrono::year{*year}, std::chrono::month{static_cast<unsigned>(*month)},
                                     std::chrono::day{static_cast<unsigned>(*day)}}
      .ok();
}

std::string date_text(WallTime at, std::chrono::minutes utc_offset) {
  const std::chrono::year_month_day date{std::chrono::floor<std::chrono::days>(at + utc_offset)};
  return fmt::format("{:04}-{:02}-{:02}", static_cast<int>(date.year()), static_cast<unsigned>(date.month()),
                     static_cast<unsigned>(date.day()));
}

std::string stamp_text(WallTime at, std::chrono::minutes utc_offset) {
  const auto local = at + utc_offset;
  const auto since_midnight =
      std::chrono::floor<std::chrono::milliseconds>(local - std::chrono::floor<std::chrono::days>(local));
  const std::chrono::hh_mm_ss time{since_midnight};
  const auto offset_minutes = std::abs(utc_offset.count());
  return fmt::format("{}T{:02}:{:02}:{:02}.{:03}{}{:02}:{:02}", date_text(at, utc_offset), time.hours().count(),
                     time.minutes().count(), time.seconds().count(), time.subseconds().count(),
                     utc_offset.count() < 0 ? '-' : '+', offset_minutes / 60, offset_minutes % 60);
}

std::optional<std::chrono::minutes> parse_utc_offset(std::string_view text) {
  if (text.size() != 6 || (text[0] != '+' && text[0] != '-') || text[3] != ':') return std::nullopt;
  const auto hours = number_at(text, 1, 2);
  const auto minutes = number_at(text, 4, 2);
  if (!hours || !minutes || *minutes > 59 || *hours > 14) return std::nullopt;
  const std::chrono::minutes offset{*hours * 60 + *minutes};
  return text[0] == '-' ? -offset : offset;
}

}  // namespace titip::pcare_sim
