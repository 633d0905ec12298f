// The transport door: one HTTP request to one national server, one exchange back. Behind it stand sockets
// (http_transport.h) or, in tests and simulation, a scripted server. Threads: used on the loop of its destination;
// answers run there too, never inside the call.
#pragma once

#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "upstream/rules/exchange.h"

namespace titip::client {

struct OutboundRequest {
  std::string method;
  std::string target;  // below the base URL, with query
  std::vector<std::pair<std::string, std::string>> headers;
  std::string body;
  // Makes a reply readable with what this very request carried (decrypts it), before anybody judges it. May be empty.
  std::function<void(rules::Reply&)> open_reply{};

  // A shorter time than the transport's own, from the last request byte to the last reply byte.
  std::optional<std::chrono::milliseconds> answer_within{};

  // What a scheme signed this call with, and what makes the body of its reply readable.
  void add_signed(std::vector<std::pair<std::string, std::string>> signed_headers,
                  std::function<std::string(std::string_view)> open) {
    for (auto& header : signed_headers) headers.push_back(std::move(header));
    open_reply = [open = std::move(open)](rules::Reply& reply) { reply.body = open(reply.body); };
  }
};

class Transport {
 public:
  virtual ~Transport() = default;
  virtual void send(OutboundRequest request, std::move_only_function<void(rules::Exchange)> done) = 0;
  // Ends what is in flight (each answers response_timeout or connect_timeout: as unknown as a time-out) and refuses
  // more.
  virtual void close() = 0;
};

}  // namespace titip::client
