// A listener behind proxies, over real sockets: whom it believes, and what it counts by.
#include <gtest/gtest.h>

#include "tests/gateway/http/tls_client.h"

namespace titip::http {
namespace {

using namespace std::string_literals;
using tests::Certificate;

constexpr std::string_view line = "PROXY TCP4 192.0.2.7 198.51.100.1 56324 443\r\n";
const auto second = "\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x13\xc0\0\x02\x09\xc6\x33\x64\x01\x12\x34\x01\xbb\x04\0\x04pad!"s;
const auto look = "\r\n\r\n\0\r\nQUIT\n\x20\0\0\0"s;

class ServerProxyTest : public ServerTest {
 protected:
  ServerProxyTest() {
    handler_ = [](const Request& request, Responder respond) {
      const auto* by = request.address_by == AddressBy::connection ? "connection"
                       : request.address_by == AddressBy::proxy    ? "proxy"
                                                                   : "nobody";
      respond({200, "text/plain", {}, fmt::format("<{} by {}>", request.remote_address, by)});
    };
  }
  void begin(std::string_view trusted, bool sends_header) {
    options_.proxies.trusted = {*Network::parse(trusted)};
    options_.proxies.send_header = sends_header;
    start();
  }
  static std::string said(const std::string& reply) {
    const auto at = reply.find('<');
    return at == std::string::npos ? reply : reply.substr(at);
  }
  bool has_refused(std::string_view reason, int times = 1) {
    return eventually([&] { return registry_.expose().contains(fmt::format("reason=\"{}\"}} {}", reason, times)); });
  }
  // What is answered to these bytes, said all at once.
  std::string answer(std::string_view bytes) {
    Client client(port_);
    client.send(bytes);
    return said(client.reply());
  }
};

TEST_F(ServerProxyTest, a_proxys_header_says_whose_the_connection_is) {
  begin("127.0.0.1", true);
  EXPECT_EQ(answer(std::string(line) + get("/")), "<192.0.2.7 by proxy>");
  EXPECT_EQ(answer(second + get("/")), "<192.0.2.9 by proxy>");
  EXPECT_EQ(answer(look + get("/")), "<127.0.0.1 by nobody>") << "a look at whether we live";
  EXPECT_EQ(answer("PROXY UNKNOWN\r\n" + get("/")), "<127.0.0.1 by nobody>");
  EXPECT_EQ(answer("PROXY TCP4 127.0.0.1 127.0.0.1 1 1\r\n" + get("/")), "<127.0.0.1 by nobody>");
  EXPECT_EQ(answer(std::string(line) + get("/", "X-Forwarded-For: 10.20.0.1\r\nForwarded: for=10.20.0.1\r\n")),
            "<192.0.2.7 by proxy>")
      << "a field is anybody's word there";
}

TEST_F(ServerProxyTest, it_may_come_byte_by_byte_and_counts_for_all_requests) {
  begin("127.0.0.1", true);
  Client client(port_);
  for (const char each : line) client.send({&each, 1});
  EXPECT_EQ(said(client.exchange(get("/"))), "<192.0.2.7 by proxy>");
  EXPECT_EQ(said(client.exchange(get("/"))), "<192.0.2.7 by proxy>");
  EXPECT_TRUE(client.exchange(std::string(line) + get("/")).starts_with("HTTP/1.1 505 "))
      << "said again it is no request";
}

TEST_F(ServerProxyTest, what_is_no_header_is_closed_without_a_word) {
  begin("127.0.0.1", true);
  for (const auto& bytes : {get("/"), "PROXY TCP4 192.0.2.1\r\n and nothing else"s, "\x16\x03\x01"s}) {
    Client client(port_);
    client.send(bytes);
    EXPECT_EQ(client.rest(), "") << bytes;
  }
  EXPECT_TRUE(has_refused("proxy_header", 3));
  Client cut(port_);
  cut.send("PROXY TC");
  cut.socket().shutdown(tcp::socket::shutdown_send);
  EXPECT_EQ(cut.rest(), "");
  EXPECT_TRUE(has_refused("proxy_header", 4));
  Client silent(port_);
  silent.socket().shutdown(tcp::socket::shutdown_send);
  EXPECT_EQ(silent.rest(), "");
  EXPECT_TRUE(connections_become(0));
  EXPECT_TRUE(has_refused("proxy_header", 4)) << "who says nothing looks whether somebody listens";
}

TEST_F(ServerProxyTest, a_header_has_the_deadline_of_a_header) {
  options_.header_deadline = 300ms;
  begin("127.0.0.1", true);
  Client slow(port_);
  slow.send("PROXY TCP4 192.0.2.1 ");
  EXPECT_EQ(slow.rest(), "");
  EXPECT_TRUE(has_refused("proxy_header_timeout"));
}

TEST_F(ServerProxyTest, whoever_is_no_trusted_proxy_may_send_none) {
  begin("192.0.2.0/24", true);
  Client client(port_);
  client.send(std::string(line) + get("/"));
  EXPECT_EQ(client.rest(), "");
  EXPECT_TRUE(has_refused("proxy_untrusted"));
}

TEST_F(ServerProxyTest, tls_begins_where_the_header_ends) {
  const Certificate authority("DNS:authority");
  const Certificate own("DNS:localhost", &authority);
  const auto tls = std::make_shared<Tls>();
  ASSERT_TRUE(tls->use({own.pem(), own.key_pem()}));
  options_.tls = tls;
  begin("127.0.0.1", true);
  for (const auto& first : {std::string(line), second}) {
    TlsClient client(port_, authority, {.first = first});
    ASSERT_TRUE(client.is_connected());
    client.send(get("/"));
    EXPECT_TRUE(client.until(">").contains(" by proxy>"));
  }
  EXPECT_FALSE(TlsClient(port_, authority).is_connected()) << "without a header";
  EXPECT_TRUE(has_refused("proxy_header"));
}

TEST_F(ServerProxyTest, connections_are_counted_by_the_clients_address) {
  options_.connections_per_address = 2;
  begin("127.0.0.1", true);
  const auto from = [](std::string_view address) { return fmt::format("PROXY TCP4 {} 10.0.0.1 1 1\r\n", address); };
  {
    Client one(port_);
    Client two(port_);
    Client third(port_);
    Client other(port_);
    EXPECT_TRUE(one.exchange(from("192.0.2.1") + get("/")).contains("200"));
    EXPECT_TRUE(two.exchange(from("192.0.2.1") + get("/")).contains("200"));
    third.send(from("192.0.2.1") + get("/"));
    EXPECT_EQ(third.rest(), "");
    EXPECT_TRUE(has_refused("too_many_from_address"));
    EXPECT_TRUE(other.exchange(from("192.0.2.2") + get("/")).contains("200"));
    for (int each = 0; each < 3; ++each)
      EXPECT_EQ(answer(look + get("/")), "<127.0.0.1 by nobody>") << "the proxy itself has no share";
  }
  EXPECT_TRUE(connections_become(0));
  Client again(port_);
  EXPECT_TRUE(again.exchange(from("192.0.2.1") + get("/")).contains("200")) << "what is gone counts no more";
}

// What stands in the place of a share of its own.
TEST_F(ServerProxyTest, a_trusted_proxys_connections_count_among_all_and_silent_ones_end) {
  options_.connections = 2;
  options_.connections_per_address = 1;
  options_.header_deadline = 300ms;
  begin("127.0.0.1", true);
  Client silent(port_);
  Client half(port_);
  half.send("PROXY TCP4 192.0.2.1 ");
  ASSERT_TRUE(connections_become(2));
  EXPECT_EQ(Client(port_).rest(), "") << "closed at once";
  EXPECT_TRUE(has_refused("too_many_connections"));
  EXPECT_EQ(silent.rest(), "");
  EXPECT_EQ(half.rest(), "");
  EXPECT_TRUE(has_refused("proxy_header_timeout", 2));
  EXPECT_EQ(answer(std::string(line) + get("/")), "<192.0.2.7 by proxy>") << "there is room again";
}

TEST_F(ServerProxyTest, a_trusted_proxys_field_says_whose_a_request_is) {
  options_.connections_per_address = 1;
  begin("127.0.0.0/8", false);
  Client client(port_);
  EXPECT_EQ(said(client.exchange(get("/", "X-Forwarded-For: 10.20.0.9, 192.0.2.1\r\n"))), "<192.0.2.1 by proxy>");
  EXPECT_EQ(said(client.exchange(get("/", "X-Forwarded-For: 192.0.2.2, 127.0.0.9\r\n"))), "<192.0.2.2 by proxy>");
  EXPECT_EQ(said(client.exchange(get("/"))), "<127.0.0.1 by nobody>") << "nothing of the request before it";
  EXPECT_EQ(answer(get("/", "X-Forwarded-For: 192.0.2.3\r\n")), "<192.0.2.3 by proxy>") << "for others, uncounted";
}

TEST_F(ServerProxyTest, a_trusted_proxy_may_have_named_the_request) {
  begin("127.0.0.0/8", false);
  Client client(port_);
  EXPECT_TRUE(client.exchange(get("/", "X-Request-Id: edge-7\r\n")).contains("\r\nX-Request-Id: edge-7\r\n"));
  EXPECT_FALSE(client.exchange(get("/", "X-Request-Id: a b\r\n")).contains("a b")) << "not what may be no name";
}

TEST_F(ServerProxyTest, behind_the_proxy_protocol_the_client_writes_the_fields) {
  begin("127.0.0.1", true);
  Client client(port_);
  EXPECT_FALSE(
      client.exchange(std::string(line) + get("/", "X-Request-Id: edge-7\r\n")).contains("\r\nX-Request-Id: edge-7"));
}

// By a field whose they are: none of what one client sends through the proxy hinders another.
TEST_F(ServerProxyTest, bodies_are_counted_by_the_clients_address) {
  options_.in_flight_bytes_per_address = 10'000;
  options_.budget = std::make_shared<Budget>();
  begin("127.0.0.0/8", false);
  const auto from = [](std::string_view address) { return fmt::format("X-Forwarded-For: {}\r\n", address); };
  const std::string large(10'000, 'a');
  Client slow(port_);
  slow.send("POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: 12000\r\n" + from("2001:db8::1") + "\r\n" +
            std::string(9'000, 'b'));
  ASSERT_TRUE(eventually([&] { return options_.budget->bytes() > 0; }));
  EXPECT_TRUE(Client(port_).exchange(post(large, from("2001:db8::2"))).starts_with("HTTP/1.1 503 ")) << "one /64";
  EXPECT_TRUE(Client(port_).exchange(post(large, from("2001:db8:0:1::2"))).contains("200 OK"));
  EXPECT_TRUE(Client(port_).exchange(post(large)).contains("200 OK")) << "the proxy's own is nobody's";
}

TEST_F(ServerProxyTest, nobody_elses_field_says_anything) {
  begin("192.0.2.0/24", false);
  EXPECT_EQ(answer(get("/", "X-Forwarded-For: 10.20.0.9\r\nForwarded: for=10.20.0.9\r\nX-Real-IP: 10.20.0.9\r\n")),
            "<127.0.0.1 by connection>");
  Client header(port_);
  EXPECT_TRUE(header.exchange(std::string(line) + get("/")).starts_with("HTTP/1.1 505 ")) << "it is no request here";
}

TEST_F(ServerProxyTest, an_orderly_stop_waits_for_no_header) {
  begin("127.0.0.1", true);
  Client silent(port_);
  ASSERT_TRUE(connections_become(1));
  on_loop([this] { server_->stop(); });
  EXPECT_EQ(silent.rest(), "");
}

}  // namespace
}  // namespace titip::http
