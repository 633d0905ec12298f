#include "gateway/http/parse.h"

#include <boost/asio/buffer.hpp>
#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/parser.hpp>

#include <cstdint>
#include <iterator>
#include <string>

namespace titip::http {

std::optional<Request> parse(std::string_view head, std::size_t header_bytes) {
  boost::beast::http::request_parser<boost::beast::http::empty_body> parser;
  parser.header_limit(static_cast<std::uint32_t>(header_bytes));
  parser.skip(true);
  boost::system::error_code error;
  parser.put(boost::asio::const_buffer(head.data(), head.size()), error);
  if (error || !parser.is_header_done()) return std::nullopt;
  const auto& message = parser.get();
  Request request;
  request.method = std::string(message.method_string());
  request.target = std::string(message.target());
  request.headers.reserve(static_cast<std::size_t>(std::distance(message.begin(), message.end())));
  for (const auto& field : message)
    request.headers.push_back({std::string(field.name_string()), std::string(field.value())});
  return request;
}

}  // namespace titip::http
