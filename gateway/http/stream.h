// The bytes of one connection, plain or under TLS. Private to this room. Threads: its connection's loop.
// A plain one costs a null pointer and a branch.
#pragma once

#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/write.hpp>

#include <memory>
#include <string>
#include <utility>
#include <vector>

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

 private:
  using Secure = boost::asio::ssl::stream<boost::asio::ip::tcp::socket&>;

  boost::asio::ip::tcp::socket socket_;
  Tls::Context context_;
  std::unique_ptr<Secure> tls_;
};

inline PeerNames Stream::peer_names() const {
  if (!tls_) return nullptr;
  const std::unique_ptr<X509, decltype(&X509_free)> certificate(SSL_get1_peer_certificate(tls_->native_handle()),
                                                                &X509_free);
  if (!certificate || SSL_get_verify_result(tls_->native_handle()) != X509_V_OK) return nullptr;
  const std::unique_ptr<GENERAL_NAMES, decltype(&GENERAL_NAMES_free)> names(
      static_cast<GENERAL_NAMES*>(X509_get_ext_d2i(certificate.get(), NID_subject_alt_name, nullptr, nullptr)),
      &GENERAL_NAMES_free);
  auto found = std::make_shared<std::vector<std::string>>();
  for (int at = 0; names && at < sk_GENERAL_NAME_num(names.get()); ++at) {
    const auto* each = sk_GENERAL_NAME_value(names.get(), at);
    if (each->type != GEN_DNS) continue;
    std::string name(reinterpret_cast<const char*>(ASN1_STRING_get0_data(each->d.dNSName)),
                     static_cast<std::size_t>(ASN1_STRING_length(each->d.dNSName)));
    if (name.find('\0') == std::string::npos) found->push_back(std::move(name));
  }
  return found;
}

}  // namespace titip::http
