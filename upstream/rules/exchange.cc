#include "upstream/rules/exchange.h"

#include <charconv>

namespace titip::rules {

std::string_view name(Failure failure) {
  switch (failure) {
    case Failure::resolve_failed:
      return "resolve_failed";
    case Failure::resolve_timeout:
      return "resolve_timeout";
    case Failure::connect_refused:
      return "connect_refused";
    case Failure::connect_failed:
      return "connect_failed";
    case Failure::connect_timeout:
      return "connect_timeout";
    case Failure::tls_failed:
      return "tls_failed";
    case Failure::proxy_unreachable:
      return "proxy_unreachable";
    case Failure::proxy_credentials:
      return "proxy_credentials";
    case Failure::proxy_refused:
      return "proxy_refused";
    case Failure::proxy_cannot_reach:
      return "proxy_cannot_reach";
    case Failure::proxy_timeout:
      return "proxy_timeout";
    case Failure::proxy_malformed:
      return "proxy_malformed";
    case Failure::address_refused:
      return "address_refused";
    case Failure::not_admitted:
      return "not_admitted";
    case Failure::write_failed:
      return "write_failed";
    case Failure::write_timeout:
      return "write_timeout";
    case Failure::response_timeout:
      return "response_timeout";
    case Failure::connection_reset:
      return "connection_reset";
    case Failure::reply_too_large:
      return "reply_too_large";
    case Failure::reply_malformed:
      return "reply_malformed";
  }
  return "unknown_failure";
}

std::optional<std::chrono::sys_seconds> date_of(std::string_view header) {
  // Sun, 06 Nov 1994 08:49:37 GMT
  constexpr std::size_t length = 29;
  constexpr std::string_view months = "JanFebMarAprMayJunJulAugSepOctNovDec";
  if (header.size() != length || !header.ends_with(" GMT") || header[3] != ',') return std::nullopt;
  const auto number = [header](std::size_t at, std::size_t digits) {
    int value = 0;
    const char* end = header.data() + at + digits;
    const auto read = std::from_chars(header.data() + at, end, value);
    return read.ec == std::errc() && read.ptr == end ? value : -1;
  };
  const auto month = months.find(header.substr(8, 3));
  const int hour = number(17, 2);
  const int minute = number(20, 2);
  const int second = number(23, 2);
  if (month == std::string_view::npos || month % 3 != 0 || hour < 0 || hour > 23 || minute < 0 || minute > 59 ||
      second < 0 || second > 60)
    return std::nullopt;
  const auto day = std::chrono::year(number(12, 4)) / std::chrono::month(static_cast<unsigned>(month / 3 + 1)) /
                   std::chrono::day(static_cast<unsigned>(number(5, 2)));
  if (!day.ok() || number(12, 4) < 1970) return std::nullopt;
  return std::chrono::sys_days(day) + std::chrono::hours(hour) + std::chrono::minutes(minute) +
         std::chrono::seconds(second);
}

std::chrono::seconds retry_after(std::string_view header) {
  unsigned seconds = 0;
  const auto [end, error] = std::from_chars(header.data(), header.data() + header.size(), seconds);
  return std::chrono::seconds(error == std::errc() && end == header.data() + header.size() ? seconds : 0);
}

}  // namespace titip::rules
