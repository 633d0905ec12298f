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

constexpr std::uint64_t uncounted = 4'096;  // of each body
const std::string large(10'000, 'a');

std::string beginning(std::uint64_t announced) {
  return fmt::format("POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: {}\r\n\r\n", announced);
}

// Has some large body half sent; what another large one is answered meanwhile.
class HalfSentTest : public ServerTest {
 protected:
  std::string beside_it() {
    options_.budget = std::make_shared<Budget>();
    start();
    slow_.emplace(port_);
    slow_->send(beginning(12'000) + std::string(9'000, 'b'));
    EXPECT_TRUE(eventually([&] { return options_.budget->bytes() == 9'000 - uncounted; }));
    return Client(port_).exchange(post(large));
  }
  std::string the_rest() {
    slow_->send(std::string(3'000, 'b'));
    return slow_->reply();
  }
  std::optional<Client> slow_;
};

// A body is counted as it comes, to the end of its answer, and then given back.
TEST_F(HalfSentTest, bodies_in_memory_have_a_bound) {
  options_.in_flight_bytes = 10'000;
  const auto refused = beside_it();
  EXPECT_TRUE(refused.starts_with("HTTP/1.1 503 ")) << refused;
  EXPECT_TRUE(refused.ends_with("too_many_bytes")) << refused;
  EXPECT_TRUE(refused.contains("\r\nRetry-After: 5\r\n")) << refused;
  EXPECT_TRUE(refused.contains("\r\nConnection: close\r\n")) << refused;
  EXPECT_TRUE(Client(port_).exchange(get("/")).contains("200 OK")) << "what has no body is served";
  EXPECT_TRUE(Client(port_).exchange(post(std::string(uncounted, 'a'))).contains("200 OK")) << "so is what is small";
  EXPECT_TRUE(the_rest().contains("200 OK"));
  EXPECT_TRUE(eventually([&] { return options_.budget->bytes() == 0; }));
  EXPECT_TRUE(Client(port_).exchange(post(large)).contains("200 OK"));
}

TEST_F(ServerTest, what_is_announced_and_does_not_come_is_not_counted) {
  options_.in_flight_bytes = 20'000;
  options_.budget = std::make_shared<Budget>();
  start();
  std::vector<std::unique_ptr<Client>> tricklers;
  for (int each = 0; each < 20; ++each) {
    tricklers.push_back(std::make_unique<Client>(port_));
    tricklers.back()->send(beginning(500'000) + "a");
  }
  ASSERT_TRUE(connections_become(tricklers.size()));
  EXPECT_TRUE(Client(port_).exchange(post(large)).contains("200 OK"));
  EXPECT_TRUE(eventually([&] { return options_.budget->bytes() == 0; }));
}

TEST_F(HalfSentTest, an_address_has_its_share_of_the_memory) {
  options_.in_flight_bytes_per_address = 10'000;
  const auto refused = beside_it();
  EXPECT_TRUE(refused.starts_with("HTTP/1.1 503 ")) << refused;
  EXPECT_TRUE(refused.ends_with("too_many_bytes_from_address")) << refused;
  EXPECT_TRUE(the_rest().contains("200 OK"));
  EXPECT_TRUE(eventually([&] { return options_.budget->share("127.0.0.1")->bytes() == 0; }));
}

TEST_F(ServerTest, a_request_alone_is_never_too_much) {
  options_.in_flight_bytes = 10'000;
  options_.in_flight_bytes_per_address = 5'000;
  start();
  EXPECT_TRUE(Client(port_).exchange(post(std::string(400'000, 'a'))).contains("200 OK"));
}

TEST_F(ServerTest, a_body_that_never_comes_gives_its_bytes_back) {
  options_.budget = std::make_shared<Budget>();
  start();
  {
    Client client(port_);
    client.send(beginning(9'000) + std::string(8'000, 'b'));
    ASSERT_TRUE(eventually([&] { return options_.budget->bytes() == 8'000 - uncounted; }));
    EXPECT_EQ(options_.budget->clients(), 1U);
  }
  ASSERT_TRUE(connections_become(0));
  EXPECT_TRUE(eventually([&] { return options_.budget->clients() == 0; }));
  EXPECT_EQ(options_.budget->bytes(), 0U);
}

TEST_F(ServerTest, who_stays_silent_and_who_takes_no_answer_are_counted) {
  options_.idle = 300ms;
  options_.write_deadline = 300ms;
  handler_ = [](const Request&, Responder respond) {
    Response response;
    response.content_type = "text/plain";
    response.body.assign(32U << 20U, 'a');  // more than the kernel's buffers take
    respond(std::move(response));
  };
  start();
  Client silent(port_);
  Client deaf(port_);
  deaf.send(get("/"));
  EXPECT_EQ(silent.rest(), "");
  EXPECT_TRUE(connections_become(0));
  EXPECT_TRUE(registry_.expose().contains(R"(reason="idle"} 1)"));
  EXPECT_TRUE(registry_.expose().contains(R"(reason="answer_not_taken"} 1)"));
}

TEST_F(ServerTest, a_request_has_a_name_of_its_own) {
  handler_ = [](const Request& request, Responder respond) {
    Response response;
    response.content_type = "text/plain";
    response.body = request.id;
    respond(std::move(response));
  };
  start();
  const auto name = [](const std::string& reply) {
    const auto at = reply.find("\r\nX-Request-Id: ");
    return at == std::string::npos ? std::string() : reply.substr(at + 16, 13);
  };
  Client client(port_);
  const auto first = client.exchange(get("/", "X-Request-Id: chosen-by-a-stranger\r\n"));
  EXPECT_EQ(name(first).size(), 13U) << first;
  EXPECT_TRUE(first.ends_with(name(first))) << "the handler's is the same: " << first;
  EXPECT_FALSE(first.contains("chosen-by-a-stranger"));
  EXPECT_NE(name(client.exchange(get("/"))), name(first));
  const auto refused = client.exchange("GET / HTTP/1.1\r\n\r\n");
  EXPECT_TRUE(refused.starts_with("HTTP/1.1 400 "));
  EXPECT_EQ(name(refused).size(), 13U) << "what is no request has one too: " << refused;
  EXPECT_NE(name(refused), name(first));
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
