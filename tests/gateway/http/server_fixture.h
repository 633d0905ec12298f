// A listener on a real loopback socket: its loop on a thread of its own, a blocking client in the test's.
#pragma once

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/write.hpp>

#include <future>
#include <optional>
#include <thread>

#include "gateway/http/server.h"

namespace titip::http {

namespace asio = boost::asio;
using asio::ip::tcp;
using namespace std::chrono_literals;

// Speaks bytes, not HTTP: what a test sends is what arrives.
class Client {
 public:
  explicit Client(std::uint16_t port) : socket_(context_) {
    socket_.connect({asio::ip::address_v4::loopback(), port});
    socket_.set_option(tcp::no_delay(true));
    const timeval patience{.tv_sec = 10, .tv_usec = 0};
    ::setsockopt(socket_.native_handle(), SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  }

  void send(std::string_view bytes) {
    boost::system::error_code ignored;  // the server may have hung up, which the reply will tell
    asio::write(socket_, asio::buffer(bytes), ignored);
  }

  // One reply with its body; empty at the end of the connection.
  std::string reply(bool has_body = true) {
    while (!received_.contains("\r\n\r\n"))
      if (!more()) return {};
    const auto head = received_.find("\r\n\r\n") + 4;
    std::size_t length = 0;
    if (const auto at = received_.find("Content-Length: "); at < head && has_body)
      length = std::stoul(received_.substr(at + 16));
    while (received_.size() < head + length)
      if (!more()) return {};
    auto text = received_.substr(0, head + length);
    received_.erase(0, head + length);
    return text;
  }

  // Everything until the server closes; nothing if it does not within the client's patience.
  std::optional<std::string> rest() {
    while (more()) {
    }
    if (!ended_) return std::nullopt;
    return std::exchange(received_, {});
  }

  std::string exchange(std::string_view request) {
    send(request);
    return reply();
  }

  tcp::socket& socket() { return socket_; }

 private:
  bool more() {
    std::array<char, 4096> bytes{};
    const auto count = ::recv(socket_.native_handle(), bytes.data(), bytes.size(), 0);
    if (count == 0 || (count < 0 && errno == ECONNRESET)) ended_ = true;
    if (count > 0) received_.append(bytes.data(), static_cast<std::size_t>(count));
    return count > 0;
  }

  asio::io_context context_;
  tcp::socket socket_;
  std::string received_;
  bool ended_ = false;
};

class ServerTest : public testing::Test {
 protected:
  ServerTest() {
    options_.idle = 60s;
    options_.header_deadline = 60s;
    options_.body_deadline = 60s;
    options_.write_deadline = 60s;
    options_.fault_response = [](int status, std::string_view reason, const words::Said&, words::Wanted) {
      Response response;
      response.status = status;
      response.content_type = "text/plain";
      response.body = reason;
      return response;
    };
    handler_ = [](const Request& request, Responder respond) {
      Response response;
      response.content_type = "text/plain";
      response.body = fmt::format("{} {} [{}]", request.method, request.target, request.body);
      respond(std::move(response));
    };
  }

  void start() {
    server_.emplace(
        context_, options_,
        [this](Request request, Responder respond) { handler_(std::move(request), std::move(respond)); }, probes_,
        clock_);
    const auto port = server_->listen("127.0.0.1", 0, false);
    ASSERT_TRUE(port) << port.error();
    port_ = *port;
    thread_ = std::thread([this] { context_.run(); });
  }

  void on_loop(std::function<void()> work) {
    std::promise<void> done;
    asio::post(context_, [&] {
      work();
      done.set_value();
    });
    done.get_future().wait();
  }

  bool eventually(const std::function<bool()>& holds) {
    const auto until = std::chrono::steady_clock::now() + 10s;
    while (!holds())
      if (std::this_thread::sleep_for(5ms); std::chrono::steady_clock::now() > until) return false;
    return true;
  }
  bool connections_become(std::size_t count) {
    return eventually([&] { return server_->connections() == count; });
  }

  ~ServerTest() override {
    if (thread_.joinable()) {
      on_loop([this] {
        server_->stop();
        server_->abort();
      });
      guard_.reset();
      thread_.join();
    }
  }

  asio::io_context context_{1};
  asio::executor_work_guard<asio::io_context::executor_type> guard_{context_.get_executor()};
  metrics::Registry registry_;
  metrics::HttpProbes probes_{registry_, "front"};
  clock::SystemClock clock_;
  ServerOptions options_;
  Handler handler_;
  std::optional<Server> server_;
  std::uint16_t port_ = 0;
  std::thread thread_;
};

inline std::string get(std::string_view target, std::string_view fields = {}) {
  return fmt::format("GET {} HTTP/1.1\r\nHost: a\r\n{}\r\n", target, fields);
}
inline std::string post(std::string_view body, std::string_view fields = {}) {
  return fmt::format("POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: {}\r\n{}\r\n{}", body.size(), fields, body);
}

}  // namespace titip::http
