// A listener and its connections on one loop: keep-alive, pipelining, deadlines and limits. Every request passes the
// guard; after any fault it answers, closes, and never reuses the connection. Threads: everything on the loop that runs
// `context`, except connections(), which any thread may read.
#pragma once

#include <boost/asio/io_context.hpp>

#include <chrono>
#include <cstdint>
#include <expected>
#include <functional>
#include <memory>
#include <string>

#include "gateway/clock/clock.h"
#include "gateway/http/budget.h"
#include "gateway/http/guard.h"
#include "gateway/http/message.h"
#include "gateway/http/proxies.h"
#include "gateway/http/tls.h"
#include "metrics/catalogue.h"
#include "metrics/words/said.h"

namespace titip::http {

struct ServerOptions {
  GuardLimits guard;
  decltype(&http::guard) look = http::guard;  // another one: negative controls
  std::uint64_t body_bytes = 512U << 10U;     // more than any route takes: those refuse in their own envelope
  std::size_t connections = 10'000;
  Proxies proxies{};
  // With the same budget, of all listeners that have it; a trusted proxy's own are not counted. An IPv6 address
  // counts as its /64.
  std::size_t connections_per_address = 1'000;
  // Bodies and answers in memory; more bodies are refused with 503, but for those of 4 KiB and less.
  std::uint64_t in_flight_bytes = 256U << 20U;
  std::uint64_t in_flight_bytes_per_address = 32U << 20U;
  std::shared_ptr<Budget> budget;  // none: one of its own
  std::uint32_t body_rate = 256;   // bytes a second at least, once the first `body_grace` is over; 0: any
  std::chrono::milliseconds body_grace{5'000};
  std::shared_ptr<const Tls> tls{};                      // none: plain
  std::chrono::milliseconds handshake_deadline{10'000};  // absolute, from the connection's beginning
  std::chrono::milliseconds idle{30'000};                // between requests
  std::chrono::milliseconds header_deadline{10'000};     // absolute, from the request's first byte
  std::chrono::milliseconds body_deadline{30'000};       // absolute, from the end of the header
  std::chrono::milliseconds write_deadline{30'000};      // absolute, from the start of the answer
  // What a fault is answered with before a route is known: the content type and body for a status and a sentence.
  std::function<Response(int status, std::string_view reason, const words::Said& sentence, words::Wanted wanted)>
      fault_response;
};

class Server {
 public:
  class Impl;

  Server(boost::asio::io_context& context, ServerOptions options, Handler handler, metrics::HttpProbes& probes,
         const clock::Clock& clock);
  ~Server();

  // Binds and starts to accept; returns the port (useful with port 0). `reuse_port` lets several loops share one.
  std::expected<std::uint16_t, std::string> listen(const std::string& address, std::uint16_t port, bool reuse_port);
  // Accepts on a socket that listens already (a copy is made, so several loops may be given the same); its port.
  std::expected<std::uint16_t, std::string> listen_on(int socket);

  // Orderly stop: no new connections, idle ones are closed, the others after their answer.
  void stop();
  void abort();  // closes whatever is left
  std::size_t connections() const;

 private:
  std::shared_ptr<Impl> impl_;
};

}  // namespace titip::http
