// A transport as a test uses it: its loop runs in the test's thread, until the answers are there.
#pragma once

#include <gtest/gtest.h>

#include <boost/asio/io_context.hpp>

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <variant>

#include "tests/upstream/client/scripted_server.h"
#include "upstream/client/http_transport.h"

namespace titip::tests {

inline client::OutboundRequest post(std::string body = "{}") {
  return {"POST", "/vaksin/simpan", {{"x-kdppk", "0905R002"}, {"Content-Type", "text/plain"}}, std::move(body)};
}

// The failure's name, or the reply's status.
inline std::string said(const rules::Exchange& exchange) {
  if (const auto* failure = std::get_if<rules::Failure>(&exchange)) return std::string(rules::name(*failure));
  return std::to_string(std::get<rules::Reply>(exchange).http_status);
}

class TransportClient {
 public:
  explicit TransportClient(client::TransportOptions options)
      : transport_(client::make_http_transport(context_, std::move(options))) {}

  rules::Exchange exchange(client::OutboundRequest request = post()) {
    std::optional<rules::Exchange> answer;
    transport_->send(std::move(request), [&](rules::Exchange given) { answer = std::move(given); });
    EXPECT_FALSE(answer) << "answers never come inside the call";
    run_until([&] { return answer.has_value(); });
    return answer.value_or(rules::Failure::not_admitted);
  }
  void run_until(const std::function<bool()>& holds) {
    using namespace std::chrono_literals;
    const auto until = std::chrono::steady_clock::now() + 20s;
    while (!holds() && std::chrono::steady_clock::now() < until) {
      context_.restart();
      context_.run_one_for(50ms);
    }
    EXPECT_TRUE(holds()) << "no answer";
  }
  client::Transport& transport() { return *transport_; }

 private:
  boost::asio::io_context context_;
  std::unique_ptr<client::Transport> transport_;
};

}  // namespace titip::tests
