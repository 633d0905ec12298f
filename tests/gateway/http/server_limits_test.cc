// The server's limits: each is met by a client that tries.
#include "tests/gateway/http/server_fixture.h"

namespace titip::http {
namespace {

TEST_F(ServerTest, an_address_has_its_share_of_connections) {
  options_.connections_per_address = 2;
  start();
  auto first = std::make_unique<Client>(port_);
  Client second(port_);
  EXPECT_TRUE(first->exchange(get("/")).contains("200 OK"));
  EXPECT_TRUE(second.exchange(get("/")).contains("200 OK"));
  EXPECT_EQ(Client(port_).rest(), "") << "closed at once";
  first.reset();
  ASSERT_TRUE(connections_become(1));
  EXPECT_TRUE(Client(port_).exchange(get("/")).contains("200 OK"));
  second.socket().close();
  ASSERT_TRUE(connections_become(0));
  EXPECT_TRUE(registry_.expose().contains(R"(reason="too_many_from_address"} 1)"));
}

// A body is counted from its announcement to the end of its answer, and then given back.
TEST_F(ServerTest, bodies_in_memory_have_a_bound) {
  options_.in_flight_bytes = 1000;
  options_.budget = std::make_shared<Budget>();
  start();
  Client slow(port_);
  slow.send("POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: 900\r\n\r\n");
  ASSERT_TRUE(eventually([&] { return options_.budget->bytes() == 900; }));
  const auto refused = Client(port_).exchange(post(std::string(200, 'a')));
  EXPECT_TRUE(refused.starts_with("HTTP/1.1 503 ")) << refused;
  EXPECT_TRUE(refused.contains("\r\nRetry-After: 5\r\n")) << refused;
  EXPECT_TRUE(refused.contains("\r\nConnection: close\r\n")) << refused;
  EXPECT_TRUE(Client(port_).exchange(get("/")).contains("200 OK")) << "what has no body is served";
  slow.send(std::string(900, 'b'));
  EXPECT_TRUE(slow.reply().contains("200 OK"));
  EXPECT_TRUE(eventually([&] { return options_.budget->bytes() == 0; }));
  EXPECT_TRUE(Client(port_).exchange(post(std::string(200, 'a'))).contains("200 OK"));
}

TEST_F(ServerTest, a_body_that_never_comes_gives_its_bytes_back) {
  options_.budget = std::make_shared<Budget>();
  start();
  {
    Client client(port_);
    client.send("POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: 900\r\n\r\n");
    ASSERT_TRUE(eventually([&] { return options_.budget->bytes() == 900; }));
    EXPECT_EQ(options_.budget->addresses(), 1U);
  }
  ASSERT_TRUE(connections_become(0));
  EXPECT_EQ(options_.budget->bytes(), 0U);
  EXPECT_EQ(options_.budget->addresses(), 0U);
}

TEST_F(ServerTest, a_body_that_trickles_is_refused) {
  options_.body_grace = 300ms;
  options_.body_rate = 1000;
  start();
  Client client(port_);
  client.send("POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: 100000\r\n\r\nabc");
  const auto reply = client.reply();
  EXPECT_TRUE(reply.starts_with("HTTP/1.1 408 ")) << reply;
  EXPECT_TRUE(reply.ends_with("body_too_slow")) << reply;
  EXPECT_EQ(client.rest(), "");
}

TEST_F(ServerTest, what_can_become_no_request_is_refused_at_once) {
  start();
  Client client(port_);
  client.send("\x16\x03\x01");
  EXPECT_TRUE(client.reply().ends_with("request_line"));
  EXPECT_EQ(client.rest(), "");
}

}  // namespace
}  // namespace titip::http
