// The bytes of one connection, plain or under TLS. Private to this room. Threads: its connection's loop.
// A plain one costs a null pointer and a branch.
#pragma once

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/write.hpp>

#include <memory>
#include <utility>

#include "gateway/http/tls.h"

namespace titip::http {

class Stream {
 public:
  // Without a context: plain.
  Stream(boost::asio::ip::tcp::socket socket, Tls::Context context)
      : socket_(std::move(socket)), context_(std::move(context)) {
    if (context_) tls_ = std::make_unique<Secure>(socket_, *context_);
  }

  bool is_secure() const { return tls_ != nullptr; }
  boost::asio::ip::tcp::socket& socket() { return socket_; }

  template <class Then>
  void handshake(Then then) {
    tls_->async_handshake(boost::asio::ssl::stream_base::server, std::move(then));
  }
  // Says goodbye, and waits for the other side's word.
  template <class Then>
  void say_goodbye(Then then) {
    tls_->async_shutdown(std::move(then));
  }
  template <class Buffers, class Then>
  void read_some(const Buffers& buffers, Then then) {
    if (tls_) return tls_->async_read_some(buffers, std::move(then));
    socket_.async_read_some(buffers, std::move(then));
  }
  template <class Buffers, class Then>
  void write(const Buffers& buffers, Then then) {
    if (tls_) return boost::asio::async_write(*tls_, buffers, std::move(then));
    boost::asio::async_write(socket_, buffers, std::move(then));
  }

  // After the handshake, which fails for a certificate that no authority of ours signed.
  PeerNames peer_names() const;
  // Whether its certificate would still be let in by this one: signed by an authority of its, and in time.
  bool is_signed_for(const Tls::Context& context) const;
  const Tls::Context& context() const { return context_; }

 private:
  using Secure = boost::asio::ssl::stream<boost::asio::ip::tcp::socket&>;

  boost::asio::ip::tcp::socket socket_;
  Tls::Context context_;
  std::unique_ptr<Secure> tls_;
};

}  // namespace titip::http
