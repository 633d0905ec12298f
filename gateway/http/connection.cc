#include <boost/asio/buffer.hpp>
#include <boost/beast/core/flat_buffer.hpp>

#include <algorithm>
#include <utility>

#include "gateway/http/accept_language.h"
#include "gateway/http/listener.h"
#include "gateway/http/parse.h"
#include "gateway/http/proxy_header.h"
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

// One connection. Its steps: hear from the proxy whose it is, shake hands where there is TLS, read a header under a
// deadline, guard it, read the body under a deadline, hand the request on, write the answer, begin again with what is
// left in the buffer.
class Connection final : public Session, public std::enable_shared_from_this<Connection> {
 public:
  Connection(std::shared_ptr<Server::Impl> server, tcp::socket socket, Peer peer)
      : server_(std::move(server)),
        stream_(std::move(socket), server_->options.tls ? server_->options.tls->context() : nullptr),
        remote_(std::move(peer.address)),
        by_proxy_(peer.is_proxy),
        address_by_(by_proxy_ ? AddressBy::nobody : AddressBy::connection) {
    error_code ignored;
    stream_.socket().set_option(tcp::no_delay(true), ignored);
  }
  ~Connection() override {
    if (address_by_ != AddressBy::nobody) server_->budget().leave(remote_);
    server_->budget().give_back(held_);
    server_->left(place_);
  }

  void join() {
    place_ = server_->sessions.insert(server_->sessions.end(), weak_from_this());
    server_->joined();
  }

  void begin() {
    if (!by_proxy_ || !server_->options.proxies.send_header) return begin_stream();
    step_ = Step::proxy_header;
    set_deadline(server_->options.header_deadline);
    find_proxy_header();
  }

  void begin_stream() { stream_.is_secure() ? shake_hands() : begin_request(); }

  void begin_request() {
    step_ = buffer_.size() == 0 ? Step::idle : Step::header;
    set_deadline(step_ == Step::idle ? server_->options.idle : server_->options.header_deadline);
    scanned_ = 0;
    is_head_ = false;
    find_header();
  }

  void check_deadline(SteadyTime now) override {
    if (now < deadline_ && !is_too_slow(now)) return;
    switch (step_) {
      case Step::proxy_header:
        return turn_away("proxy_header_timeout");
      case Step::handshake:
        return turn_away("handshake_timeout");
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
    if (step_ == Step::idle || step_ == Step::handshake || step_ == Step::proxy_header) close();
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
  enum class Step : std::uint8_t { proxy_header, handshake, idle, header, body, answering, writing, lingering, closed };

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

  // Before a request there is nobody to tell why.
  void turn_away(std::string_view reason) {
    server_->probes.refused(reason);
    close();
  }

  // Not a byte more is read than the header has: the rest is TLS's own, or is read with the request.
  void find_proxy_header() {
    const auto read = read_proxy_header(buffered(), server_->options.proxies.header_bytes);
    if (!read) return turn_away(read.error());
    if (read->missing == 0) return take_proxy_header(*read);
    stream_.socket().async_read_some(buffer_.prepare(read->missing),
                                     [self = shared_from_this()](error_code error, std::size_t bytes) {
                                       if (self->step_ == Step::closed) return;
                                       // A look at whether we listen says nothing, and is no fault.
                                       if (error && self->buffer_.size() == 0) return self->close();
                                       if (error) return self->turn_away("proxy_header");
                                       self->buffer_.commit(bytes);
                                       self->find_proxy_header();
                                     });
  }

  void take_proxy_header(const ProxyHeader& header) {
    buffer_.consume(buffer_.size());
    if (!header.source.empty() && !server_->options.proxies.trust(header.source)) {
      if (!server_->budget().join(header.source, server_->options.connections_per_address))
        return turn_away("too_many_from_address");
      remote_ = header.source;
      address_by_ = AddressBy::proxy;
    }
    begin_stream();
  }

  void shake_hands() {
    step_ = Step::handshake;
    set_deadline(server_->options.handshake_deadline);
    stream_.handshake([self = shared_from_this()](error_code error) {
      if (self->step_ == Step::closed) return;
      if (error) return self->turn_away("handshake_failed");
      self->peer_names_ = self->stream_.peer_names();
      self->believed_by_ = self->stream_.context();
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
    is_head_ = head.starts_with("HEAD ");
    if (guarded->content_length > server_->options.body_bytes)
      return refuse(413, "body_too_large",
                    words::said("The body is larger than {} bytes.", server_->options.body_bytes));
    auto parsed = parse(head, server_->options.guard.header_bytes);
    if (!parsed) return refuse(400, "header", words::text("The request header is not well-formed."));
    request_ = std::move(*parsed);
    if (!server_->budget().take(guarded->content_length, server_->options.in_flight_bytes))
      return refuse(503, "too_many_bytes", words::text("The gateway has its hands full; send it again in a moment."));
    held_ = guarded->content_length;
    content_length_ = guarded->content_length;
    keep_alive_ = guarded->keep_alive;
    request_.received_at = server_->clock.steady();
    name_client();
    buffer_.consume(head.size());
    step_ = Step::body;
    set_deadline(server_->options.body_deadline);
    if (guarded->expects_continue && buffer_.size() < content_length_) return send_continue();
    take_body();
  }

  // Where the request comes from, and whom a certificate names.
  void name_client() {
    request_.remote_address = remote_;
    request_.address_by = address_by_;
    request_.peer_names = believed_names();
    if (!by_proxy_ || server_->options.proxies.send_header) return;
    auto client = client_behind(server_->options.proxies, remote_, request_);
    request_.remote_address = std::move(client.text);
    request_.address_by = client.by;
  }

  // Since the handshake the authorities may have been replaced: whoever is none of theirs any more is nobody, and is
  // made to begin anew.
  PeerNames believed_names() {
    if (!peer_names_) return nullptr;
    auto now = server_->options.tls->context();
    if (now == believed_by_) return peer_names_;
    believed_by_ = std::move(now);
    if (stream_.is_signed_for(believed_by_)) return peer_names_;
    server_->probes.refused("certificate_withdrawn");
    peer_names_ = nullptr;
    keep_alive_ = false;
    return nullptr;
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
    write_ = render(response, server_->date(), keep_alive_, is_head_);
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
  std::string remote_;  // the client's address, or its proxy's
  bool by_proxy_ = false;
  AddressBy address_by_;
  PeerNames peer_names_;
  Tls::Context believed_by_;  // what the names were last checked by
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
  bool is_head_ = false;
  bool continuing_ = false;  // "100 Continue" is being written
  std::string write_;
};

}  // namespace

void serve(std::shared_ptr<Server::Impl> listener, tcp::socket socket, Peer peer) {
  auto connection = std::make_shared<Connection>(std::move(listener), std::move(socket), std::move(peer));
  connection->join();
  connection->begin();
}

}  // namespace titip::http
