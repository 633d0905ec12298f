#include "gateway/http/message.h"

#include <fmt/format.h>
#include <boost/beast/http/status.hpp>

#include <algorithm>

#include "gateway/http/header_text.h"
#include "gateway/http/request_id.h"

namespace titip::http {
std::string_view Request::header(std::string_view name) const {
  const auto found = std::ranges::find_if(headers, [&](const Header& h) { return equals_ignoring_case(h.name, name); });
  return found != headers.end() ? std::string_view(found->value) : std::string_view();
}

std::string Request::joined(std::string_view name) const {
  std::string all;
  for (const auto& each : headers)
    if (equals_ignoring_case(each.name, name) && !each.value.empty())
      all.append(all.empty() ? "" : ",").append(each.value);
  return all;
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

std::string render(const Response& response, const Rendering& with) {
  std::string text;
  text.reserve(512 + response.body.size());
  const auto add_field = [&text](std::string_view name, std::string_view value) {
    text.append(name).append(": ").append(value).append("\r\n");
  };
  const bool bodyless = response.status == 204 || response.status == 304;
  text.append("HTTP/1.1 ").append(fmt::format_int(response.status).c_str()).append(" ");
  text.append(reason_phrase(response.status)).append("\r\n");
  add_field("Date", with.date);
  add_field(request_id_field, with.request_id);
  if (!response.content_type.empty()) add_field("Content-Type", response.content_type);
  if (!bodyless) add_field("Content-Length", fmt::format_int(response.body.size()).c_str());
  for (const auto& header : response.headers) add_field(header.name, header.value);
  if (!with.keep_alive) add_field("Connection", "close");
  text += "\r\n";
  if (!bodyless && !with.to_head) text += response.body;
  return text;
}

}  // namespace titip::http
