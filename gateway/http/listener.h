// A listener and what its connections share. Private to this room.
#pragma once

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>

#include <atomic>
#include <ctime>
#include <list>
#include <memory>
#include <string>
#include <string_view>

#include "gateway/http/request_id.h"
#include "gateway/http/server.h"

namespace titip::http {

// One connection, as its listener sees it.
class Session {
 public:
  virtual ~Session() = default;
  virtual void check_deadline(clock::SteadyTime now) = 0;
  virtual void close_if_idle() = 0;
  virtual void close() = 0;
};
using Sessions = std::list<std::weak_ptr<Session>>;

// Shared by the listener's sessions; lives as long as the last of them.
class Server::Impl : public std::enable_shared_from_this<Server::Impl> {
 public:
  Impl(boost::asio::io_context& context, ServerOptions options, Handler handler, metrics::HttpProbes& probes,
       const clock::Clock& clock)
      : context(context),
        options(std::move(options)),
        handler(std::move(handler)),
        probes(probes),
        clock(clock),
        acceptor(context),
        sweep_timer(context) {
    if (!this->options.budget) this->options.budget = std::make_shared<Budget>();
  }

  std::expected<std::uint16_t, std::string> listen(const std::string& address, std::uint16_t port, bool reuse_port);
  std::expected<std::uint16_t, std::string> listen_on(int socket);
  void accept();
  void welcome(boost::asio::ip::tcp::socket socket);
  void sweep();
  void stop();
  void abort();
  void joined() { publish_count(); }
  void left(Sessions::iterator place) {
    sessions.erase(place);
    publish_count();
  }
  Budget& budget() { return *options.budget; }
  // One line a request, for whoever sets the log to "debug": by its name, without a word of what was in it.
  void answered(std::string_view id, const Response& response, std::string_view method, std::chrono::nanoseconds span);
  void refused(std::string_view id, std::string_view reason);
  void publish_count() {
    count.store(sessions.size(), std::memory_order_relaxed);
    probes.connections.set(static_cast<double>(sessions.size()));
  }
  std::string_view date();

  boost::asio::io_context& context;
  ServerOptions options;
  Handler handler;
  metrics::HttpProbes& probes;
  const clock::Clock& clock;
  boost::asio::ip::tcp::acceptor acceptor;
  boost::asio::steady_timer sweep_timer;
  Sessions sessions;
  RequestIds request_ids;
  std::atomic<std::size_t> count{0};
  bool sweeping = false;
  bool stopping = false;

 private:
  std::time_t date_second_ = 0;
  std::string date_;
};

// Who connected. A proxy that is trusted stands for many, so it has no share; anybody else has joined theirs.
struct Peer {
  std::string address;
  bool is_proxy = false;
  std::shared_ptr<Budget::Share> share{};
};

// Begins to serve a connection, which keeps itself alive until it is closed.
void serve(std::shared_ptr<Server::Impl> listener, boost::asio::ip::tcp::socket socket, Peer peer);

}  // namespace titip::http
