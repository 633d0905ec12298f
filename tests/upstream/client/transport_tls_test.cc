// The transport under https, against a server on a thread of its own that shows one certificate or another.
#include <netinet/tcp.h>
#include <openssl/ssl.h>
#include <sys/socket.h>

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "tests/gateway/http/certificates.h"
#include "tests/upstream/client/transport_client.h"
#include "upstream/client/http_transport.h"

namespace titip::client {
namespace {

using rules::Exchange;
using rules::Failure;
using rules::Reply;
using tests::Certificate;
using tests::Connection;
using tests::post;
using tests::said;
using tests::TransportClient;

// Shakes hands on what a scripted server accepted, and answers each request there until the client goes.
class Secure {
 public:
  // `unasked`: said behind each answer, in a record of its own that comes with it.
  explicit Secure(const Certificate& own, std::string unasked = {})
      : context_(SSL_CTX_new(TLS_server_method()), &SSL_CTX_free), unasked_(std::move(unasked)) {
    SSL_CTX_use_certificate(context_.get(), own.x509());
    SSL_CTX_use_PrivateKey(context_.get(), own.key());
  }
  void serve(Connection& connection) {
    const std::unique_ptr<SSL, decltype(&SSL_free)> tls(SSL_new(context_.get()), &SSL_free);
    SSL_set_fd(tls.get(), connection.fd());
    if (SSL_accept(tls.get()) != 1) return;
    if (const char* name = SSL_get_servername(tls.get(), TLSEXT_NAMETYPE_host_name)) asked_for_ = name;
    std::array<char, 4096> bytes{};
    std::string text;
    for (int count = 0; (count = SSL_read(tls.get(), bytes.data(), bytes.size())) > 0;) {
      text.append(bytes.data(), static_cast<std::size_t>(count));
      if (!text.ends_with("{}")) continue;
      requests_ += std::exchange(text, {});
      constexpr std::string_view answer = "HTTP/1.1 201 Created\r\nContent-Length: 2\r\n\r\n[]";
      hold_back(connection, 1);
      SSL_write(tls.get(), answer.data(), answer.size());
      if (!unasked_.empty()) SSL_write(tls.get(), unasked_.data(), static_cast<int>(unasked_.size()));
      hold_back(connection, 0);
    }
  }
  const std::string& requests() const { return requests_; }
  const std::string& asked_for() const { return asked_for_; }

 private:
  static void hold_back(Connection& connection, int on) {
    ::setsockopt(connection.fd(), IPPROTO_TCP, TCP_CORK, &on, sizeof on);
  }

  std::unique_ptr<SSL_CTX, decltype(&SSL_CTX_free)> context_;
  std::string unasked_;
  std::string requests_;
  std::string asked_for_;
};

class TransportTlsTest : public testing::Test {
 protected:
  // What became of `count` requests, one after the other, and what the server saw of them.
  struct Seen {
    std::vector<Exchange> exchanges;
    std::string requests;
    std::string asked_for;
    int connections = 0;
  };
  Seen sent(const Certificate& shown, std::string host = "localhost", int count = 1, std::string unasked = {}) {
    Seen seen;
    Secure secure(shown, std::move(unasked));
    {
      tests::ScriptedServer server([&](Connection& connection, int) {
        ++seen.connections;
        secure.serve(connection);
      });
      seen.exchanges = exchanged({.base = {std::move(host), std::to_string(server.port()), "/base", true}}, count);
    }
    seen.requests = secure.requests();
    seen.asked_for = secure.asked_for();
    return seen;
  }
  std::vector<Exchange> exchanged(TransportOptions options, int count = 1) {
    options.authorities = authority_.pem();
    TransportClient client(std::move(options));
    std::vector<Exchange> exchanges;
    for (int at = 0; at < count; ++at) exchanges.push_back(client.exchange(post("{}")));
    client.transport().close();
    return exchanges;
  }
  void expect_nothing_was_said(const Certificate& shown, std::string host = "localhost") {
    const auto seen = sent(shown, std::move(host));
    const auto* failure = std::get_if<Failure>(&seen.exchanges.at(0));
    ASSERT_NE(failure, nullptr);
    EXPECT_EQ(*failure, Failure::tls_failed);
    EXPECT_EQ(seen.requests, "");
  }

  Certificate authority_{"DNS:authority"};
};

TEST_F(TransportTlsTest, a_server_that_proves_itself_is_used_again_on_the_same_connection) {
  const auto seen = sent(Certificate("DNS:localhost", &authority_), "localhost", 3);
  for (const auto& each : seen.exchanges) {
    ASSERT_TRUE(std::holds_alternative<Reply>(each));
    EXPECT_EQ(std::get<Reply>(each).http_status, 201);
    EXPECT_EQ(std::get<Reply>(each).body, "[]");
  }
  EXPECT_EQ(seen.connections, 1);
  EXPECT_EQ(seen.asked_for, "localhost");
  EXPECT_TRUE(seen.requests.contains("POST /base/vaksin/simpan HTTP/1.1\r\n")) << seen.requests;
}

// It would be taken for the next request's answer.
TEST_F(TransportTlsTest, what_nobody_asked_for_ends_the_connection) {
  const auto seen = sent(Certificate("DNS:localhost", &authority_), "localhost", 3,
                         "HTTP/1.1 409 Conflict\r\nContent-Length: 2\r\n\r\n{}");
  for (const auto& each : seen.exchanges) {
    ASSERT_TRUE(std::holds_alternative<Reply>(each));
    EXPECT_EQ(std::get<Reply>(each).http_status, 201);
  }
  EXPECT_EQ(seen.connections, 3);
}

TEST_F(TransportTlsTest, an_address_is_proved_as_an_address) {
  const auto seen = sent(Certificate("IP:127.0.0.1", &authority_), "127.0.0.1");
  EXPECT_TRUE(std::holds_alternative<Reply>(seen.exchanges.at(0)));
  EXPECT_EQ(seen.asked_for, "") << "an address is no name there";
  expect_nothing_was_said(Certificate("DNS:localhost", &authority_), "127.0.0.1");
}

TEST_F(TransportTlsTest, of_another_name) {
  expect_nothing_was_said(Certificate("DNS:other.test", &authority_));
}
TEST_F(TransportTlsTest, expired) {
  expect_nothing_was_said(Certificate("DNS:localhost", &authority_, -3600));
}
TEST_F(TransportTlsTest, signed_by_itself) {
  expect_nothing_was_said(Certificate("DNS:localhost"));
}
TEST_F(TransportTlsTest, of_another_authority) {
  const Certificate stranger("DNS:stranger");
  expect_nothing_was_said(Certificate("DNS:localhost", &stranger));
}

TEST_F(TransportTlsTest, what_speaks_no_tls_is_told_nothing) {
  std::string seen;
  {
    tests::ScriptedServer server([&](Connection& connection, int) {
      connection.send("HTTP/1.1 201 Created\r\nContent-Length: 0\r\n\r\n");
      seen = connection.request();
    });
    const auto exchanges = exchanged({.base = {"127.0.0.1", std::to_string(server.port()), "", true}});
    EXPECT_EQ(said(exchanges.at(0)), "tls_failed");
  }
  EXPECT_FALSE(seen.contains("x-kdppk"));
}

// End to end: the certificate is the destination's, asked for and proved by its name, and the proxy sees none of it.
TEST_F(TransportTlsTest, through_a_proxy_the_destination_proves_itself) {
  const struct {
    const char* shown_for;
    const char* becomes;
  } rows[] = {{"DNS:api.invalid", "201"}, {"IP:127.0.0.1", "tls_failed"}};  // the other one is the proxy's own
  for (const auto& row : rows) {
    std::string asked;
    Secure secure(Certificate(row.shown_for, &authority_));
    {
      tests::ScriptedServer proxy([&](Connection& connection, int) {
        asked += connection.request();
        connection.send("HTTP/1.1 200 Connection established\r\n\r\n");
        secure.serve(connection);
      });
      const auto exchanges = exchanged(
          {.base = {"api.invalid", "443", "/base", true}, .proxy = Proxy{"127.0.0.1", std::to_string(proxy.port())}},
          2);
      for (const auto& each : exchanges) EXPECT_EQ(said(each), row.becomes);
    }
    EXPECT_TRUE(asked.starts_with("CONNECT api.invalid:443 HTTP/1.1\r\n")) << asked;
    EXPECT_EQ(asked.contains("x-kdppk"), false) << asked;
    const bool proves_itself = row.becomes == std::string_view("201");
    EXPECT_EQ(secure.asked_for(), proves_itself ? "api.invalid" : "");
    EXPECT_EQ(secure.requests().empty(), !proves_itself);
  }
}

TEST_F(TransportTlsTest, authorities_that_are_none_are_named) {
  EXPECT_EQ(authorities_complaint(authority_.pem()), "");
  EXPECT_NE(authorities_complaint(""), "");
  EXPECT_NE(authorities_complaint("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"), "");
}

}  // namespace
}  // namespace titip::client
