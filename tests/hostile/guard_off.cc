// Negative control: a gateway without its guard. What Beast takes for a request is one.
#include <boost/asio/buffer.hpp>
#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/parser.hpp>

#include "gateway/serve.h"

namespace {

namespace beast = boost::beast::http;
using titip::http::GuardedHead;
using titip::http::GuardFault;

std::expected<GuardedHead, GuardFault> beast_alone(std::string_view head, const titip::http::GuardLimits&) {
  beast::request_parser<beast::empty_body> parser;
  parser.skip(true);
  boost::beast::error_code error;
  parser.put(boost::asio::const_buffer(head.data(), head.size()), error);
  if (error || !parser.is_header_done())
    return std::unexpected(GuardFault{400, "header", titip::words::text("This is no request.")});
  const auto length = parser.content_length();
  return GuardedHead{length ? *length : 0, parser.keep_alive(), parser.get()[beast::field::expect] == "100-continue"};
}

}  // namespace

int main(int argc, char** argv) {
  titip::gateway::Seams seams;
  seams.front = [](titip::http::ServerOptions& options) { options.look = beast_alone; };
  return titip::gateway::run(argc, argv, seams);
}
