// A client that speaks TLS by OpenSSL itself.
#pragma once

#include <openssl/ssl.h>

#include <csignal>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "tests/gateway/http/certificates.h"
#include "tests/gateway/http/server_fixture.h"

namespace titip::http {

// What a client wants of its connection.
struct Wish {
  int newest = TLS1_3_VERSION;
  std::string suites{};  // of 1.2
  std::string alpn{};
  const tests::Certificate* own = nullptr;
  int security = 2;
  std::string first{};  // said in plain, before TLS begins
};

class TlsClient {
 public:
  TlsClient(std::uint16_t port, const tests::Certificate& trusted, const Wish& wish = {})
      : client_(port), context_(SSL_CTX_new(TLS_client_method()), &SSL_CTX_free), ssl_(nullptr, &SSL_free) {
    std::signal(SIGPIPE, SIG_IGN);  // OpenSSL writes to whoever has hung up
    SSL_CTX_set_security_level(context_.get(), wish.security);
    SSL_CTX_set_min_proto_version(context_.get(), TLS1_VERSION);
    SSL_CTX_set_max_proto_version(context_.get(), wish.newest);
    if (!wish.suites.empty()) SSL_CTX_set_cipher_list(context_.get(), wish.suites.c_str());
    X509_STORE_add_cert(SSL_CTX_get_cert_store(context_.get()), trusted.x509());
    SSL_CTX_set_verify(context_.get(), SSL_VERIFY_PEER, nullptr);
    if (wish.own != nullptr) {
      SSL_CTX_use_certificate(context_.get(), wish.own->x509());
      SSL_CTX_use_PrivateKey(context_.get(), wish.own->key());
    }
    if (!wish.first.empty()) client_.send(wish.first);
    ssl_.reset(SSL_new(context_.get()));
    if (!wish.alpn.empty())
      SSL_set_alpn_protos(ssl_.get(), reinterpret_cast<const unsigned char*>(wish.alpn.data()),
                          static_cast<unsigned int>(wish.alpn.size()));
    SSL_set_fd(ssl_.get(), client_.socket().native_handle());
    SSL_set1_host(ssl_.get(), "localhost");
    is_connected_ = SSL_connect(ssl_.get()) == 1;
  }

  bool is_connected() const { return is_connected_; }
  SSL* ssl() { return ssl_.get(); }
  void send(std::string_view bytes) { SSL_write(ssl_.get(), bytes.data(), static_cast<int>(bytes.size())); }
  // What has come when the pattern has, or when no more does.
  std::string until(std::string_view pattern) {
    std::string got;
    std::array<char, 4096> bytes{};
    while (!got.contains(pattern)) {
      const auto count = SSL_read(ssl_.get(), bytes.data(), bytes.size());
      if (count <= 0) break;
      got.append(bytes.data(), static_cast<std::size_t>(count));
    }
    return got;
  }
  // Everything, and whether the server said goodbye.
  std::pair<std::string, bool> rest() {
    auto got = until("nothing says this");
    return {got, (SSL_get_shutdown(ssl_.get()) & SSL_RECEIVED_SHUTDOWN) != 0};
  }

 private:
  Client client_;
  std::unique_ptr<SSL_CTX, decltype(&SSL_CTX_free)> context_;
  std::unique_ptr<SSL, decltype(&SSL_free)> ssl_;
  bool is_connected_ = false;
};

}  // namespace titip::http
