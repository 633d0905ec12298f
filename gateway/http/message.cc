#include "gateway/http/message.h"

#include <boost/beast/http/status.hpp>

#include <algorithm>

#include "gateway/http/header_text.h"

namespace titip::http {
std::string_view Request::header(std::string_view name) const {
  const auto found = std::ranges::find_if(headers, [&](const Header& h) { return equals_ignoring_case(h.name, name); });
  return found != headers.end() ? std::string_view(found->value) : std::string_view();
}

std::string_view Request::path() const {
  return std::string_view(target).substr(0, target.find('?'));
}

std::string_view Request::query() const {
  const auto mark = target.find('?');
  return mark == std::string::npos ? std::string_view() : std::string_view(target).substr(mark + 1);
}

std::string_view reason_phrase(int status) {
  if (status == 429) return "Too Many Requests";
  const auto phrase = boost::beast::http::obsolete_reason(static_cast<boost::beast::http::status>(status));
  return {phrase.data(), phrase.size()};
}

}  // namespace titip::http
