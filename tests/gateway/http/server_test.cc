#include "tests/gateway/http/server_fixture.h"

namespace titip::http {
namespace {

TEST_F(ServerTest, keeps_the_connection_for_request_after_request) {
  start();
  Client client(port_);
  for (int i = 0; i < 3; ++i) {
    const auto reply = client.exchange(get(fmt::format("/{}?q", i)));
    EXPECT_TRUE(reply.starts_with("HTTP/1.1 200 OK\r\n")) << reply;
    EXPECT_TRUE(reply.ends_with(fmt::format("\r\n\r\nGET /{}?q []", i))) << reply;
    EXPECT_TRUE(reply.contains("\r\nDate: ")) << reply;
    EXPECT_FALSE(reply.contains("Connection: close")) << reply;
  }
  EXPECT_EQ(server_->connections(), 1U);
}

TEST_F(ServerTest, answers_two_requests_of_one_segment_in_order) {
  start();
  Client client(port_);
  client.send(post("first") + get("/second") + post("third"));
  EXPECT_TRUE(client.reply().ends_with("POST /x [first]"));
  EXPECT_TRUE(client.reply().ends_with("GET /second []"));
  EXPECT_TRUE(client.reply().ends_with("POST /x [third]"));
}

// The second request must not overtake an answer that takes its time.
TEST_F(ServerTest, a_pipelined_request_waits_for_the_answer_before_it) {
  std::vector<Responder> waiting;
  std::atomic<int> handled = 0;
  handler_ = [&](const Request&, Responder respond) {
    ++handled;
    waiting.push_back(std::move(respond));
  };
  start();
  Client client(port_);
  client.send(get("/1") + get("/2"));
  ASSERT_TRUE(eventually([&] { return handled == 1; }));
  std::this_thread::sleep_for(50ms);
  EXPECT_EQ(handled, 1);
  on_loop([&] { waiting[0]({.status = 201, .content_type = {}, .headers = {}, .body = "one"}); });
  EXPECT_TRUE(client.reply().contains(" 201 "));
  ASSERT_TRUE(eventually([&] { return handled == 2; }));
  on_loop([&] { waiting[1]({.status = 202, .content_type = {}, .headers = {}, .body = "two"}); });
  EXPECT_TRUE(client.reply().contains(" 202 "));
  on_loop([&] { waiting.clear(); });
}

TEST_F(ServerTest, a_request_may_arrive_byte_by_byte) {
  start();
  Client client(port_);
  for (const char byte : post("slow but sure")) {
    client.send({&byte, 1});
    if (byte == '\r') std::this_thread::sleep_for(1ms);
  }
  EXPECT_TRUE(client.reply().ends_with("POST /x [slow but sure]"));
}

TEST_F(ServerTest, a_large_body_arrives_whole) {
  std::string body(200'000, 'x');
  body += std::string("\0\r\n\r\nGET / HTTP/1.1\r\n", 21);
  handler_ = [&](const Request& request, Responder respond) {
    respond({.status = request.body == body ? 200 : 500, .content_type = {}, .headers = {}, .body = {}});
  };
  start();
  Client client(port_);
  EXPECT_TRUE(client.exchange(post(body)).starts_with("HTTP/1.1 200 "));
}

TEST_F(ServerTest, says_continue_to_those_who_wait_for_it) {
  start();
  Client client(port_);
  client.send("POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n");
  EXPECT_EQ(client.reply(), "HTTP/1.1 100 Continue\r\n\r\n");
  EXPECT_TRUE(client.exchange("hello").ends_with("POST /x [hello]"));
}

TEST_F(ServerTest, says_no_continue_when_the_body_is_there_or_too_large) {
  options_.body_bytes = 10;
  start();
  Client there(port_);
  EXPECT_TRUE(there.exchange(post("hello", "Expect: 100-continue\r\n")).starts_with("HTTP/1.1 200 "));
  Client large(port_);
  large.send("POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: 11\r\nExpect: 100-continue\r\n\r\n");
  EXPECT_TRUE(large.reply().starts_with("HTTP/1.1 413 "));
}

TEST_F(ServerTest, head_has_the_length_and_no_body) {
  start();
  Client client(port_);
  client.send("HEAD /x HTTP/1.1\r\nHost: a\r\n\r\n" + get("/after"));
  const auto reply = client.reply(false);
  EXPECT_TRUE(reply.contains("Content-Length: 10\r\n")) << reply;
  EXPECT_TRUE(client.reply().ends_with("\r\n\r\nGET /after []")) << "the body of HEAD was sent";
}

TEST_F(ServerTest, an_answer_without_content_has_no_length) {
  handler_ = [](const Request&, Responder respond) {
    respond({.status = 204, .content_type = {}, .headers = {}, .body = {}});
  };
  start();
  Client client(port_);
  const auto reply = client.exchange(get("/"));
  EXPECT_TRUE(reply.starts_with("HTTP/1.1 204 No Content\r\n"));
  EXPECT_FALSE(reply.contains("Content-Length")) << reply;
}

// Whatever is wrong: one answer, then the end of the connection, and nothing behind it is served.
TEST_F(ServerTest, a_fault_is_answered_and_the_connection_closed) {
  options_.body_bytes = 100;
  std::atomic<int> handled = 0;
  const auto echo = handler_;
  handler_ = [&, echo](Request request, Responder respond) {
    ++handled;
    echo(std::move(request), std::move(respond));
  };
  start();
  struct Row {
    const char* name;
    std::string request;
    const char* status;
    const char* reason;
  };
  const Row rows[] = {
      {"guard", "GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", "400", "two_hosts"},
      {"smuggling", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
       "411", "transfer_encoding"},
      {"body too large", post(std::string(101, 'x')), "413", "body_too_large"},
      {"header too large and endless", "GET / HTTP/1.1\r\nHost: a\r\nX: " + std::string(20'000, 'x'), "431",
       "header_too_large"},
      {"not HTTP", "\x16\x03\x01\x02 hello\r\n\r\n", "400", "request_line"},
  };
  for (const auto& row : rows) {
    Client client(port_);
    client.send(row.request + get("/behind"));
    const auto all = client.rest();
    ASSERT_TRUE(all) << row.name << ": the connection stays open";
    EXPECT_TRUE(all->starts_with(fmt::format("HTTP/1.1 {} ", row.status))) << row.name << ": " << *all;
    EXPECT_TRUE(all->contains("Connection: close\r\n")) << row.name << ": " << *all;
    EXPECT_TRUE(all->ends_with(row.reason)) << row.name << ": " << *all;
  }
  EXPECT_EQ(handled, 0);
  EXPECT_TRUE(registry_.expose().contains(R"(titip_http_refused_total{listener="front",reason="two_hosts"} 1)"));
}

TEST_F(ServerTest, closes_when_asked_to) {
  start();
  Client client(port_);
  client.send(get("/", "Connection: close\r\n") + get("/behind"));
  const auto all = client.rest();
  ASSERT_TRUE(all);
  EXPECT_TRUE(all->contains("Connection: close\r\n"));
  EXPECT_TRUE(all->ends_with("GET / []"));
}

TEST_F(ServerTest, an_idle_connection_is_closed_without_a_word) {
  options_.idle = 100ms;
  start();
  Client client(port_);
  EXPECT_EQ(client.rest(), "");
  Client after_one(port_);
  EXPECT_TRUE(after_one.exchange(get("/")).starts_with("HTTP/1.1 200 "));
  EXPECT_EQ(after_one.rest(), "");
}

TEST_F(ServerTest, a_header_that_takes_too_long_is_told_so) {
  options_.header_deadline = 100ms;
  start();
  Client client(port_);
  client.send("GET / HTTP/1.1\r\nHo");
  const auto all = client.rest();
  ASSERT_TRUE(all);
  EXPECT_TRUE(all->starts_with("HTTP/1.1 408 ")) << *all;
}

// A drip of bytes does not win time: the deadline is absolute.
TEST_F(ServerTest, a_body_that_takes_too_long_is_told_so) {
  options_.body_deadline = 300ms;
  start();
  Client client(port_);
  client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1000\r\n\r\n");
  std::jthread drip([&](const std::stop_token& stop) {
    while (!stop.stop_requested()) {
      boost::system::error_code ignored;
      asio::write(client.socket(), asio::buffer("x", 1), ignored);
      std::this_thread::sleep_for(20ms);
    }
  });
  const auto reply = client.reply();
  EXPECT_TRUE(reply.starts_with("HTTP/1.1 408 ")) << reply;
}

// The rest of a request that was given up must not be taken for a new one.
TEST_F(ServerTest, what_comes_after_a_time_out_is_not_served) {
  options_.header_deadline = 100ms;
  std::atomic<int> handled = 0;
  handler_ = [&](const Request&, Responder respond) {
    ++handled;
    respond({});
  };
  start();
  for (const auto& late : {get("/late") + get("/later"), "lf HTTP/1.1\r\nHost: a\r\n\r\n" + get("/later")}) {
    Client client(port_);
    client.send("GET /ha");
    EXPECT_TRUE(client.reply().starts_with("HTTP/1.1 408 "));
    client.send(late);
    EXPECT_EQ(client.rest(), "");
    EXPECT_TRUE(connections_become(0));  // only then has the server seen all that came
    EXPECT_EQ(handled, 0) << late;
  }
}

TEST_F(ServerTest, an_answer_nobody_takes_is_given_up) {
  options_.write_deadline = 100ms;
  handler_ = [](const Request&, Responder respond) {
    respond({.status = 200, .content_type = {}, .headers = {}, .body = std::string(64U << 20U, 'x')});
  };
  start();
  Client client(port_);
  client.send(get("/"));
  EXPECT_TRUE(connections_become(1));
  EXPECT_TRUE(connections_become(0));
}

TEST_F(ServerTest, a_responder_that_dies_unanswered_closes_the_connection) {
  handler_ = [](const Request&, const Responder&) {};
  start();
  Client client(port_);
  client.send(get("/"));
  EXPECT_EQ(client.rest(), "") << "nobody knows what happened, so nothing may be said";
  EXPECT_TRUE(connections_become(0));
}

TEST_F(ServerTest, more_connections_than_allowed_are_closed) {
  options_.connections = 2;
  start();
  Client one(port_);
  Client two(port_);
  ASSERT_TRUE(connections_become(2));
  {
    Client three(port_);
    EXPECT_EQ(three.rest(), "");
  }
  EXPECT_TRUE(one.exchange(get("/")).starts_with("HTTP/1.1 200 "));
  one.socket().close();
  ASSERT_TRUE(connections_become(1));
  Client four(port_);
  EXPECT_TRUE(four.exchange(get("/")).starts_with("HTTP/1.1 200 "));
}

TEST_F(ServerTest, stop_closes_idle_connections_and_lets_answers_finish) {
  std::optional<Responder> waiting;
  std::atomic<bool> handled = false;
  handler_ = [&](const Request& request, Responder respond) {
    if (request.target == "/quick") return respond({});
    waiting.emplace(std::move(respond));
    handled = true;
  };
  start();
  Client idle(port_);
  Client used(port_);
  EXPECT_TRUE(used.exchange(get("/quick")).starts_with("HTTP/1.1 200 "));
  Client busy(port_);
  busy.send(get("/slow"));
  ASSERT_TRUE(eventually([&] { return handled.load(); }));
  ASSERT_TRUE(connections_become(3));
  on_loop([this] { server_->stop(); });
  EXPECT_EQ(idle.rest(), "");
  EXPECT_EQ(used.rest(), "");
  EXPECT_TRUE(connections_become(1));
  on_loop([&] {
    (*waiting)({.status = 201, .content_type = {}, .headers = {}, .body = "done"});
    waiting.reset();
  });
  const auto all = busy.rest();
  ASSERT_TRUE(all);
  EXPECT_TRUE(all->starts_with("HTTP/1.1 201 ")) << *all;
  EXPECT_TRUE(all->contains("Connection: close\r\n"));
  EXPECT_TRUE(all->ends_with("done"));
  EXPECT_TRUE(connections_become(0));
  boost::system::error_code refused;
  tcp::socket late(context_);
  late.connect({asio::ip::address_v4::loopback(), port_}, refused);
  EXPECT_TRUE(refused);
}

// The answer was on its way when the stop came: the connection must not idle on.
TEST_F(ServerTest, stop_while_an_answer_is_being_written_closes_after_it) {
  constexpr std::size_t size = 16U << 20U;  // more than the sockets' buffers take
  handler_ = [](const Request&, Responder respond) {
    respond({.status = 200, .content_type = {}, .headers = {}, .body = std::string(size, 'x')});
  };
  start();
  Client client(port_);
  client.send(get("/"));
  std::this_thread::sleep_for(50ms);
  on_loop([this] { server_->stop(); });
  const auto all = client.rest();
  ASSERT_TRUE(all) << "the connection stays open";
  EXPECT_GT(all->size(), size);
  EXPECT_TRUE(connections_become(0));
}

TEST_F(ServerTest, abort_closes_what_is_left) {
  std::vector<Responder> waiting;
  std::atomic<bool> handled = false;
  handler_ = [&](const Request&, Responder respond) {
    waiting.push_back(std::move(respond));
    handled = true;
  };
  start();
  Client client(port_);
  client.send(get("/"));
  ASSERT_TRUE(eventually([&] { return handled.load(); }));
  on_loop([&] {
    server_->stop();
    server_->abort();
  });
  EXPECT_EQ(client.rest(), "");
  on_loop([&] { waiting.clear(); });
  EXPECT_TRUE(connections_become(0));
}

TEST_F(ServerTest, says_why_it_cannot_listen) {
  start();
  Server second(context_, options_, handler_, probes_, clock_);
  const auto taken = second.listen("127.0.0.1", port_, false);
  ASSERT_FALSE(taken);
  EXPECT_TRUE(taken.error().contains(fmt::format("127.0.0.1:{}", port_))) << taken.error();
  Server third(context_, options_, handler_, probes_, clock_);
  const auto nonsense = third.listen("localhost", 0, false);
  ASSERT_FALSE(nonsense);
  EXPECT_EQ(nonsense.error(), "'localhost' is not an IP address");
}

TEST_F(ServerTest, requests_are_counted_and_their_sender_known) {
  handler_ = [](const Request& request, Responder respond) {
    Response response;
    response.body = request.remote_address;
    response.route = "vaksin/simpan";
    respond(std::move(response));
  };
  start();
  Client client(port_);
  EXPECT_TRUE(client.exchange(get("/")).ends_with("127.0.0.1"));
  EXPECT_TRUE(eventually([&] {
    return registry_.expose().contains(
        R"(titip_http_requests_total{code="200",listener="front",method="GET",route="vaksin/simpan"} 1)");
  }));
}

}  // namespace
}  // namespace titip::http
