#include "upstream/client/callback_transport.h"

#include <openssl/ssl.h>

#include <boost/asio/connect.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/host_name_verification.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/thread_pool.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/string_body.hpp>
#include <boost/beast/http/write.hpp>

#include <optional>
#include <set>
#include <utility>
#include <vector>

#include "metrics/words/said.h"
#include "upstream/client/public_address.h"

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
using Done = std::move_only_function<void(Exchange)>;
using Endpoints = std::vector<tcp::endpoint>;

constexpr std::uint32_t header_bytes = 8U << 10U;

class Call;

// What the calls share. It lives as long as any of them.
struct Shared {
  Shared(asio::io_context& io, CallbackTransportOptions given) : context(io), options(std::move(given)) {}

  asio::io_context& context;
  const CallbackTransportOptions options;
  ssl::context tls{ssl::context::tls_client};
  std::set<Call*> calls;
  bool closed = false;
  std::optional<asio::thread_pool> lookups;
};

// One callback on its way: look up, connect, shake hands, write, read the header.
class Call : public std::enable_shared_from_this<Call> {
 public:
  Call(std::shared_ptr<Shared> shared, CallbackRequest request, Done done)
      : shared_(std::move(shared)),
        tls_(request.tls),
        host_(std::move(request.host)),
        port_(std::move(request.port)),
        stream_(shared_->context, shared_->tls),
        timer_(shared_->context),
        done_(std::move(done)) {
    message_.method(http::verb::post);
    message_.target(request.target);
    message_.set(http::field::user_agent, "titip");
    message_.set(http::field::connection, "close");
    for (auto& [name, value] : request.headers) message_.set(name, value);
    message_.body() = std::move(request.body);
    message_.content_length(message_.body().size());
    parser_.header_limit(header_bytes);
    parser_.body_limit(boost::none);  // it is not read, however long it says it is
  }

  void start() {
    timer_.expires_after(shared_->options.timeout);
    timer_.async_wait([self = shared_from_this()](error_code error) {
      if (!error) self->finish(self->when_too_slow_);
    });
    error_code not_an_address;
    const auto address = asio::ip::make_address(host_, not_an_address);
    std::uint16_t port = static_cast<std::uint16_t>(std::stoul(port_));
    if (not_an_address) return look_up();
    connect({tcp::endpoint(address, port)});
  }

  void abandon() { finish(written_ ? Failure::response_timeout : Failure::not_admitted); }

 private:
  void look_up() {
    when_too_slow_ = Failure::resolve_timeout;
    if (!shared_->lookups) shared_->lookups.emplace(shared_->options.lookups);
    asio::post(*shared_->lookups, [self = shared_from_this(), host = host_, port = port_]() mutable {
      asio::io_context own;
      error_code error;
      Endpoints found;
      for (const auto& each : tcp::resolver(own).resolve(host, port, error)) found.push_back(each.endpoint());
      auto& context = self->shared_->context;
      asio::post(context, [self = std::move(self), error, found = std::move(found)]() mutable {
        if (!self->done_) return;
        if (error || found.empty()) return self->finish(Failure::resolve_failed);
        self->connect(std::move(found));
      });
    });
  }

  // A name with one address that is not to be called is not called at all: what it says may change until the next look.
  void connect(Endpoints found) {
    for (const auto& each : found)
      if (!shared_->options.private_targets && !is_public(each.address())) return refuse();
    when_too_slow_ = Failure::connect_timeout;
    endpoints_ = std::move(found);
    asio::async_connect(stream_.next_layer(), endpoints_,
                        [self = shared_from_this()](error_code error, const tcp::endpoint&) {
                          if (!self->done_) return;
                          if (error)
                            return self->finish(error == asio::error::connection_refused ? Failure::connect_refused
                                                                                         : Failure::connect_failed);
                          self->tls_ ? self->shake_hands() : self->write(self->stream_.next_layer());
                        });
  }

  // Never inside start(), which may run inside post().
  void refuse() {
    asio::post(shared_->context, [self = shared_from_this()] { self->finish(Failure::address_refused); });
  }

  void shake_hands() {
    when_too_slow_ = Failure::tls_failed;
    error_code not_an_address;
    asio::ip::make_address(host_, not_an_address);
    // The name a server with several is asked for; an address is no name there (RFC 6066).
    if (not_an_address) SSL_set_tlsext_host_name(stream_.native_handle(), host_.c_str());
    stream_.set_verify_callback(ssl::host_name_verification(host_));
    stream_.async_handshake(ssl::stream_base::client, [self = shared_from_this()](error_code error) {
      if (!self->done_) return;
      error ? self->finish(Failure::tls_failed) : self->write(self->stream_);
    });
  }

  template <class Stream>
  void write(Stream& stream) {
    written_ = true;
    when_too_slow_ = Failure::write_timeout;
    http::async_write(stream, message_, [self = shared_from_this(), &stream](error_code error, std::size_t) {
      if (!self->done_) return;
      error ? self->finish(Failure::write_failed) : self->read(stream);
    });
  }

  template <class Stream>
  void read(Stream& stream) {
    when_too_slow_ = Failure::response_timeout;
    http::async_read_header(stream, buffer_, parser_, [self = shared_from_this()](error_code error, std::size_t) {
      if (!self->done_) return;
      error ? self->finish(named(error)) : self->succeed();
    });
  }

  static Failure named(error_code error) {
    if (error == http::error::header_limit || error == http::error::buffer_overflow) return Failure::reply_too_large;
    if (error == http::error::end_of_stream || error == http::error::partial_message) return Failure::connection_reset;
    const bool is_http = error.category() == http::make_error_code(http::error::bad_method).category();
    return is_http ? Failure::reply_malformed : Failure::connection_reset;
  }

  void succeed() {
    const auto& message = parser_.get();
    if (message.result_int() < 200) return finish(Failure::reply_malformed);
    rules::Reply reply;
    reply.http_status = static_cast<int>(message.result_int());
    reply.retry_after = rules::retry_after(message[http::field::retry_after]);
    finish(std::move(reply));
  }

  void finish(Exchange exchange) {
    auto done = std::exchange(done_, nullptr);
    if (!done) return;
    error_code ignored;
    timer_.cancel();
    stream_.next_layer().close(ignored);
    shared_->calls.erase(this);
    done(std::move(exchange));
  }

  std::shared_ptr<Shared> shared_;
  const bool tls_;
  const std::string host_;
  const std::string port_;
  ssl::stream<tcp::socket> stream_;
  asio::steady_timer timer_;
  Endpoints endpoints_;
  http::request<http::string_body> message_;
  http::response_parser<http::empty_body> parser_;
  beast::flat_buffer buffer_{header_bytes + 1024U};
  Failure when_too_slow_ = Failure::connect_timeout;
  bool written_ = false;
  Done done_;
};

class CallbackTransport final : public CallbackDoor {
 public:
  explicit CallbackTransport(std::shared_ptr<Shared> shared) : shared_(std::move(shared)) {}
  // A look-up cannot be called back; what it finds then is let go of with its call.
  ~CallbackTransport() override {
    close();
    if (shared_->lookups) shared_->lookups->join();
  }

  void post(CallbackRequest request, Done done) override {
    if (shared_->closed)
      return asio::post(shared_->context, [done = std::move(done)]() mutable { done(Failure::not_admitted); });
    auto call = std::make_shared<Call>(shared_, std::move(request), std::move(done));
    shared_->calls.insert(call.get());
    call->start();
  }

  void close() override {
    shared_->closed = true;
    while (!shared_->calls.empty()) (*shared_->calls.begin())->abandon();
  }

 private:
  std::shared_ptr<Shared> shared_;
};

}  // namespace

std::expected<std::unique_ptr<CallbackDoor>, std::string> make_callback_transport(asio::io_context& context,
                                                                                  CallbackTransportOptions options) {
  auto shared = std::make_shared<Shared>(context, std::move(options));
  error_code error;
  SSL_CTX_set_min_proto_version(shared->tls.native_handle(), TLS1_2_VERSION);
  shared->tls.set_default_verify_paths(error);
  shared->tls.set_verify_mode(ssl::verify_peer, error);
  if (const auto& file = shared->options.ca_file; !file.empty()) {
    shared->tls.load_verify_file(file.string(), error);
    if (error)
      return std::unexpected(words::tell("the certificates in {} cannot be read ({}); it must be a PEM file",
                                         file.string(), error.message()));
  }
  return std::make_unique<CallbackTransport>(std::move(shared));
}

}  // namespace titip::client
