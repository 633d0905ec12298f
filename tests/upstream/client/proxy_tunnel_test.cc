// The way through a proxy: what it may answer, as a table, and the transport behind a scripted one.
#include "upstream/client/proxy_tunnel.h"

#include <gtest/gtest.h>

#include <optional>
#include <string>

#include "tests/upstream/client/transport_client.h"
#include "upstream/client/http_transport.h"

namespace titip::client {
namespace {

using namespace std::chrono_literals;
using rules::Failure;
using tests::Connection;
using tests::said;
using tests::TransportClient;

TEST(ProxyTunnel, WhatTheProxyIsAsked) {
  EXPECT_EQ(connect_request("api.test", "443", {"proxy.test", "3128"}),
            "CONNECT api.test:443 HTTP/1.1\r\nHost: api.test:443\r\n\r\n");
  EXPECT_EQ(connect_request("[::1]", "8443", {"proxy.test", "3128", "Basic ZGVzazp4"}),
            "CONNECT [::1]:8443 HTTP/1.1\r\nHost: [::1]:8443\r\nProxy-Authorization: Basic ZGVzazp4\r\n\r\n");
}

TEST(ProxyTunnel, WhatItsAnswerMeans) {
  constexpr auto none = Failure::not_admitted;  // of a tunnel that stands
  const std::string long_field = "X-Long: " + std::string(proxy_reply_bytes, 'x') + "\r\n";
  const struct {
    std::string received;
    Failure means;
  } whole[] = {
      {"HTTP/1.1 200 Connection established\r\n\r\n", none},
      {"HTTP/1.0 200 OK\r\nVia: 1.1 somebody\r\n\r\n", none},
      {"HTTP/1.1 200\r\n\r\n", none},
      {"HTTP/1.1 204 \r\n\r\n", none},
      {"HTTP/1.1 200 OK\r\n\r\nHTTP/1.1 201 Created\r\n\r\n", Failure::proxy_malformed},
      {"HTTP/1.1 407 Proxy Authentication Required\r\nProxy-Authenticate: Basic\r\n\r\n<html>",
       Failure::proxy_credentials},
      {"HTTP/1.1 403 Forbidden\r\n\r\n", Failure::proxy_refused},
      {"HTTP/1.1 302 Found\r\nLocation: http://elsewhere.test\r\n\r\n", Failure::proxy_refused},
      {"HTTP/1.1 500 Oh\r\n\r\n", Failure::proxy_refused},
      {"HTTP/1.1 502 Bad Gateway\r\n\r\n", Failure::proxy_cannot_reach},
      {"HTTP/1.1 503 Service Unavailable\r\n\r\n", Failure::proxy_cannot_reach},
      {"HTTP/1.1 504 Gateway Timeout\r\n\r\n", Failure::proxy_cannot_reach},
      {"HTTP/1.1 100 Continue\r\n\r\n", Failure::proxy_malformed},
      {"HTTP/1.1 600 What\r\n\r\n", Failure::proxy_malformed},
      {"HTTP/1.1 2000 OK\r\n\r\n", Failure::proxy_malformed},
      {"HTTP/1.1 20 OK\r\n\r\n", Failure::proxy_malformed},
      {"HTTP/1.1 2x0 OK\r\n\r\n", Failure::proxy_malformed},
      {"HTTP/1.1\r\n\r\n", Failure::proxy_malformed},
      {"HTTP/1.2 200 OK\r\n\r\n", Failure::proxy_malformed},
      {"HTTP/2 200\r\n\r\n", Failure::proxy_malformed},
      {"SSH-2.0-OpenSSH_9.2\r\n", Failure::proxy_malformed},
      {"\x16\x03\x01", Failure::proxy_malformed},
      {"HTTP/1.1 200 OK\r\n" + long_field + "\r\n", Failure::proxy_malformed},
      {"HTTP/1.1 200 OK\r\n" + long_field, Failure::proxy_malformed},
  };
  for (const auto& row : whole) {
    const auto verdict = judge_proxy_reply(row.received);
    const auto shown = row.received.substr(0, 60);
    EXPECT_TRUE(verdict.whole) << shown;
    EXPECT_EQ(verdict.failure.value_or(none), row.means) << shown << ": " << name(verdict.failure.value_or(none));
  }
  for (const std::string begun : {"", "H", "HTTP/1.", "HTTP/1.1 200 OK\r\n", "HTTP/1.1 200 OK\r\n\r"})
    EXPECT_FALSE(judge_proxy_reply(begun).whole) << begun;
}

// Every beginning of a good answer is either unfinished or the good answer itself: a proxy may send it byte by byte.
TEST(ProxyTunnel, ItMayComeInPieces) {
  const std::string answer = "HTTP/1.1 200 Connection established\r\nVia: 1.1 a\r\n\r\n";
  for (std::size_t length = 0; length < answer.size(); ++length)
    EXPECT_FALSE(judge_proxy_reply(answer.substr(0, length)).whole) << length;
  EXPECT_TRUE(judge_proxy_reply(answer).whole);
}

constexpr std::string_view established = "HTTP/1.1 200 Connection established\r\n\r\n";
constexpr std::string_view created = "HTTP/1.1 201 Created\r\nContent-Length: 2\r\n\r\n{}";

TransportOptions through(std::uint16_t port) {
  TransportOptions options;
  options.base = {"api.invalid", "8080", "/base"};  // a name that only the proxy could look up
  options.proxy = Proxy{"127.0.0.1", std::to_string(port), "Basic ZGVzazp4"};
  options.connect_timeout = 1s;
  options.response_timeout = 5s;
  return options;
}

TEST(ProxyTunnel, RequestsGoThroughOneTunnel) {
  std::string asked;
  std::string requests;
  {
    tests::ScriptedServer proxy([&](Connection& connection, int) {
      asked += connection.request();
      connection.send(established);
      for (auto text = connection.request(); !text.empty(); text = connection.request()) {
        requests += text;
        connection.send(created);
      }
    });
    TransportClient client(through(proxy.port()));
    for (int i = 0; i < 3; ++i) EXPECT_EQ(said(client.exchange()), "201");
    EXPECT_EQ(proxy.connections(), 1);
    client.transport().close();
  }
  EXPECT_EQ(
      asked,
      "CONNECT api.invalid:8080 HTTP/1.1\r\nHost: api.invalid:8080\r\nProxy-Authorization: Basic ZGVzazp4\r\n\r\n");
  EXPECT_TRUE(requests.starts_with("POST /base/vaksin/simpan HTTP/1.1\r\nHost: api.invalid:8080\r\n")) << requests;
  EXPECT_FALSE(requests.contains("Proxy-")) << "the proxy's password is not the destination's to know";
}

// As long as what is read at once, so that what comes behind it is another piece.
std::string one_piece() {
  constexpr std::size_t read_at_once = 1024;
  std::string answer = "HTTP/1.1 200 Connection established\r\nX: ";
  answer.append(read_at_once - answer.size() - 4, 'x');
  return answer + "\r\n\r\n";
}

// Whatever goes wrong before the tunnel stands has a name of its own, and not a byte of the request was written.
TEST(ProxyTunnel, WithoutATunnelNothingIsSent) {
  const struct {
    const char* what;
    std::string answer;  // after which the proxy hangs up
    bool stays;          // or does not
    Failure failure;
  } rows[] = {
      {"hangs up at once", "", false, Failure::proxy_malformed},
      {"hangs up within its answer", "HTTP/1.1 200 OK\r\nVia", false, Failure::proxy_malformed},
      {"says nothing", "", true, Failure::proxy_timeout},
      {"stops within its answer", "HTTP/1.1 200 OK\r\n", true, Failure::proxy_timeout},
      {"wants other credentials", "HTTP/1.1 407 No\r\n\r\n", true, Failure::proxy_credentials},
      {"refuses", "HTTP/1.1 403 No\r\nContent-Length: 6\r\n\r\nnever!", true, Failure::proxy_refused},
      {"cannot reach it", "HTTP/1.1 502 No\r\n\r\n", true, Failure::proxy_cannot_reach},
      {"is none", "220 mail.test ESMTP\r\n", true, Failure::proxy_malformed},
      {"talks on and on", "HTTP/1.1 200 OK\r\nX: " + std::string(64U << 10U, 'x'), true, Failure::proxy_malformed},
      {"answers for the destination", std::string(established) + std::string(created), true, Failure::proxy_malformed},
      {"answers for it in another piece", one_piece() + std::string(created), true, Failure::proxy_malformed},
  };
  for (const auto& row : rows) {
    std::string after;
    {
      tests::ScriptedServer proxy([&](Connection& connection, int) {
        connection.request();
        connection.send(row.answer);
        if (row.stays) after += connection.request();
      });
      TransportClient client(through(proxy.port()));
      EXPECT_EQ(said(client.exchange()), name(row.failure)) << row.what;
      EXPECT_TRUE(certainly_not_sent(row.failure));
      client.transport().close();
    }
    EXPECT_EQ(after, "") << row.what;
  }
}

TEST(ProxyTunnel, AProxyThatIsNotThere) {
  std::uint16_t port = 0;
  {
    port = tests::ScriptedServer({}).port();
  }
  TransportClient client(through(port));
  EXPECT_EQ(said(client.exchange()), "proxy_unreachable");
  auto nameless = through(port);
  nameless.proxy->host = "proxy.invalid";
  TransportClient other(nameless);
  EXPECT_EQ(said(other.exchange()), "proxy_unreachable");
}

// What is closed while the proxy thinks must not be called back into what is gone.
TEST(ProxyTunnel, ClosedWhileTheProxyThinks) {
  tests::ScriptedServer proxy([](Connection& connection, int) {
    connection.request();
    connection.closed_by_client();
  });
  TransportClient client(through(proxy.port()));
  std::optional<rules::Exchange> answer;
  client.transport().send(tests::post(), [&](rules::Exchange given) { answer = std::move(given); });
  client.run_until([&] { return proxy.connections() == 1; });
  client.transport().close();
  client.run_until([&] { return answer.has_value(); });
  EXPECT_EQ(said(*answer), "not_admitted");
}

}  // namespace
}  // namespace titip::client
