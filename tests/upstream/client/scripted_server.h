// A server on a thread of its own: plain blocking sockets on the loopback, one connection after another by a script.
#pragma once

#include <arpa/inet.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cstdint>
#include <functional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>

namespace titip::tests {

// One accepted connection, blocking, with patience.
class Connection {
 public:
  explicit Connection(int fd) : fd_(fd) {
    const timeval patience{.tv_sec = 5, .tv_usec = 0};
    ::setsockopt(fd_, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  }
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;
  ~Connection() { ::close(fd_); }

  // One request with its body; empty when the client has closed.
  std::string request() {
    while (true) {
      if (const auto head = received_.find("\r\n\r\n"); head != std::string::npos) {
        std::size_t length = 0;
        if (const auto at = received_.find("Content-Length: "); at < head)
          length = std::stoul(received_.substr(at + 16));
        if (received_.size() >= head + 4 + length) {
          auto text = received_.substr(0, head + 4 + length);
          received_.erase(0, head + 4 + length);
          return text;
        }
      }
      std::array<char, 4096> bytes{};
      const auto count = ::recv(fd_, bytes.data(), bytes.size(), 0);
      if (count <= 0) return {};
      received_.append(bytes.data(), static_cast<std::size_t>(count));
    }
  }
  void send(std::string_view bytes) {
    while (!bytes.empty()) {
      const auto count = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (count <= 0) return;
      bytes.remove_prefix(static_cast<std::size_t>(count));
    }
  }
  void reset() {  // closing sends RST, not FIN
    const linger now{.l_onoff = 1, .l_linger = 0};
    ::setsockopt(fd_, SOL_SOCKET, SO_LINGER, &now, sizeof now);
  }
  bool closed_by_client() { return request().empty(); }
  int fd() const { return fd_; }

 private:
  int fd_;
  std::string received_;
};

// Serves one connection after another by the script; the n-th connection gets n.
class ScriptedServer {
 public:
  using Script = std::function<void(Connection&, int)>;
  explicit ScriptedServer(Script script) : script_(std::move(script)) {
    fd_ = ::socket(AF_INET, SOCK_STREAM, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    if (::bind(fd_, reinterpret_cast<sockaddr*>(&address), size) != 0 || ::listen(fd_, 16) != 0)
      throw std::runtime_error("cannot listen");
    ::getsockname(fd_, reinterpret_cast<sockaddr*>(&address), &size);
    port_ = ntohs(address.sin_port);
    if (script_) thread_ = std::thread([this] { run(); });
  }
  ScriptedServer(const ScriptedServer&) = delete;
  ScriptedServer& operator=(const ScriptedServer&) = delete;
  ~ScriptedServer() {
    stopping_ = true;
    if (thread_.joinable()) thread_.join();
    ::close(fd_);
  }
  std::uint16_t port() const { return port_; }
  int connections() const { return connections_; }

 private:
  void run() {
    while (!stopping_) {
      pollfd waits{.fd = fd_, .events = POLLIN, .revents = 0};
      if (::poll(&waits, 1, 20) != 1) continue;
      const int client = ::accept(fd_, nullptr, nullptr);
      if (client < 0) continue;
      Connection connection(client);
      script_(connection, ++connections_);
    }
  }

  Script script_;
  int fd_ = -1;
  std::uint16_t port_ = 0;
  std::atomic<bool> stopping_ = false;
  std::atomic<int> connections_ = 0;
  std::thread thread_;
};

}  // namespace titip::tests
