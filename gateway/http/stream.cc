#include "gateway/http/stream.h"

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <string>
#include <vector>

namespace titip::http {
namespace {

using Certificate = std::unique_ptr<X509, decltype(&X509_free)>;

Certificate certificate_of(SSL* ssl) {
  return {SSL_get1_peer_certificate(ssl), &X509_free};
}

}  // namespace

PeerNames Stream::peer_names() const {
  if (!tls_) return nullptr;
  const auto certificate = certificate_of(tls_->native_handle());
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

bool Stream::is_signed_for(const Tls::Context& context) const {
  if (!tls_ || !context) return false;
  auto* const ssl = tls_->native_handle();
  const auto certificate = certificate_of(ssl);
  const std::unique_ptr<X509_STORE_CTX, decltype(&X509_STORE_CTX_free)> check(X509_STORE_CTX_new(),
                                                                              &X509_STORE_CTX_free);
  if (!certificate || !check ||
      X509_STORE_CTX_init(check.get(), SSL_CTX_get_cert_store(context->native_handle()), certificate.get(),
                          SSL_get_peer_cert_chain(ssl)) != 1)
    return false;
  // As the handshake looks at it.
  X509_STORE_CTX_set_default(check.get(), "ssl_client");
  X509_VERIFY_PARAM_set_auth_level(X509_STORE_CTX_get0_param(check.get()), SSL_get_security_level(ssl));
  const bool is_signed = X509_verify_cert(check.get()) == 1;
  ERR_clear_error();  // what it says of a failure belongs to nobody else's call
  return is_signed;
}

}  // namespace titip::http
