// The guard, on the bytes of a header and on all its beginnings. What it lets through, Beast must parse, to the same
// length of the body, and it must look alike to anybody.
#include "gateway/http/guard.h"

#include <boost/asio/buffer.hpp>
#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/parser.hpp>

#include "tests/fuzz/fuzz.h"

namespace {

using titip::fuzz::must;
namespace http = boost::beast::http;

void compare_with_beast(std::string_view head, const titip::http::GuardedHead& guarded) {
  if (guarded.content_length == ~std::uint64_t{0}) return;  // Beast takes one less; so large a body is refused anyway
  http::request_parser<http::empty_body> parser;
  parser.skip(true);
  boost::beast::error_code error;
  const auto used = parser.put(boost::asio::const_buffer(head.data(), head.size()), error);
  must(!error && parser.is_header_done(), "Beast parses what the guard lets through");
  must(used == head.size(), "and to the same end");
  const auto& message = parser.get();
  must(message.count(http::field::transfer_encoding) == 0, "no Transfer-Encoding");
  must(message.count(http::field::trailer) == 0, "no Trailer");
  must(message.count(http::field::host) <= 1, "no two Hosts");
  must(message.count(http::field::content_length) <= 1, "no two Content-Lengths");
  must(message.count(http::field::authorization) <= 1, "no two Authorizations");
  must(guarded.content_length == 0 || parser.content_length().has_value(), "a length");
  must(parser.content_length().value_or(0) == guarded.content_length, "the same length");
  const auto target = message.target();
  must(target.starts_with('/') && target.find('\\') == boost::beast::string_view::npos, "a path");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto bytes = titip::fuzz::text_of(data, size);
  const titip::http::GuardLimits limits;
  const auto end = bytes.find("\r\n\r\n");
  const auto head = end == std::string_view::npos ? bytes : bytes.substr(0, end + 4);
  const auto guarded = titip::http::guard(head, limits);
  if (!guarded) {
    must(guarded.error().status >= 400 && guarded.error().status < 600, "a fault has a status");
    must(!guarded.error().reason.empty() && guarded.error().sentence.english.ends_with('.'), "and a sentence");
    return 0;
  }
  must(head.size() <= limits.header_bytes, "no more than may be");
  compare_with_beast(head, *guarded);
  // While it arrives, it is no fault.
  for (std::size_t cut = 0; cut < head.size(); cut += 1 + head.size() / 16)
    must(!titip::http::guard_beginning(head.substr(0, cut), limits), "the beginning of a request is no fault");
  return 0;
}
