#include "tests/hostile/wire.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <utility>

namespace titip::hostile {
namespace {

using Clock = std::chrono::steady_clock;

std::chrono::milliseconds left_until(Clock::time_point deadline) {
  return std::max(std::chrono::milliseconds(0),
                  std::chrono::duration_cast<std::chrono::milliseconds>(deadline - Clock::now()));
}

constexpr auto handshake_patience = std::chrono::seconds(5);
constexpr short never = 0;
std::uint16_t tls_port = 0;

SSL_CTX* client() {
  static const std::unique_ptr<SSL_CTX, decltype(&SSL_CTX_free)> made(SSL_CTX_new(TLS_client_method()), &SSL_CTX_free);
  return made.get();
}

// What must come or go before the call can be made again; `never`: it failed for good.
short waits_for(SSL* tls, int result) {
  const int error = SSL_get_error(tls, result);
  ERR_clear_error();
  return error == SSL_ERROR_WANT_READ ? POLLIN : error == SSL_ERROR_WANT_WRITE ? POLLOUT : never;
}

}  // namespace

void Wire::speaks_tls(std::uint16_t port) {
  tls_port = port;
}

Wire::Wire(std::uint16_t port, std::uint8_t net, std::uint8_t host, bool small_window) {
  socket_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (socket_ < 0) return;
  const int one = 1;
  ::setsockopt(socket_, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
  ::setsockopt(socket_, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &one, sizeof one);
  if (small_window) {
    const int bytes = 2048;
    ::setsockopt(socket_, SOL_SOCKET, SO_RCVBUF, &bytes, sizeof bytes);
  }
  sockaddr_in from{};
  from.sin_family = AF_INET;
  from.sin_addr.s_addr = htonl(0x7f000001U | std::uint32_t{net} << 16U | std::uint32_t{host} << 8U);
  sockaddr_in to{};
  to.sin_family = AF_INET;
  to.sin_port = htons(port);
  to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  const bool connected = ::bind(socket_, reinterpret_cast<const sockaddr*>(&from), sizeof from) == 0 &&
                         ::connect(socket_, reinterpret_cast<const sockaddr*>(&to), sizeof to) == 0;
  if (connected) ::fcntl(socket_, F_SETFL, O_NONBLOCK);
  if (connected && (port != tls_port || shake_hands())) return;
  ::close(std::exchange(socket_, -1));
}

Wire::Wire(Wire&& other) noexcept : socket_(std::exchange(other.socket_, -1)), tls_(std::move(other.tls_)) {}

bool Wire::shake_hands() {
  tls_.reset(SSL_new(client()));
  SSL_set_fd(tls_.get(), socket_);
  SSL_set_mode(tls_.get(), SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
  const auto deadline = Clock::now() + handshake_patience;
  for (;;) {
    const int result = SSL_connect(tls_.get());
    if (result == 1) return true;
    const auto events = waits_for(tls_.get(), result);
    if (events == never || !wait(events, left_until(deadline))) return false;
  }
}

Wire::~Wire() {
  if (socket_ >= 0) ::close(socket_);
}

bool Wire::wait(short events, std::chrono::milliseconds patience) const {
  pollfd watched{.fd = socket_, .events = events, .revents = 0};
  return ::poll(&watched, 1, static_cast<int>(patience.count())) > 0;
}

std::size_t Wire::try_send(std::string_view bytes) {
  if (tls_) {
    std::size_t sent = 0;
    if (bytes.empty() || SSL_write_ex(tls_.get(), bytes.data(), bytes.size(), &sent) == 1) return sent;
    return waits_for(tls_.get(), 0) == never ? bytes.size() : 0;
  }
  const auto sent = ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
  if (sent >= 0) return static_cast<std::size_t>(sent);
  return errno == EAGAIN ? 0 : bytes.size();
}

bool Wire::send(std::string_view bytes, std::chrono::milliseconds patience) {
  const auto deadline = Clock::now() + patience;
  while (!bytes.empty()) {
    bytes.remove_prefix(try_send(bytes));
    if (!bytes.empty() && !wait(POLLOUT, left_until(deadline))) return false;
  }
  return true;
}

void Wire::say_no_more() {
  if (tls_) return static_cast<void>(SSL_shutdown(tls_.get()));
  ::shutdown(socket_, SHUT_WR);
}

Wire::Heard Wire::try_hear(std::string& to) {
  std::array<char, 16384> bytes;
  if (tls_) {
    std::size_t heard = 0;
    if (SSL_read_ex(tls_.get(), bytes.data(), bytes.size(), &heard) == 1) {
      to.append(bytes.data(), heard);
      return Heard::bytes;
    }
    return waits_for(tls_.get(), 0) == never ? Heard::end : Heard::nothing;
  }
  const auto count = ::recv(socket_, bytes.data(), bytes.size(), 0);
  if (count > 0) {
    to.append(bytes.data(), static_cast<std::size_t>(count));
    return Heard::bytes;
  }
  return count < 0 && errno == EAGAIN ? Heard::nothing : Heard::end;
}

Wire::Heard Wire::hear(std::string& to, std::chrono::milliseconds patience) {
  const bool has_more = tls_ && SSL_pending(tls_.get()) > 0;
  return has_more || wait(POLLIN, patience) ? try_hear(to) : Heard::nothing;
}

}  // namespace titip::hostile
