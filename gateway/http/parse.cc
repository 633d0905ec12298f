#include "gateway/http/parse.h"

#include <boost/asio/buffer.hpp>
#include <boost/beast/http/basic_parser.hpp>

#include <cstdint>
#include <utility>

namespace titip::http {
namespace {

namespace beast = boost::beast;
using beast::string_view;
using beast::http::field;
using boost::system::error_code;

// Beast's own parser keeps the fields in a tree of its own, from which they would be copied out again. It is told to
// skip the body, so of that it tells nothing.
class HeadParser final : public beast::http::basic_parser<true> {
 public:
  Request request;

 private:
  void on_request_impl(beast::http::verb, string_view method, string_view target, int, error_code&) override {
    request.method = method;
    request.target = target;
  }
  void on_field_impl(field, string_view name, string_view value, error_code&) override {
    request.headers.push_back({name, value});
  }
  void on_response_impl(int, string_view, int, error_code&) override {}
  void on_header_impl(error_code&) override {}
  void on_body_init_impl(const boost::optional<std::uint64_t>&, error_code&) override {}
  std::size_t on_body_impl(string_view bytes, error_code&) override { return bytes.size(); }
  void on_chunk_header_impl(std::uint64_t, string_view, error_code&) override {}
  std::size_t on_chunk_body_impl(std::uint64_t, string_view bytes, error_code&) override { return bytes.size(); }
  void on_finish_impl(error_code&) override {}
};

}  // namespace

std::optional<Request> parse(std::string_view head, std::size_t header_bytes) {
  constexpr std::size_t usual_fields = 16;
  HeadParser parser;
  parser.header_limit(static_cast<std::uint32_t>(header_bytes));
  parser.skip(true);
  parser.request.headers.reserve(usual_fields);
  error_code error;
  parser.put(boost::asio::const_buffer(head.data(), head.size()), error);
  if (error || !parser.is_header_done()) return std::nullopt;
  return std::move(parser.request);
}

}  // namespace titip::http
