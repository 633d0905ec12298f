#include "gateway/http/server.h"

#include <fmt/format.h>
#include <boost/asio/buffer.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/parser.hpp>

#include <atomic>
#include <ctime>
#include <iterator>
#include <list>

#include "metrics/log.h"

namespace titip::http {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
using asio::ip::tcp;
using boost::system::error_code;
using clock::SteadyTime;

constexpr auto sweep_interval = std::chrono::milliseconds(500);

class Session;

}  // namespace

// Shared by the listener's sessions; lives as long as the last of them.
class Server::Impl : public std::enable_shared_from_this<Server::Impl> {
 public:
  Impl(asio::io_context& context, ServerOptions options, Handler handler, metrics::HttpProbes& probes,
       const clock::Clock& clock)
      : context(context),
        options(std::move(options)),
        handler(std::move(handler)),
        probes(probes),
        clock(clock),
        acceptor(context),
        sweep_timer(context) {}

  std::expected<std::uint16_t, std::string> listen(const std::string& address, std::uint16_t port, bool reuse_port);
  void accept();
  void welcome(tcp::socket socket);
  void sweep();
  void stop();
  void abort();
  void joined() { publish_count(); }
  void left(std::list<std::weak_ptr<Session>>::iterator place) {
    sessions.erase(place);
    publish_count();
  }
  void publish_count() {
    count.store(sessions.size(), std::memory_order_relaxed);
    probes.connections.set(static_cast<double>(sessions.size()));
  }
  std::string_view date();

  asio::io_context& context;
  ServerOptions options;
  Handler handler;
  metrics::HttpProbes& probes;
  const clock::Clock& clock;
  tcp::acceptor acceptor;
  asio::steady_timer sweep_timer;
  std::list<std::weak_ptr<Session>> sessions;
  std::atomic<std::size_t> count{0};
  bool sweeping = false;
  bool stopping = false;

 private:
  std::time_t date_second_ = 0;
  std::string date_;
};

namespace {

// One connection. Its steps: read a header under a deadline, guard it, read the body under a deadline, hand the request
// on, write the answer, begin again with what is left in the buffer.
class Session : public std::enable_shared_from_this<Session> {
 public:
  Session(std::shared_ptr<Server::Impl> server, tcp::socket socket)
      : server_(std::move(server)), socket_(std::move(socket)) {
    error_code ignored;
    const auto endpoint = socket_.remote_endpoint(ignored);
    if (!ignored) remote_ = endpoint.address().to_string();
    socket_.set_option(tcp::no_delay(true), ignored);
  }
  ~Session() { server_->left(place_); }

  void join() {
    place_ = server_->sessions.insert(server_->sessions.end(), weak_from_this());
    server_->joined();
  }

  void begin_request() {
    step_ = buffer_.size() == 0 ? Step::idle : Step::header;
    set_deadline(step_ == Step::idle ? server_->options.idle : server_->options.header_deadline);
    scanned_ = 0;
    find_header();
  }

  void check_deadline(SteadyTime now) {
    if (now < deadline_) return;
    switch (step_) {
      case Step::idle:
      case Step::writing:
      case Step::lingering:
        return close();
      case Step::header:
      case Step::body:
        deadline_ = SteadyTime::max();
        return refuse(408, "timeout", "The request did not arrive in time.");
      case Step::answering:
      case Step::closed:
        return;
    }
  }

  void close_if_idle() {
    if (step_ == Step::idle) close();
  }

  void close() {
    if (step_ == Step::closed) return;
    step_ = Step::closed;
    error_code ignored;
    socket_.shutdown(tcp::socket::shutdown_both, ignored);
    socket_.close(ignored);
  }

 private:
  enum class Step : std::uint8_t { idle, header, body, answering, writing, lingering, closed };

  std::string_view buffered() const { return {static_cast<const char*>(buffer_.data().data()), buffer_.size()}; }

  void set_deadline(std::chrono::milliseconds span) { deadline_ = server_->clock.steady() + span; }

  void read_more(void (Session::*then)()) {
    const std::size_t room = std::max<std::size_t>(4096, body_missing());
    reading_ = true;
    socket_.async_read_some(buffer_.prepare(std::min<std::size_t>(room, 64U << 10U)),
                            [self = shared_from_this(), then](error_code error, std::size_t bytes) {
                              self->reading_ = false;
                              if (self->step_ == Step::closed) return;
                              // The deadline came first: what arrives now belongs to a request that was refused.
                              if (self->step_ == Step::lingering) return self->drain_input();
                              if (self->step_ == Step::answering || self->step_ == Step::writing) return;
                              if (error) return self->close();
                              self->buffer_.commit(bytes);
                              ((*self).*then)();
                            });
  }

  std::size_t body_missing() const {
    return step_ == Step::body && content_length_ > buffer_.size()
               ? static_cast<std::size_t>(content_length_) - buffer_.size()
               : 0;
  }

  void find_header() {
    if (step_ == Step::idle && buffer_.size() > 0) {
      step_ = Step::header;
      set_deadline(server_->options.header_deadline);
    }
    const auto text = buffered();
    const auto end = text.find("\r\n\r\n", scanned_ < 3 ? 0 : scanned_ - 3);
    if (end != std::string_view::npos) return take_header(text.substr(0, end + 4));
    scanned_ = text.size();
    if (text.size() > server_->options.guard.header_bytes)
      return refuse(431, "header_too_large", "The request header is too large.");
    read_more(&Session::find_header);
  }

  void take_header(std::string_view head) {
    const auto guarded = guard(head, server_->options.guard);
    if (!guarded) return refuse(guarded.error().status, guarded.error().reason, guarded.error().sentence);
    if (guarded->content_length > server_->options.body_bytes)
      return refuse(413, "body_too_large",
                    fmt::format("The body is larger than {} bytes.", server_->options.body_bytes));
    if (!parse(head)) return refuse(400, "header", "The request header is not well-formed.");
    content_length_ = guarded->content_length;
    keep_alive_ = guarded->keep_alive;
    request_.received_at = server_->clock.steady();
    request_.remote_address = remote_;
    buffer_.consume(head.size());
    step_ = Step::body;
    set_deadline(server_->options.body_deadline);
    if (guarded->expects_continue && buffer_.size() < content_length_) return send_continue();
    take_body();
  }

  bool parse(std::string_view head) {
    beast::http::request_parser<beast::http::empty_body> parser;
    parser.header_limit(static_cast<std::uint32_t>(server_->options.guard.header_bytes));
    parser.skip(true);  // the body is framed by the guarded Content-Length alone
    error_code error;
    parser.put(asio::const_buffer(head.data(), head.size()), error);
    if (error || !parser.is_header_done()) return false;
    auto& message = parser.get();
    request_ = Request{};
    request_.method = std::string(message.method_string());
    request_.target = std::string(message.target());
    for (const auto& field : message)
      request_.headers.push_back({std::string(field.name_string()), std::string(field.value())});
    return true;
  }

  void send_continue() {
    static constexpr std::string_view interim = "HTTP/1.1 100 Continue\r\n\r\n";
    asio::async_write(socket_, asio::buffer(interim), [self = shared_from_this()](error_code error, std::size_t) {
      if (self->step_ == Step::closed) return;
      if (error) return self->close();
      self->take_body();
    });
  }

  void take_body() {
    if (buffer_.size() < content_length_) return read_more(&Session::take_body);
    request_.body.assign(buffered().substr(0, static_cast<std::size_t>(content_length_)));
    buffer_.consume(static_cast<std::size_t>(content_length_));
    step_ = Step::answering;
    deadline_ = SteadyTime::max();
    method_ = request_.method;
    started_ = request_.received_at;
    auto self = shared_from_this();
    server_->handler(std::move(request_), Responder([self](Response response) { self->answer(std::move(response)); },
                                                    [self] { self->close(); }));
  }

  // A fault of the request itself: answered by our own words, and the connection is never used again.
  void refuse(int status, std::string_view reason, std::string_view sentence) {
    server_->probes.refused(reason);
    method_.clear();
    keep_alive_ = false;
    Response response = server_->options.fault_response(status, reason, sentence);
    response.close = true;
    step_ = Step::answering;
    answer(std::move(response));
  }

  void answer(Response response) {
    if (step_ != Step::answering) return;
    const auto now = server_->clock.steady();
    if (!method_.empty()) server_->probes.answered(response.route, method_, response.status, now - started_);
    if (response.close || server_->stopping) keep_alive_ = false;
    write_ = render(response);
    step_ = Step::writing;
    set_deadline(server_->options.write_deadline);
    asio::async_write(socket_, asio::buffer(write_), [self = shared_from_this()](error_code error, std::size_t) {
      if (self->step_ == Step::closed) return;
      if (error) return self->close();
      if (!self->keep_alive_ || self->server_->stopping) return self->linger();
      self->begin_request();
    });
  }

  std::string render(const Response& response) const {
    std::string text;
    text.reserve(256 + response.body.size());
    const bool bodyless = response.status == 204 || response.status == 304;
    fmt::format_to(std::back_inserter(text), "HTTP/1.1 {} {}\r\nDate: {}\r\n", response.status,
                   reason_phrase(response.status), server_->date());
    if (!response.content_type.empty())
      fmt::format_to(std::back_inserter(text), "Content-Type: {}\r\n", response.content_type);
    if (!bodyless) fmt::format_to(std::back_inserter(text), "Content-Length: {}\r\n", response.body.size());
    for (const auto& header : response.headers)
      fmt::format_to(std::back_inserter(text), "{}: {}\r\n", header.name, header.value);
    if (!keep_alive_) text += "Connection: close\r\n";
    text += "\r\n";
    if (!bodyless && method_ != "HEAD") text += response.body;
    return text;
  }

  // Closing with unread bytes would reset the connection and may take our answer with it: stop sending, read what still
  // comes for a moment, then close.
  void linger() {
    error_code ignored;
    socket_.shutdown(tcp::socket::shutdown_send, ignored);
    step_ = Step::lingering;
    set_deadline(std::chrono::milliseconds(1000));
    if (!reading_) drain_input();
  }

  void drain_input() {
    buffer_.consume(buffer_.size());
    socket_.async_read_some(buffer_.prepare(4096), [self = shared_from_this()](error_code error, std::size_t) {
      if (self->step_ == Step::closed) return;
      if (error) return self->close();
      self->drain_input();
    });
  }

  std::shared_ptr<Server::Impl> server_;
  tcp::socket socket_;
  std::string remote_;
  std::list<std::weak_ptr<Session>>::iterator place_;
  beast::flat_buffer buffer_;
  std::size_t scanned_ = 0;
  Step step_ = Step::idle;
  bool reading_ = false;  // a read of the request is on its way; there is never more than one
  SteadyTime deadline_ = SteadyTime::max();
  SteadyTime started_{};
  Request request_;
  std::string method_;
  std::uint64_t content_length_ = 0;
  bool keep_alive_ = true;
  std::string write_;
};

}  // namespace

std::expected<std::uint16_t, std::string> Server::Impl::listen(const std::string& address, std::uint16_t port,
                                                               bool reuse_port) {
  error_code error;
  const auto parsed = asio::ip::make_address(address, error);
  if (error) return std::unexpected(fmt::format("'{}' is not an IP address", address));
  const tcp::endpoint endpoint(parsed, port);
  const auto check = [&](const char* what) {
    return std::unexpected(fmt::format("cannot {} {}:{}: {}", what, address, port, error.message()));
  };
  acceptor.open(endpoint.protocol(), error);
  if (error) return check("open");
  acceptor.set_option(asio::socket_base::reuse_address(true), error);
  if (reuse_port) {
    using ReusePort = asio::detail::socket_option::boolean<SOL_SOCKET, SO_REUSEPORT>;
    acceptor.set_option(ReusePort(true), error);
    if (error) return check("share");
  }
  acceptor.bind(endpoint, error);
  if (error) return check("bind");
  acceptor.listen(asio::socket_base::max_listen_connections, error);
  if (error) return check("listen on");
  const auto bound = acceptor.local_endpoint(error).port();
  accept();
  return bound;
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
  auto session = std::make_shared<Session>(shared_from_this(), std::move(socket));
  session->join();
  session->begin_request();
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
