// A control socket on a real loop, and clients that speak bytes to it.
#pragma once

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/post.hpp>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <functional>
#include <future>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "gateway/admin/control_socket.h"
#include "tests/gateway/temporary_directory.h"

namespace titip::admin {

// What a test sends is what arrives.
class Client {
 public:
  explicit Client(const std::filesystem::path& path, int patience_s = 20)
      : handle_(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_un to{};
    to.sun_family = AF_UNIX;
    std::strncpy(to.sun_path, path.c_str(), sizeof to.sun_path - 1);
    connected_ = ::connect(handle_, reinterpret_cast<const sockaddr*>(&to), sizeof to) == 0;
    const timeval patience{patience_s, 0};
    ::setsockopt(handle_, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  }
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;
  ~Client() { hang_up(); }

  bool connected() const { return connected_; }
  void send(std::string_view bytes) {
    while (!bytes.empty()) {
      const auto sent = ::send(handle_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (sent <= 0) return;  // it hung up, which the answer will tell
      bytes.remove_prefix(static_cast<std::size_t>(sent));
    }
  }
  // One line without its end; empty at the end of the connection.
  std::string line() {
    while (!received_.contains('\n'))
      if (!more()) return {};
    const auto end = received_.find('\n');
    auto text = received_.substr(0, end);
    received_.erase(0, end + 1);
    return text;
  }
  std::vector<std::string> lines() {
    std::vector<std::string> all;
    for (auto each = line(); !each.empty(); each = line()) all.push_back(std::move(each));
    return all;
  }
  void hang_up() {
    if (handle_ >= 0) ::close(std::exchange(handle_, -1));
  }
  void end_sending() { ::shutdown(handle_, SHUT_WR); }

 private:
  bool more() {
    std::array<char, 65536> bytes{};
    const auto count = ::recv(handle_, bytes.data(), bytes.size(), 0);
    if (count <= 0) return false;
    received_.append(bytes.data(), static_cast<std::size_t>(count));
    return true;
  }
  int handle_;
  bool connected_ = false;
  std::string received_;
};

class ControlFixture : public testing::Test {
 protected:
  ~ControlFixture() override { end(); }

  std::expected<void, words::Said> serve(ControlOptions options, ControlSocket::Take take) {
    socket.emplace(context, options, std::move(take));
    auto listening = socket->listen(directory);
    if (listening) thread = std::thread([this] { context.run(); });
    return listening;
  }
  // On the loop, and waited for.
  void on_loop(std::function<void()> work) {
    std::promise<void> done;
    boost::asio::post(context, [&] {
      work();
      done.set_value();
    });
    done.get_future().wait();
  }
  virtual void end() {
    if (!thread.joinable()) return;
    on_loop([this] { socket->abort(); });
    guard.reset();
    context.stop();
    thread.join();
  }
  std::filesystem::path path() const { return directory / "control"; }

  tests::TemporaryDirectory temporary_;
  std::filesystem::path directory = temporary_.path();
  boost::asio::io_context context{1};
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type> guard{context.get_executor()};
  std::optional<ControlSocket> socket;
  std::thread thread;
};

}  // namespace titip::admin
