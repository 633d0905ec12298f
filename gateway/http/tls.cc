#include "gateway/http/tls.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <boost/asio/ssl/context.hpp>

#include <algorithm>
#include <string_view>
#include <utility>

#include "metrics/words/said.h"

namespace titip::http {
namespace {

namespace ssl = boost::asio::ssl;

// Of TLS 1.2; those of 1.3 are all of this kind.
constexpr auto suites =
    "ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256:ECDHE-ECDSA-AES256-GCM-SHA384:"
    "ECDHE-RSA-AES256-GCM-SHA384:ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-RSA-CHACHA20-POLY1305";
constexpr std::string_view alpn = "\x08http/1.1";

using Bio = std::unique_ptr<BIO, decltype(&BIO_free)>;
using Certificate = std::unique_ptr<X509, decltype(&X509_free)>;
using Key = std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)>;

Bio reader(const std::string& pem) {
  return {BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())), &BIO_free};
}

std::string why() {
  const auto code = ERR_peek_last_error();
  ERR_clear_error();
  const char* text = ERR_reason_error_string(code);
  return text == nullptr ? words::tell("it is empty or of another format") : text;
}

// Without it OpenSSL would ask on the terminal.
int no_passphrase(char*, int, int, void*) {
  return -1;
}

int choose_protocol(SSL*, const unsigned char** out, unsigned char* out_size, const unsigned char* offered,
                    unsigned int offered_size, void*) {
  const auto* known = reinterpret_cast<const unsigned char*>(alpn.data());
  unsigned char* chosen = nullptr;
  if (SSL_select_next_proto(&chosen, out_size, known, alpn.size(), offered, offered_size) != OPENSSL_NPN_NEGOTIATED)
    return SSL_TLSEXT_ERR_ALERT_FATAL;
  *out = chosen;
  return SSL_TLSEXT_ERR_OK;
}

using Until = std::expected<std::chrono::system_clock::time_point, std::string>;

Until valid_until(const X509* certificate) {
  std::tm until{};
  if (ASN1_TIME_to_tm(X509_get0_notAfter(certificate), &until) != 1)
    return std::unexpected(words::tell("a certificate does not say until when it is valid"));
  return std::chrono::system_clock::from_time_t(::timegm(&until));
}

Until take_certificates(SSL_CTX* context, const std::string& pem) {
  const auto from = reader(pem);
  const Certificate own(PEM_read_bio_X509_AUX(from.get(), nullptr, no_passphrase, nullptr), &X509_free);
  if (!own) return std::unexpected(words::tell("the certificate cannot be read ({}); it must be a PEM file", why()));
  if (SSL_CTX_use_certificate(context, own.get()) != 1)
    return std::unexpected(words::tell("the certificate cannot be used ({})", why()));
  auto first = valid_until(own.get());
  while (Certificate next{PEM_read_bio_X509(from.get(), nullptr, no_passphrase, nullptr), &X509_free}) {
    if (SSL_CTX_add1_chain_cert(context, next.get()) != 1)
      return std::unexpected(words::tell("a certificate behind the first cannot be used ({})", why()));
    const auto until = valid_until(next.get());
    if (first) first = until ? std::min(*first, *until) : until;
  }
  ERR_clear_error();  // the file's end
  return first;
}

std::expected<void, std::string> take_key(SSL_CTX* context, const std::string& pem) {
  const auto from = reader(pem);
  const Key key(PEM_read_bio_PrivateKey(from.get(), nullptr, no_passphrase, nullptr), &EVP_PKEY_free);
  if (!key)
    return std::unexpected(
        words::tell("the key cannot be read ({}); it must be a PEM file without a passphrase, mode 0600", why()));
  if (SSL_CTX_use_PrivateKey(context, key.get()) != 1 || SSL_CTX_check_private_key(context) != 1)
    return std::unexpected(words::tell("the key does not belong to the certificate ({})", why()));
  return {};
}

// A client without a certificate is let in here; whether it may do what it asks for is not this room's to say.
Until take_authorities(SSL_CTX* context, const std::string& pem) {
  const auto from = reader(pem);
  Until first = std::chrono::system_clock::time_point::max();
  std::size_t count = 0;
  while (Certificate each{PEM_read_bio_X509(from.get(), nullptr, no_passphrase, nullptr), &X509_free}) {
    if (X509_STORE_add_cert(SSL_CTX_get_cert_store(context), each.get()) != 1 ||
        SSL_CTX_add_client_CA(context, each.get()) != 1)
      return std::unexpected(words::tell("an authority of clients' certificates cannot be used ({})", why()));
    const auto until = valid_until(each.get());
    if (first) first = until ? std::min(*first, *until) : until;
    ++count;
  }
  if (count == 0)
    return std::unexpected(
        words::tell("the authorities of clients' certificates cannot be read ({}); it must be a PEM file", why()));
  ERR_clear_error();
  SSL_CTX_set_verify(context, SSL_VERIFY_PEER, nullptr);
  return first;
}

std::expected<void, std::string> set_rules(SSL_CTX* context) {
  constexpr unsigned char name[] = "titip";
  SSL_CTX_set_options(context, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION | SSL_OP_NO_TICKET |
                                   SSL_OP_CIPHER_SERVER_PREFERENCE | SSL_OP_PRIORITIZE_CHACHA);
  SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
  SSL_CTX_set_alpn_select_cb(context, choose_protocol, nullptr);
  const bool taken = SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION) == 1 &&
                     SSL_CTX_set_cipher_list(context, suites) == 1 && SSL_CTX_set_num_tickets(context, 0) == 1 &&
                     SSL_CTX_set1_groups_list(context, "X25519:P-256:P-384") == 1 &&
                     SSL_CTX_set_session_id_context(context, name, sizeof name - 1) == 1;
  if (!taken) return std::unexpected(words::tell("this machine's OpenSSL lacks what TLS needs ({})", why()));
  return {};
}

}  // namespace

std::expected<void, std::string> Tls::use(const TlsMaterial& material) {
  ERR_clear_error();
  auto made = std::make_shared<ssl::context>(ssl::context::tls_server);
  auto* const handle = made->native_handle();
  if (auto set = set_rules(handle); !set) return set;
  const auto own = take_certificates(handle, material.certificates);
  if (!own) return std::unexpected(own.error());
  TlsValidity validity{*own, {}};
  if (auto taken = take_key(handle, material.key); !taken) return taken;
  if (!material.client_authorities.empty()) {
    const auto until = take_authorities(handle, material.client_authorities);
    if (!until) return std::unexpected(until.error());
    validity.client_authorities = *until;
  }
  const std::lock_guard lock(mutex_);
  context_ = std::move(made);
  validity_ = validity;
  return {};
}

Tls::Context Tls::context() const {
  const std::lock_guard lock(mutex_);
  return context_;
}

TlsValidity Tls::validity() const {
  const std::lock_guard lock(mutex_);
  return validity_;
}

}  // namespace titip::http
