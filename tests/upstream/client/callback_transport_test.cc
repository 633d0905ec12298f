// Callbacks over real sockets, against a scripted receiver on a thread of its own.
#include "upstream/client/callback_transport.h"

#include <gtest/gtest.h>

#include <chrono>
#include <functional>
#include <memory>
#include <optional>

#include "tests/upstream/client/scripted_server.h"

namespace titip::client {
namespace {

using namespace std::chrono_literals;
using rules::Exchange;
using rules::Failure;
using rules::Reply;
using tests::Connection;
using Server = tests::ScriptedServer;

class Caller {
 public:
  explicit Caller(bool private_targets = true, std::chrono::milliseconds timeout = 5s) {
    CallbackTransportOptions options;
    options.private_targets = private_targets;
    options.timeout = timeout;
    options.lookups = 2;
    door_ = make_callback_transport(context_, options).value();
  }
  Exchange post(std::string host, std::uint16_t port, bool tls = false) {
    std::optional<Exchange> answer;
    door_->post(
        {tls, std::move(host), std::to_string(port), "/titip?a=b", {{"Host", "klinik"}, {"webhook-id", "x"}}, "{}"},
        [&](Exchange given) { answer = std::move(given); });
    EXPECT_FALSE(answer) << "answers never come inside the call";
    const auto until = std::chrono::steady_clock::now() + 20s;
    while (!answer && std::chrono::steady_clock::now() < until) {
      context_.restart();
      context_.run_one_for(50ms);
    }
    EXPECT_TRUE(answer) << "no answer";
    return answer.value_or(Failure::not_admitted);
  }

 private:
  boost::asio::io_context context_;
  std::unique_ptr<CallbackDoor> door_;
};

int status_of(const Exchange& exchange) {
  const auto* reply = std::get_if<Reply>(&exchange);
  return reply != nullptr ? reply->http_status : 0;
}
Failure failure_of(const Exchange& exchange) {
  const auto* failure = std::get_if<Failure>(&exchange);
  EXPECT_NE(failure, nullptr) << "a reply: " << status_of(exchange);
  return failure != nullptr ? *failure : Failure::not_admitted;
}

TEST(CallbackTransport, posts_and_reads_the_header_alone) {
  std::string seen;
  // A body that never comes to its end is not waited for.
  auto server = std::make_unique<Server>([&](Connection& connection, int) {
    seen = connection.request();
    connection.send("HTTP/1.1 503 No\r\nRetry-After: 7\r\nContent-Length: 99999999\r\n\r\nbegin");
    connection.request();
  });
  Caller caller;
  const auto exchange = caller.post("127.0.0.1", server->port());
  server.reset();  // from now on what it saw is ours
  ASSERT_EQ(status_of(exchange), 503);
  EXPECT_EQ(std::get<Reply>(exchange).retry_after, 7s);
  EXPECT_EQ(std::get<Reply>(exchange).body, "");
  EXPECT_TRUE(seen.starts_with("POST /titip?a=b HTTP/1.1\r\n")) << seen;
  for (const auto* line : {"Host: klinik\r\n", "webhook-id: x\r\n", "Content-Length: 2\r\n", "\r\n\r\n{}"})
    EXPECT_NE(seen.find(line), std::string::npos) << line;
}

TEST(CallbackTransport, a_redirect_is_a_reply_and_is_not_followed) {
  Server server([&](Connection& connection, int) {
    connection.request();
    connection.send("HTTP/1.1 307 Moved\r\nLocation: http://127.0.0.1:9/other\r\nContent-Length: 0\r\n\r\n");
  });
  Caller caller;
  EXPECT_EQ(status_of(caller.post("127.0.0.1", server.port())), 307);
  EXPECT_EQ(server.connections(), 1);
}

TEST(CallbackTransport, private_addresses_are_not_called_by_whatever_name) {
  Server server([&](Connection& connection, int) {
    connection.request();
    connection.send("HTTP/1.1 204 OK\r\n\r\n");
  });
  Caller caller(false);
  for (const auto* host : {"127.0.0.1", "localhost", "::ffff:127.0.0.1", "0.0.0.0", "2130706433", "0x7f.1"})
    EXPECT_EQ(failure_of(caller.post(host, server.port())), Failure::address_refused) << host;
  EXPECT_EQ(server.connections(), 0);
  Caller allowed;
  EXPECT_EQ(status_of(allowed.post("localhost", server.port())), 204) << "the same, where the config allows it";
}

TEST(CallbackTransport, a_reply_without_measure_or_sense_ends) {
  const struct {
    std::string reply;
    Failure failure;
  } rows[] = {
      {"HTTP/1.1 200 OK\r\nX: " + std::string(20'000, 'a') + "\r\n\r\n", Failure::reply_too_large},
      {"I am no HTTP\r\n\r\n", Failure::reply_malformed},
      {"HTTP/1.1 100 Continue\r\n\r\n", Failure::reply_malformed},
      {"", Failure::connection_reset},
  };
  for (const auto& row : rows) {
    Server server([&](Connection& connection, int) {
      connection.request();
      connection.send(row.reply);
    });
    Caller caller;
    EXPECT_EQ(failure_of(caller.post("127.0.0.1", server.port())), row.failure) << row.reply.substr(0, 30);
  }
}

TEST(CallbackTransport, who_says_nothing_is_given_up_in_time) {
  Server server([](Connection& connection, int) {
    connection.request();
    connection.request();
  });
  Caller caller(true, 300ms);
  const auto began = std::chrono::steady_clock::now();
  EXPECT_EQ(failure_of(caller.post("127.0.0.1", server.port())), Failure::response_timeout);
  EXPECT_LT(std::chrono::steady_clock::now() - began, 3s);
  EXPECT_EQ(failure_of(caller.post("127.0.0.1", server.port(), true)), Failure::tls_failed) << "no handshake";
}

TEST(CallbackTransport, what_speaks_no_tls_is_not_told_anything) {
  std::string seen;
  auto server = std::make_unique<Server>([&](Connection& connection, int) {
    connection.send("HTTP/1.1 204 OK\r\n\r\n");
    seen = connection.request();
  });
  Caller caller;
  EXPECT_EQ(failure_of(caller.post("127.0.0.1", server->port(), true)), Failure::tls_failed);
  server.reset();
  EXPECT_EQ(seen.find("webhook-id"), std::string::npos);
}

TEST(CallbackTransport, certificates_that_cannot_be_read_are_said) {
  boost::asio::io_context context;
  CallbackTransportOptions options;
  options.ca_file = "/nowhere/ca.pem";
  const auto made = make_callback_transport(context, options);
  ASSERT_FALSE(made);
  EXPECT_NE(made.error().find("/nowhere/ca.pem"), std::string::npos);
}

}  // namespace
}  // namespace titip::client
