#include "upstream/client/http_transport.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>

#include <boost/asio/connect.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/host_name_verification.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/string_body.hpp>
#include <boost/beast/http/write.hpp>

#include <algorithm>
#include <list>
#include <optional>
#include <set>

#include "metrics/words/said.h"

namespace titip::client {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = boost::beast::http;
namespace ssl = boost::asio::ssl;
using asio::ip::tcp;
using boost::system::error_code;
using rules::Exchange;
using rules::Failure;
using rules::Reply;
using Done = std::move_only_function<void(Exchange)>;
using Steady = std::chrono::steady_clock;

// Open, and nothing unasked has come.
bool is_quiet(tcp::socket& socket) {
  error_code error;
  socket.non_blocking(true, error);
  if (error) return false;
  char byte = 0;
  socket.receive(asio::buffer(&byte, 1), tcp::socket::message_peek, error);
  return error == asio::error::would_block || error == asio::error::try_again;
}
// A connection; under TLS where the base URL is https.
struct Link {
  Link(asio::io_context& context, ssl::context* with) : socket(context) {
    if (with != nullptr) tls.emplace(socket, *with);
  }
  // What came behind the last reply may have been taken from the socket already, into the layer of TLS.
  bool has_leftovers() {
    if (!tls) return false;
    auto* const session = tls->native_handle();
    return SSL_has_pending(session) == 1 || BIO_ctrl_pending(SSL_get_rbio(session)) > 0;
  }
  tcp::socket socket;
  std::optional<ssl::stream<tcp::socket&>> tls;
};
using LinkPtr = std::unique_ptr<Link>;

int add_authorities(ssl::context& context, const std::string& pem) {
  const std::unique_ptr<BIO, decltype(&BIO_free)> from(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())),
                                                       &BIO_free);
  int added = 0;
  for (;; ++added) {
    const std::unique_ptr<X509, decltype(&X509_free)> each(PEM_read_bio_X509(from.get(), nullptr, nullptr, nullptr),
                                                           &X509_free);
    if (!each || X509_STORE_add_cert(SSL_CTX_get_cert_store(context.native_handle()), each.get()) != 1) break;
  }
  ERR_clear_error();  // the file's end
  return added;
}

void trust(ssl::context& context, const std::string& authorities) {
  error_code ignored;  // a machine without certificates trusts those of the config alone
  context.set_default_verify_paths(ignored);
  add_authorities(context, authorities);
  context.set_verify_mode(ssl::verify_peer, ignored);
  SSL_CTX_set_min_proto_version(context.native_handle(), TLS1_2_VERSION);
}

struct Pooled {
  LinkPtr link;
  Steady::time_point since;
};

class Call;

class HttpTransport final : public Transport, public std::enable_shared_from_this<HttpTransport> {
 public:
  HttpTransport(asio::io_context& context, TransportOptions options)
      : context_(context), options_(std::move(options)), resolver_(context) {
    if (options_.base.tls) trust(tls_.emplace(ssl::context::tls_client), options_.authorities);
  }

  void send(OutboundRequest request, Done done) override;
  void close() override;

  // A pooled connection that still looks alive: the server has neither closed it nor sent anything unasked. Without
  // this look, a request would be written into a dead connection and its outcome would be unknown.
  LinkPtr take_pooled() {
    while (!pool_.empty()) {
      Pooled pooled = std::move(pool_.back());
      pool_.pop_back();
      if (Steady::now() - pooled.since > options_.idle_connection) continue;
      if (!pooled.link->has_leftovers() && is_quiet(pooled.link->socket)) return std::move(pooled.link);
    }
    return nullptr;
  }
  LinkPtr make_link() { return std::make_unique<Link>(context_, tls_ ? &*tls_ : nullptr); }

  void give_back(LinkPtr link) {
    if (closed_) return;
    if (pool_.size() >= options_.pool) pool_.pop_front();
    pool_.push_back({std::move(link), Steady::now()});
  }

  const tcp::resolver::results_type* known_addresses() const {
    return !addresses_.empty() && Steady::now() - resolved_at_ < options_.address_lifetime ? &addresses_ : nullptr;
  }
  void learn(tcp::resolver::results_type addresses) {
    addresses_ = std::move(addresses);
    resolved_at_ = Steady::now();
  }
  void forget_addresses() { addresses_ = {}; }

  asio::io_context& context() { return context_; }
  tcp::resolver& resolver() { return resolver_; }
  const TransportOptions& options() const { return options_; }
  void ended(Call* call) { calls_.erase(call); }

 private:
  asio::io_context& context_;
  TransportOptions options_;
  std::optional<ssl::context> tls_;
  tcp::resolver resolver_;
  std::list<Pooled> pool_;
  tcp::resolver::results_type addresses_;
  Steady::time_point resolved_at_{};
  std::set<Call*> calls_;
  bool closed_ = false;
};

// One request on its way: resolve, connect, through the proxy if there is one, write, read, each step with a deadline
// that names the failure it means.
class Call : public std::enable_shared_from_this<Call> {
 public:
  Call(std::shared_ptr<HttpTransport> transport, OutboundRequest request, Done done)
      : transport_(std::move(transport)),
        timer_(transport_->context()),
        done_(std::move(done)),
        answer_within_(std::min(request.answer_within.value_or(transport_->options().response_timeout),
                                transport_->options().response_timeout)) {
    const auto& base = transport_->options().base;
    message_.method_string(request.method);
    message_.target(base.path + request.target);
    message_.set(http::field::host, base.port == (base.tls ? "443" : "80") ? base.host : base.host + ":" + base.port);
    message_.set(http::field::user_agent, "titip");
    for (auto& [name, value] : request.headers) message_.set(name, value);
    message_.body() = std::move(request.body);
    if (!message_.body().empty() || request.method != "GET") message_.content_length(message_.body().size());
  }

  void start() {
    link_ = transport_->take_pooled();
    if (link_) return write();
    link_ = transport_->make_link();
    if (const auto* addresses = transport_->known_addresses()) return connect(*addresses);
    resolve();
  }

  void abandon() {
    step_failure_ = written_ ? Failure::response_timeout : Failure::not_admitted;
    fail(step_failure_);
  }

 private:
  void arm(std::chrono::milliseconds timeout, Failure failure) {
    step_failure_ = failure;
    timer_.expires_after(timeout);
    timer_.async_wait([self = shared_from_this()](error_code error) {
      // A wait that was over when the next step armed the timer anew cannot be called back.
      if (!error && self->done_ && self->timer_.expiry() <= Steady::now()) self->fail(self->step_failure_);
    });
  }

  void resolve() {
    arm(transport_->options().resolve_timeout, on_the_way(Failure::resolve_timeout));
    const auto& base = transport_->options().base;
    const auto& proxy = transport_->options().proxy;
    // Behind a proxy the destination's name is the proxy's to look up: often nobody on this side can.
    transport_->resolver().async_resolve(
        bare_host(proxy ? proxy->host : base.host), proxy ? proxy->port : base.port,
        [self = shared_from_this()](error_code error, tcp::resolver::results_type found) {
          if (!self->done_) return;
          if (error) return self->fail(self->on_the_way(Failure::resolve_failed));
          self->transport_->learn(found);
          self->connect(found);
        });
  }

  void connect(const tcp::resolver::results_type& addresses) {
    arm(transport_->options().connect_timeout, on_the_way(Failure::connect_timeout));
    asio::async_connect(link_->socket, addresses, [self = shared_from_this()](error_code error, const tcp::endpoint&) {
      if (!self->done_) return;
      if (error) {
        self->transport_->forget_addresses();
        const bool refused = error == asio::error::connection_refused;
        return self->fail(self->on_the_way(refused ? Failure::connect_refused : Failure::connect_failed));
      }
      error_code ignored;
      self->link_->socket.set_option(tcp::no_delay(true), ignored);
      self->transport_->options().proxy ? self->tunnel() : self->speak();
    });
  }

  Failure on_the_way(Failure straight) const {
    return transport_->options().proxy ? Failure::proxy_unreachable : straight;
  }

  void tunnel() {
    const auto& base = transport_->options().base;
    const auto& proxy = transport_->options().proxy;
    arm(transport_->options().connect_timeout, Failure::proxy_timeout);
    open_tunnel(link_->socket, connect_request(base.host, base.port, *proxy),
                [self = shared_from_this()](std::optional<Failure> failure) {
                  if (!self->done_) return;
                  // What came behind the proxy's answer, in another piece, is nobody's answer to us.
                  if (!failure && !is_quiet(self->link_->socket)) failure = Failure::proxy_malformed;
                  failure ? self->fail(*failure) : self->speak();
                });
  }

  void speak() { link_->tls ? shake_hands() : write(); }

  // Nothing has been sent yet, so a server that cannot prove itself is as good as none.
  void shake_hands() {
    arm(transport_->options().connect_timeout, Failure::tls_failed);
    auto& tls = *link_->tls;
    const auto host = bare_host(transport_->options().base.host);
    error_code not_an_address;
    asio::ip::make_address(host, not_an_address);
    // The name a server with several is asked for; an address is no name there (RFC 6066).
    if (not_an_address) SSL_set_tlsext_host_name(tls.native_handle(), host.c_str());
    tls.set_verify_callback(ssl::host_name_verification(host));
    tls.async_handshake(ssl::stream_base::client, [self = shared_from_this()](error_code error) {
      if (!self->done_) return;
      error ? self->fail(Failure::tls_failed) : self->write();
    });
  }

  void write() { link_->tls ? write(*link_->tls) : write(link_->socket); }

  template <class Stream>
  void write(Stream& stream) {
    written_ = true;  // from here on nobody can say that no byte was written
    arm(transport_->options().write_timeout, Failure::write_timeout);
    http::async_write(stream, message_, [self = shared_from_this(), &stream](error_code error, std::size_t) {
      if (!self->done_) return;
      if (error) return self->fail(Failure::write_failed);
      self->read(stream);
    });
  }

  template <class Stream>
  void read(Stream& stream) {
    arm(answer_within_, Failure::response_timeout);
    parser_.body_limit(transport_->options().reply_bytes);
    parser_.header_limit(64U << 10U);
    http::async_read(stream, buffer_, parser_, [self = shared_from_this()](error_code error, std::size_t) {
      if (!self->done_) return;
      if (error) return self->fail(named(error));
      self->succeed();
    });
  }

  static Failure named(error_code error) {
    if (error == http::error::body_limit || error == http::error::header_limit || error == http::error::buffer_overflow)
      return Failure::reply_too_large;
    if (error == http::error::end_of_stream || error == http::error::partial_message) return Failure::connection_reset;
    const bool is_http = error.category() == http::make_error_code(http::error::bad_method).category();
    return is_http ? Failure::reply_malformed : Failure::connection_reset;
  }

  void succeed() {
    auto message = parser_.release();
    // An interim answer nobody asked for: the real one still comes, and would be taken for the next request's.
    if (message.result_int() < 200) return fail(Failure::reply_malformed);
    Reply reply;
    reply.http_status = static_cast<int>(message.result_int());
    reply.content_type = std::string(message[http::field::content_type]);
    reply.retry_after = rules::retry_after(message[http::field::retry_after]);
    reply.date = rules::date_of(message[http::field::date]);
    reply.body = std::move(message.body());
    timer_.cancel();
    if (message.keep_alive() && buffer_.size() == 0 && !link_->has_leftovers()) transport_->give_back(std::move(link_));
    finish(std::move(reply));
  }

  // Never returns the connection to the pool: what timed out may still answer.
  void fail(Failure failure) {
    error_code ignored;
    timer_.cancel();
    if (link_) link_->socket.close(ignored);
    finish(failure);
  }

  void finish(Exchange exchange) {
    transport_->ended(this);
    auto done = std::exchange(done_, nullptr);
    if (done) done(std::move(exchange));
  }

  std::shared_ptr<HttpTransport> transport_;
  LinkPtr link_;
  asio::steady_timer timer_;
  http::request<http::string_body> message_;
  http::response_parser<http::string_body> parser_;
  beast::flat_buffer buffer_;
  Failure step_failure_ = Failure::connect_failed;
  bool written_ = false;
  Done done_;
  std::chrono::milliseconds answer_within_;
};

void HttpTransport::send(OutboundRequest request, Done done) {
  if (closed_) {
    return asio::post(context_, [done = std::move(done)]() mutable { done(Failure::not_admitted); });
  }
  auto call = std::make_shared<Call>(shared_from_this(), std::move(request), std::move(done));
  calls_.insert(call.get());
  call->start();
}

void HttpTransport::close() {
  closed_ = true;
  pool_.clear();
  while (!calls_.empty()) (*calls_.begin())->abandon();
}

// The transport is shared with its calls, its owner holds it alone.
class Owner final : public Transport {
 public:
  Owner(asio::io_context& context, TransportOptions options)
      : transport_(std::make_shared<HttpTransport>(context, std::move(options))) {}
  void send(OutboundRequest request, Done done) override { transport_->send(std::move(request), std::move(done)); }
  void close() override { transport_->close(); }

 private:
  std::shared_ptr<HttpTransport> transport_;
};

}  // namespace

std::string authorities_complaint(const std::string& pem) {
  ssl::context tried(ssl::context::tls_client);
  return add_authorities(tried, pem) > 0 ? "" : words::tell("it holds no certificate; it must be a PEM file");
}

std::unique_ptr<Transport> make_http_transport(asio::io_context& context, TransportOptions options) {
  return std::make_unique<Owner>(context, std::move(options));
}

}  // namespace titip::client
