// The transport against a scripted server on a thread of its own, over loopback.
#include "upstream/client/http_transport.h"

#include <gtest/gtest.h>

#include <thread>

#include "tests/upstream/client/transport_client.h"

namespace titip::client {
namespace {

using namespace std::chrono_literals;
using rules::Exchange;
using rules::Failure;
using rules::Reply;
using tests::Connection;
using tests::post;
using tests::said;
using Client = tests::TransportClient;
using Server = tests::ScriptedServer;

TransportOptions options_for(std::uint16_t port) {
  TransportOptions options;
  options.base = {"127.0.0.1", std::to_string(port), "/base"};
  options.response_timeout = 5s;
  return options;
}
std::string ok(std::string_view body, std::string_view fields = {}) {
  return "HTTP/1.1 201 Created\r\nContent-Type: application/json\r\nContent-Length: " + std::to_string(body.size()) +
         "\r\n" + std::string(fields) + "\r\n" + std::string(body);
}

TEST(HttpTransport, sends_the_request_and_reads_the_reply) {
  std::string seen;
  {
    Server server([&](Connection& connection, int) {
      seen = connection.request();
      connection.send(ok(R"({"x":1})", "Retry-After: 30\r\n"));
      connection.closed_by_client();
    });
    Client client(options_for(server.port()));
    const auto exchange = client.exchange(post("{ \"odd\":\r\n1}"));
    ASSERT_TRUE(std::holds_alternative<Reply>(exchange)) << said(exchange);
    const auto& reply = std::get<Reply>(exchange);
    EXPECT_EQ(reply.http_status, 201);
    EXPECT_EQ(reply.content_type, "application/json");
    EXPECT_EQ(reply.body, R"({"x":1})");
    EXPECT_EQ(reply.retry_after, 30s);
    client.transport().close();
  }
  EXPECT_TRUE(seen.starts_with("POST /base/vaksin/simpan HTTP/1.1\r\n")) << seen;
  EXPECT_TRUE(seen.contains("\r\nHost: 127.0.0.1:")) << seen;
  EXPECT_TRUE(seen.contains("\r\nx-kdppk: 0905R002\r\n")) << seen;
  EXPECT_TRUE(seen.contains("\r\nContent-Type: text/plain\r\n")) << seen;
  EXPECT_TRUE(seen.ends_with("\r\n\r\n{ \"odd\":\r\n1}")) << seen;
}

TEST(HttpTransport, uses_a_connection_again) {
  Server server([](Connection& connection, int) {
    while (!connection.request().empty()) connection.send(ok("{}"));
  });
  Client client(options_for(server.port()));
  for (int i = 0; i < 5; ++i) EXPECT_EQ(said(client.exchange(post())), "201");
  EXPECT_EQ(server.connections(), 1);
  client.transport().close();
}

TEST(HttpTransport, does_not_use_a_connection_the_server_wants_closed) {
  Server server([](Connection& connection, int) {
    connection.request();
    connection.send(ok("{}", "Connection: close\r\n"));
  });
  Client client(options_for(server.port()));
  for (int i = 0; i < 3; ++i) EXPECT_EQ(said(client.exchange(post())), "201");
  EXPECT_EQ(server.connections(), 3);
}

// Written into a connection that is dead already, a request's outcome would be unknown for nothing.
TEST(HttpTransport, does_not_use_a_pooled_connection_that_the_server_has_closed) {
  Server server([](Connection& connection, int) {
    connection.request();
    connection.send(ok("{}"));
  });
  Client client(options_for(server.port()));
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(said(client.exchange(post())), "201");
    std::this_thread::sleep_for(50ms);  // the close arrives
  }
  EXPECT_EQ(server.connections(), 3);
}

TEST(HttpTransport, does_not_use_a_connection_on_which_something_unasked_came) {
  Server server([](Connection& connection, int) {
    connection.request();
    connection.send(ok("{}"));
    std::this_thread::sleep_for(20ms);
    connection.send(ok("\"somebody else's\""));
    connection.closed_by_client();
  });
  Client client(options_for(server.port()));
  for (int i = 0; i < 2; ++i) {
    const auto exchange = client.exchange(post());
    ASSERT_EQ(said(exchange), "201");
    EXPECT_EQ(std::get<Reply>(exchange).body, "{}");
    std::this_thread::sleep_for(100ms);
  }
  client.transport().close();
}

TEST(HttpTransport, does_not_use_a_connection_that_idled_too_long) {
  Server server([](Connection& connection, int) {
    while (!connection.request().empty()) connection.send(ok("{}"));
  });
  auto options = options_for(server.port());
  options.idle_connection = 30ms;
  Client client(options);
  EXPECT_EQ(said(client.exchange(post())), "201");
  std::this_thread::sleep_for(60ms);
  EXPECT_EQ(said(client.exchange(post())), "201");
  EXPECT_EQ(server.connections(), 2);
  client.transport().close();
}

// Each way to fail has its name, and the name tells whether a byte was written.
struct Way {
  const char* name;
  std::function<void(Connection&)> script;
  Failure expected;
};
const Way ways_to_fail[] = {
    {"closed before a reply", [](Connection& c) { c.request(); }, Failure::connection_reset},
    {"reset before a reply",
     [](Connection& c) {
       c.request();
       c.reset();
     },
     Failure::connection_reset},
    {"closed inside the header",
     [](Connection& c) {
       c.request();
       c.send("HTTP/1.1 201 Cre");
     },
     Failure::connection_reset},
    {"closed inside the body",
     [](Connection& c) {
       c.request();
       c.send("HTTP/1.1 201 Created\r\nContent-Length: 100\r\n\r\n{\"metaData\"");
     },
     Failure::connection_reset},
    {"garbage",
     [](Connection& c) {
       c.request();
       c.send("SSH-2.0-OpenSSH\r\n\r\n");
       c.closed_by_client();
     },
     Failure::reply_malformed},
    {"a bad length",
     [](Connection& c) {
       c.request();
       c.send("HTTP/1.1 200 OK\r\nContent-Length: many\r\n\r\n");
       c.closed_by_client();
     },
     Failure::reply_malformed},
    {"a body larger than allowed",
     [](Connection& c) {
       c.request();
       c.send(ok(std::string(5000, 'x')));
       c.closed_by_client();
     },
     Failure::reply_too_large},
    {"a body without end",
     [](Connection& c) {
       c.request();
       c.send("HTTP/1.1 200 OK\r\n\r\n");
       for (int i = 0; i < 100; ++i) c.send(std::string(100, 'x'));
       c.closed_by_client();
     },
     Failure::reply_too_large},
    {"a header without end",
     [](Connection& c) {
       c.request();
       c.send("HTTP/1.1 200 OK\r\n");
       for (int i = 0; i < 2000; ++i) c.send("X-" + std::to_string(i) + ": " + std::string(100, 'x') + "\r\n");
       c.closed_by_client();
     },
     Failure::reply_too_large},
    {"no reply", [](Connection& c) { c.request(), c.closed_by_client(); }, Failure::response_timeout},
    {"half a reply and then nothing",
     [](Connection& c) {
       c.request();
       c.send("HTTP/1.1 201 Created\r\nContent-Length: 100\r\n\r\n{");
       c.closed_by_client();
     },
     Failure::response_timeout},
    {"an interim answer nobody asked for",
     [](Connection& c) {
       c.request();
       c.send("HTTP/1.1 103 Early Hints\r\n\r\n");
       c.closed_by_client();
     },
     Failure::reply_malformed},
};

TEST(HttpTransport, names_each_failure) {
  for (const auto& row : ways_to_fail) {
    Server server([&](Connection& connection, int) { row.script(connection); });
    auto options = options_for(server.port());
    options.response_timeout = row.expected == Failure::response_timeout ? 200ms : 5000ms;
    options.reply_bytes = 4096;
    Client client(options);
    const auto exchange = client.exchange(post());
    EXPECT_EQ(said(exchange), rules::name(row.expected)) << row.name;
    client.transport().close();
  }
}

TEST(HttpTransport, says_when_no_byte_was_written) {
  std::uint16_t dead = 0;
  {
    const Server server({});
    dead = server.port();
  }
  Client refused(options_for(dead));
  EXPECT_EQ(said(refused.exchange(post())), "connect_refused");

  auto nowhere = options_for(80);
  nowhere.base.host = "no-such-host.invalid";
  nowhere.resolve_timeout = 15s;
  Client lost(nowhere);
  EXPECT_EQ(said(lost.exchange(post())), "resolve_failed");
}

// A listener whose queue is full answers no connection request: the kernel just drops it.
TEST(HttpTransport, a_connection_that_takes_too_long_is_certainly_not_applied) {
  const int listener = ::socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  ASSERT_EQ(::bind(listener, reinterpret_cast<sockaddr*>(&address), size), 0);
  ASSERT_EQ(::listen(listener, 0), 0);
  ::getsockname(listener, reinterpret_cast<sockaddr*>(&address), &size);
  std::vector<int> fillers;
  for (int i = 0; i < 4; ++i) {
    fillers.push_back(::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0));
    ::connect(fillers.back(), reinterpret_cast<sockaddr*>(&address), size);
  }
  std::this_thread::sleep_for(50ms);
  auto options = options_for(ntohs(address.sin_port));
  options.connect_timeout = 200ms;
  Client client(options);
  EXPECT_EQ(said(client.exchange(post())), "connect_timeout");
  for (const int filler : fillers) ::close(filler);
  ::close(listener);
}

TEST(HttpTransport, a_connection_that_timed_out_is_not_used_again) {
  Server server([](Connection& connection, int number) {
    connection.request();
    if (number == 1) {
      std::this_thread::sleep_for(300ms);
      connection.send(ok("\"late\""));
    } else {
      connection.send(ok("\"in time\""));
    }
    connection.closed_by_client();
  });
  auto options = options_for(server.port());
  options.response_timeout = 100ms;
  Client client(options);
  EXPECT_EQ(said(client.exchange(post())), "response_timeout");
  options.response_timeout = 5s;
  std::this_thread::sleep_for(400ms);
  Client fresh(options);
  const auto exchange = fresh.exchange(post());
  ASSERT_EQ(said(exchange), "201");
  EXPECT_EQ(std::get<Reply>(exchange).body, "\"in time\"");
  client.transport().close();
  fresh.transport().close();
}

TEST(HttpTransport, close_ends_what_is_in_flight_and_refuses_more) {
  Server server([](Connection& connection, int) {
    connection.request();
    connection.closed_by_client();
  });
  Client client(options_for(server.port()));
  std::optional<Exchange> open;
  std::optional<Exchange> late;
  client.transport().send(post(), [&](Exchange given) { open = std::move(given); });
  client.run_until([&] { return server.connections() == 1; });
  std::this_thread::sleep_for(50ms);
  for (int i = 0; i < 5; ++i) client.run_until([] { return true; });
  client.transport().close();
  ASSERT_TRUE(open);
  client.transport().send(post(), [&](Exchange given) { late = std::move(given); });
  EXPECT_FALSE(late);
  client.run_until([&] { return late.has_value(); });
  EXPECT_EQ(said(*late), "not_admitted");
}

TEST(HttpTransport, a_redirect_is_a_reply_like_any_other) {
  Server server([](Connection& connection, int) {
    connection.request();
    connection.send("HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n");
    connection.closed_by_client();
  });
  Client client(options_for(server.port()));
  EXPECT_EQ(said(client.exchange(post())), "302");
  EXPECT_EQ(server.connections(), 1);
  client.transport().close();
}

TEST(HttpTransport, a_retry_after_that_is_a_date_is_none) {
  Server server([](Connection& connection, int) {
    connection.request();
    connection.send(ok("{}", "Retry-After: Wed, 21 Oct 2026 07:28:00 GMT\r\n"));
    connection.closed_by_client();
  });
  Client client(options_for(server.port()));
  const auto exchange = client.exchange(post());
  ASSERT_EQ(said(exchange), "201");
  EXPECT_EQ(std::get<Reply>(exchange).retry_after, 0s);
  client.transport().close();
}

TEST(HttpTransport, a_call_may_ask_for_a_shorter_time_and_for_no_longer_one) {
  Server server([](Connection& connection, int) {
    connection.request();
    connection.closed_by_client();
  });
  struct Row {
    std::chrono::milliseconds of_the_call;
    std::chrono::milliseconds of_the_transport;
  };
  for (const auto& row : {Row{200ms, 60s}, Row{60s, 200ms}}) {
    auto options = options_for(server.port());
    options.response_timeout = row.of_the_transport;
    Client client(options);
    auto request = post();
    request.answer_within = row.of_the_call;
    const auto exchange = client.exchange(std::move(request));
    ASSERT_TRUE(std::holds_alternative<Failure>(exchange));
    EXPECT_EQ(std::get<Failure>(exchange), Failure::response_timeout);
  }
}

}  // namespace
}  // namespace titip::client
