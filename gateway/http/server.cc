#include "gateway/http/server.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <ctime>

#include "gateway/http/listener.h"
#include "metrics/log.h"
#include "metrics/words/said.h"

namespace titip::http {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;
using metrics::Field;
using metrics::Level;

constexpr auto sweep_interval = std::chrono::milliseconds(500);

}  // namespace

std::expected<std::uint16_t, std::string> Server::Impl::listen(const std::string& address, std::uint16_t port,
                                                               bool reuse_port) {
  error_code error;
  const auto parsed = asio::ip::make_address(address, error);
  if (error) return std::unexpected(words::tell("'{}' is not an IP address", address));
  const tcp::endpoint endpoint(parsed, port);
  const auto check = [&](words::Text what) {
    return std::unexpected(words::tell("cannot {} {}:{}: {}", what, address, port, error.message()));
  };
  acceptor.open(endpoint.protocol(), error);
  if (error) return check(words::text("open"));
  acceptor.set_option(asio::socket_base::reuse_address(true), error);
  if (reuse_port) {
    using ReusePort = asio::detail::socket_option::boolean<SOL_SOCKET, SO_REUSEPORT>;
    acceptor.set_option(ReusePort(true), error);
    if (error) return check(words::text("share"));
  }
  acceptor.bind(endpoint, error);
  if (error) return check(words::text("bind"));
  acceptor.listen(asio::socket_base::max_listen_connections, error);
  if (error) return check(words::text("listen on"));
  const auto bound = acceptor.local_endpoint(error).port();
  accept();
  return bound;
}

// Copies share one queue of connections: whichever loop is awake first takes the next one.
std::expected<std::uint16_t, std::string> Server::Impl::listen_on(int socket) {
  const auto failed = [] {
    return std::unexpected(words::tell("cannot take over the listening socket: {}", std::strerror(errno)));
  };
  sockaddr_storage address{};
  socklen_t length = sizeof address;
  if (::getsockname(socket, reinterpret_cast<sockaddr*>(&address), &length) != 0) return failed();
  if (address.ss_family != AF_INET && address.ss_family != AF_INET6)
    return std::unexpected(words::tell("the listening socket that was handed over is not of the internet's families"));
  const int copy = ::fcntl(socket, F_DUPFD_CLOEXEC, 0);
  if (copy < 0) return failed();
  error_code error;
  acceptor.assign(address.ss_family == AF_INET ? tcp::v4() : tcp::v6(), copy, error);
  if (error) {
    ::close(copy);
    return std::unexpected(words::tell("cannot take over the listening socket: {}", error.message()));
  }
  accept();
  return acceptor.local_endpoint(error).port();
}

void Server::Impl::accept() {
  acceptor.async_accept([self = shared_from_this()](error_code error, tcp::socket socket) {
    if (self->stopping || error == asio::error::operation_aborted) return;
    if (!error) {
      self->welcome(std::move(socket));
      return self->accept();
    }
    // Out of descriptors, most likely: accepting again at once would spin.
    self->probes.refused("accept_failed");
    self->sweep_timer.expires_after(sweep_interval);
    self->sweep_timer.async_wait([self](error_code) {
      self->sweeping = false;
      self->sweep();
      if (!self->stopping) self->accept();
    });
  });
}

void Server::Impl::welcome(tcp::socket socket) {
  if (sessions.size() >= options.connections) {
    probes.refused("too_many_connections");
    return;  // closing is the cheapest answer
  }
  error_code gone;
  const auto address = socket.remote_endpoint(gone).address().to_string();
  if (gone) return;
  Peer peer{spelled_address(address).value_or(address)};
  peer.is_proxy = options.proxies.trust(peer.address);
  if (options.proxies.send_header && !peer.is_proxy) {
    probes.refused("proxy_untrusted");
    return;
  }
  if (!peer.is_proxy) peer.share = budget().share(site_of(peer.address));
  if (peer.share && !peer.share->join(options.connections_per_address)) {
    probes.refused("too_many_from_address");
    return;
  }
  serve(shared_from_this(), std::move(socket), std::move(peer));
  if (!sweeping) sweep();
}

// Deadlines are looked at twice a second for all connections at once: cheaper than a timer each, and none runs while
// there is no connection.
void Server::Impl::sweep() {
  sweeping = !sessions.empty();
  if (!sweeping) return;
  sweep_timer.expires_after(sweep_interval);
  sweep_timer.async_wait([self = shared_from_this()](error_code error) {
    if (error) return;
    const auto now = self->clock.steady();
    for (auto at = self->sessions.begin(); at != self->sessions.end();) {
      const auto session = (at++)->lock();  // the session may leave the list while it is looked at
      if (session) session->check_deadline(now);
    }
    self->sweep();
  });
}

void Server::Impl::stop() {
  stopping = true;
  error_code ignored;
  acceptor.close(ignored);
  for (auto at = sessions.begin(); at != sessions.end();)
    if (const auto session = (at++)->lock()) session->close_if_idle();
}

void Server::Impl::abort() {
  for (auto at = sessions.begin(); at != sessions.end();)
    if (const auto session = (at++)->lock()) session->close();
  sweep_timer.cancel();
}

void Server::Impl::answered(std::string_view id, const Response& response, std::string_view method,
                            std::chrono::nanoseconds span) {
  probes.answered(response.route, method, response.status, span);
  metrics::log(Level::debug, "request_answered",
               {{Field::request, id},
                {Field::route, response.route},
                {Field::code, std::int64_t{response.status}},
                {Field::duration_ms, std::chrono::duration_cast<std::chrono::milliseconds>(span).count()}});
}

void Server::Impl::refused(std::string_view id, std::string_view reason) {
  probes.refused(reason);
  metrics::log(Level::debug, "request_refused", {{Field::request, id}, {Field::reason, reason}});
}

std::string_view Server::Impl::date() {
  const std::time_t now = std::chrono::system_clock::to_time_t(std::chrono::system_clock::time_point(clock.wall()));
  if (now != date_second_) {
    date_second_ = now;
    std::tm parts{};
    gmtime_r(&now, &parts);
    std::array<char, 40> text{};
    const auto length = std::strftime(text.data(), text.size(), "%a, %d %b %Y %H:%M:%S GMT", &parts);
    date_.assign(text.data(), length);
  }
  return date_;
}

Server::Server(asio::io_context& context, ServerOptions options, Handler handler, metrics::HttpProbes& probes,
               const clock::Clock& clock)
    : impl_(std::make_shared<Impl>(context, std::move(options), std::move(handler), probes, clock)) {}
Server::~Server() = default;
std::expected<std::uint16_t, std::string> Server::listen(const std::string& address, std::uint16_t port,
                                                         bool reuse_port) {
  return impl_->listen(address, port, reuse_port);
}
std::expected<std::uint16_t, std::string> Server::listen_on(int socket) {
  return impl_->listen_on(socket);
}
void Server::stop() {
  impl_->stop();
}
void Server::abort() {
  impl_->abort();
}
std::size_t Server::connections() const {
  return impl_->count.load(std::memory_order_relaxed);
}

}  // namespace titip::http
