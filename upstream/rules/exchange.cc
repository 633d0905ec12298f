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

std::chrono::seconds retry_after(std::string_view header) {
  unsigned seconds = 0;
  const auto [end, error] = std::from_chars(header.data(), header.data() + header.size(), seconds);
  return std::chrono::seconds(error == std::errc() && end == header.data() + header.size() ? seconds : 0);
}

}  // namespace titip::rules
