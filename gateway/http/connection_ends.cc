// How a connection begins, before its first request, and how it ends.
#include "gateway/http/connection.h"

#include <utility>

namespace titip::http {
namespace {

using boost::asio::ip::tcp;
using boost::system::error_code;
using clock::SteadyTime;

constexpr std::size_t most_drained = 1U << 20U;
constexpr std::size_t most_kept = 32U << 10U;

}  // namespace

Connection::Connection(std::shared_ptr<Server::Impl> server, tcp::socket socket, Peer peer)
    : server_(std::move(server)),
      stream_(std::move(socket), server_->options.tls ? server_->options.tls->context() : nullptr),
      remote_(std::move(peer.address)),
      share_(std::move(peer.share)),
      by_proxy_(peer.is_proxy),
      address_by_(by_proxy_ ? AddressBy::nobody : AddressBy::connection),
      held_(server_->budget()) {
  held_.belongs_to(share_);
  error_code ignored;
  stream_.socket().set_option(tcp::no_delay(true), ignored);
}

Connection::~Connection() {
  if (share_) share_->leave();
  server_->left(place_);
}

void Connection::join() {
  place_ = server_->sessions.insert(server_->sessions.end(), weak_from_this());
  server_->joined();
}

void Connection::begin() {
  if (!by_proxy_ || !server_->options.proxies.send_header) return begin_stream();
  step_ = Step::proxy_header;
  set_deadline(server_->options.header_deadline);
  find_proxy_header();
}

void Connection::begin_stream() {
  stream_.is_secure() ? shake_hands() : begin_request();
}

void Connection::check_deadline(SteadyTime now) {
  if (now < deadline_ && !is_too_slow(now)) return;
  switch (step_) {
    case Step::proxy_header:
      return turn_away("proxy_header_timeout");
    case Step::handshake:
      return turn_away("handshake_timeout");
    case Step::idle:
      return turn_away("idle");
    case Step::writing:
      return turn_away("answer_not_taken");
    case Step::lingering:
      return close();
    case Step::header:
    case Step::body:
      if (continuing_)
        return turn_away("answer_not_taken");  // a client that does not even take "100 Continue" takes no answer
      if (now < deadline_) return refuse(408, "body_too_slow", words::text("The body arrived too slowly."));
      deadline_ = SteadyTime::max();
      return refuse(408, "timeout", words::text("The request did not arrive in time."));
    case Step::answering:
    case Step::closed:
      return;
  }
}

void Connection::close_if_idle() {
  if (step_ == Step::idle || step_ == Step::handshake || step_ == Step::proxy_header) close();
}

void Connection::close() {
  if (step_ == Step::closed) return;
  step_ = Step::closed;
  held_.give_back();
  error_code ignored;
  stream_.socket().shutdown(tcp::socket::shutdown_both, ignored);
  stream_.socket().close(ignored);
}

// A body that trickles: what has come by now is less than the least rate gives.
bool Connection::is_too_slow(SteadyTime now) const {
  const auto rate = server_->options.body_rate;
  if (step_ != Step::body || rate == 0) return false;
  const auto since = now - request_.received_at;
  if (since < server_->options.body_grace) return false;
  const auto ms = std::chrono::duration_cast<std::chrono::milliseconds>(since).count();
  return buffer_.size() < static_cast<std::uint64_t>(ms) * rate / 1000;
}

// Before a request there is nobody to tell why.
void Connection::turn_away(std::string_view reason) {
  server_->probes.refused(reason);
  close();
}

// Not a byte more is read than the header has: the rest is TLS's own, or is read with the request.
void Connection::find_proxy_header() {
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

void Connection::take_proxy_header(const ProxyHeader& header) {
  buffer_.consume(buffer_.size());
  if (!header.source.empty() && !server_->options.proxies.trust(header.source)) {
    auto share = server_->budget().share(site_of(header.source));
    if (!share->join(server_->options.connections_per_address)) return turn_away("too_many_from_address");
    share_ = std::move(share);
    held_.belongs_to(share_);
    remote_ = header.source;
    address_by_ = AddressBy::proxy;
  }
  begin_stream();
}

void Connection::shake_hands() {
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

// Closing with unread bytes would reset the connection and may take our answer with it: stop sending, read what still
// comes for a moment, then close.
void Connection::linger() {
  step_ = Step::lingering;
  set_deadline(std::chrono::milliseconds(1000));
  if (stream_.is_secure()) return say_goodbye();
  stop_sending();
  if (!reading_) drain_input();
}

// Under TLS too what comes after the goodbye is read as it is: nobody wants to know what it says.
void Connection::say_goodbye() {
  stream_.say_goodbye([self = shared_from_this()](error_code) {
    if (self->step_ == Step::closed) return;
    self->stop_sending();
    self->drain_input();
  });
}

void Connection::stop_sending() {
  error_code ignored;
  stream_.socket().shutdown(tcp::socket::shutdown_send, ignored);
}

void Connection::drain_input() {
  buffer_.consume(buffer_.size());
  stream_.socket().async_read_some(buffer_.prepare(4096),
                                   [self = shared_from_this()](error_code error, std::size_t bytes) {
                                     if (self->step_ == Step::closed) return;
                                     self->drained_ += bytes;
                                     if (error || self->drained_ > most_drained) return self->close();
                                     self->drain_input();
                                   });
}

// One large body or answer must not stay with a connection that may be idle for long.
void Connection::let_memory_go() {
  if (buffer_.capacity() > most_kept) buffer_.shrink_to_fit();
  if (write_.capacity() > most_kept) std::string().swap(write_);
}

}  // namespace titip::http
