#include <fmt/format.h>
#include <boost/asio/buffer.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/parser.hpp>

#include <algorithm>
#include <iterator>
#include <utility>

#include "gateway/http/accept_language.h"
#include "gateway/http/listener.h"
#include "gateway/http/stream.h"

namespace titip::http {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
using asio::ip::tcp;
using boost::system::error_code;
using clock::SteadyTime;

constexpr std::size_t most_drained = 1U << 20U;
constexpr std::size_t most_kept = 32U << 10U;

// One connection. Its steps: shake hands where there is TLS, read a header under a deadline, guard it, read the body
// under a deadline, hand the request on, write the answer, begin again with what is left in the buffer.
class Connection final : public Session, public std::enable_shared_from_this<Connection> {
 public:
  Connection(std::shared_ptr<Server::Impl> server, tcp::socket socket, std::string remote)
      : server_(std::move(server)),
        stream_(std::move(socket), server_->options.tls ? server_->options.tls->context() : nullptr),
        remote_(std::move(remote)) {
    error_code ignored;
    stream_.socket().set_option(tcp::no_delay(true), ignored);
  }
  ~Connection() override {
    server_->budget().leave(remote_);
    server_->budget().give_back(held_);
    server_->left(place_);
  }

  void join() {
    place_ = server_->sessions.insert(server_->sessions.end(), weak_from_this());
    server_->joined();
  }

  void begin() { stream_.is_secure() ? shake_hands() : begin_request(); }

  void begin_request() {
    step_ = buffer_.size() == 0 ? Step::idle : Step::header;
    set_deadline(step_ == Step::idle ? server_->options.idle : server_->options.header_deadline);
    scanned_ = 0;
    find_header();
  }

  void check_deadline(SteadyTime now) override {
    if (now < deadline_ && !is_too_slow(now)) return;
    switch (step_) {
      case Step::handshake:
        server_->probes.refused("handshake_timeout");
        return close();
      case Step::idle:
      case Step::writing:
      case Step::lingering:
        return close();
      case Step::header:
      case Step::body:
        if (continuing_) return close();  // a client that does not even take "100 Continue" takes no answer
        if (now < deadline_) return refuse(408, "body_too_slow", words::text("The body arrived too slowly."));
        deadline_ = SteadyTime::max();
        return refuse(408, "timeout", words::text("The request did not arrive in time."));
      case Step::answering:
      case Step::closed:
        return;
    }
  }

  void close_if_idle() override {
    if (step_ == Step::idle || step_ == Step::handshake) close();
  }

  void close() override {
    if (step_ == Step::closed) return;
    step_ = Step::closed;
    give_back();
    error_code ignored;
    stream_.socket().shutdown(tcp::socket::shutdown_both, ignored);
    stream_.socket().close(ignored);
  }

 private:
  enum class Step : std::uint8_t { handshake, idle, header, body, answering, writing, lingering, closed };

  std::string_view buffered() const { return {static_cast<const char*>(buffer_.data().data()), buffer_.size()}; }

  // One large body or answer must not stay with a connection that may be idle for long.
  void let_memory_go() {
    if (buffer_.capacity() > most_kept) buffer_.shrink_to_fit();
    if (write_.capacity() > most_kept) std::string().swap(write_);
  }

  void give_back() { server_->budget().give_back(std::exchange(held_, 0)); }

  // A body that trickles: what has come by now is less than the least rate gives.
  bool is_too_slow(SteadyTime now) const {
    const auto rate = server_->options.body_rate;
    if (step_ != Step::body || rate == 0) return false;
    const auto since = now - request_.received_at;
    if (since < server_->options.body_grace) return false;
    const auto ms = std::chrono::duration_cast<std::chrono::milliseconds>(since).count();
    return buffer_.size() < static_cast<std::uint64_t>(ms) * rate / 1000;
  }

  void set_deadline(std::chrono::milliseconds span) { deadline_ = server_->clock.steady() + span; }

  void shake_hands() {
    step_ = Step::handshake;
    set_deadline(server_->options.handshake_deadline);
    stream_.handshake([self = shared_from_this()](error_code error) {
      if (self->step_ == Step::closed) return;
      if (error) {
        self->server_->probes.refused("handshake_failed");
        return self->close();
      }
      self->peer_names_ = self->stream_.peer_names();
      self->begin_request();
    });
  }

  void read_more(void (Connection::*then)()) {
    const std::size_t room = std::max<std::size_t>(4096, body_missing());
    reading_ = true;
    stream_.read_some(buffer_.prepare(std::min<std::size_t>(room, 64U << 10U)),
                      [self = shared_from_this(), then](error_code error, std::size_t bytes) {
                        self->reading_ = false;
                        if (self->step_ == Step::closed) return;
                        // The deadline came first: what arrives now belongs to a request that was refused.
                        if (self->step_ == Step::lingering)
                          return self->stream_.is_secure() ? void() : self->drain_input();
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
    if (const auto fault = guard_beginning(text, server_->options.guard))
      return refuse(fault->status, fault->reason, fault->sentence);
    scanned_ = text.size();
    read_more(&Connection::find_header);
  }

  void take_header(std::string_view head) {
    const auto guarded = server_->options.look(head, server_->options.guard);
    if (!guarded) return refuse(guarded.error().status, guarded.error().reason, guarded.error().sentence);
    if (guarded->content_length > server_->options.body_bytes)
      return refuse(413, "body_too_large",
                    words::said("The body is larger than {} bytes.", server_->options.body_bytes));
    if (!parse(head)) return refuse(400, "header", words::text("The request header is not well-formed."));
    if (!server_->budget().take(guarded->content_length, server_->options.in_flight_bytes))
      return refuse(503, "too_many_bytes", words::text("The gateway has its hands full; send it again in a moment."));
    held_ = guarded->content_length;
    content_length_ = guarded->content_length;
    keep_alive_ = guarded->keep_alive;
    request_.received_at = server_->clock.steady();
    request_.remote_address = remote_;
    request_.peer_names = peer_names_;
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
    continuing_ = true;
    stream_.write(asio::buffer(interim), [self = shared_from_this()](error_code error, std::size_t) {
      self->continuing_ = false;
      if (self->step_ == Step::closed) return;
      if (error) return self->close();
      self->take_body();
    });
  }

  void take_body() {
    if (buffer_.size() < content_length_) return read_more(&Connection::take_body);
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

  // The language of whoever is refused: while the header has not been taken it is still in the buffer.
  words::Wanted wanted() const {
    return step_ == Step::body ? wanted_language(request_) : wanted_language_of_head(buffered());
  }

  // A fault of the request itself: answered by our own words, and the connection is never used again.
  void refuse(int status, std::string_view reason, const words::Said& sentence) {
    server_->probes.refused(reason);
    method_.clear();
    keep_alive_ = false;
    Response response = server_->options.fault_response(status, reason, sentence, wanted());
    response.close = true;
    if (status == 503) response.headers.push_back({"Retry-After", "5"});
    step_ = Step::answering;
    answer(std::move(response));
  }

  void answer(Response response) {
    if (step_ != Step::answering) return;
    const auto now = server_->clock.steady();
    if (!method_.empty()) server_->probes.answered(response.route, method_, response.status, now - started_);
    if (response.close || server_->stopping) keep_alive_ = false;
    write_ = render(response);
    server_->budget().hold(write_.size());
    held_ += write_.size();
    step_ = Step::writing;
    set_deadline(server_->options.write_deadline);
    stream_.write(asio::buffer(write_), [self = shared_from_this()](error_code error, std::size_t) {
      if (self->step_ == Step::closed) return;
      if (error) return self->close();
      self->give_back();
      if (!self->keep_alive_ || self->server_->stopping) return self->linger();
      self->let_memory_go();
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
    step_ = Step::lingering;
    set_deadline(std::chrono::milliseconds(1000));
    if (stream_.is_secure()) return say_goodbye();
    stop_sending();
    if (!reading_) drain_input();
  }

  // Under TLS too what comes after the goodbye is read as it is: nobody wants to know what it says.
  void say_goodbye() {
    stream_.say_goodbye([self = shared_from_this()](error_code) {
      if (self->step_ == Step::closed) return;
      self->stop_sending();
      self->drain_input();
    });
  }

  void stop_sending() {
    error_code ignored;
    stream_.socket().shutdown(tcp::socket::shutdown_send, ignored);
  }

  void drain_input() {
    buffer_.consume(buffer_.size());
    stream_.socket().async_read_some(buffer_.prepare(4096),
                                     [self = shared_from_this()](error_code error, std::size_t bytes) {
                                       if (self->step_ == Step::closed) return;
                                       self->drained_ += bytes;
                                       if (error || self->drained_ > most_drained) return self->close();
                                       self->drain_input();
                                     });
  }

  std::shared_ptr<Server::Impl> server_;
  Stream stream_;
  std::string remote_;
  PeerNames peer_names_;
  Sessions::iterator place_;
  beast::flat_buffer buffer_;
  std::size_t scanned_ = 0;
  std::uint64_t held_ = 0;   // of the budget: the body and the answer
  std::size_t drained_ = 0;  // what still came after the last answer
  Step step_ = Step::idle;
  bool reading_ = false;  // a read of the request is on its way; there is never more than one
  SteadyTime deadline_ = SteadyTime::max();
  SteadyTime started_{};
  Request request_;
  std::string method_;
  std::uint64_t content_length_ = 0;
  bool keep_alive_ = true;
  bool continuing_ = false;  // "100 Continue" is being written
  std::string write_;
};

}  // namespace

void serve(std::shared_ptr<Server::Impl> listener, tcp::socket socket, std::string address) {
  auto connection = std::make_shared<Connection>(std::move(listener), std::move(socket), std::move(address));
  connection->join();
  connection->begin();
}

}  // namespace titip::http
