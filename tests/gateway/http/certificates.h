// Authorities and certificates made for one test.
#pragma once

#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <memory>
#include <string>

namespace titip::tests {

class Certificate {
 public:
  // `name` is what it is for: "DNS:localhost". Without an issuer it is an authority that signs itself.
  explicit Certificate(const std::string& name, const Certificate* issuer = nullptr, long valid_for_s = 86'400)
      : key_(EVP_EC_gen("P-256"), &EVP_PKEY_free), certificate_(X509_new(), &X509_free) {
    static long number = 0;
    auto* x509 = certificate_.get();
    X509_set_version(x509, X509_VERSION_3);
    ASN1_INTEGER_set(X509_get_serialNumber(x509), ++number);
    X509_gmtime_adj(X509_getm_notBefore(x509), -172'800);
    X509_gmtime_adj(X509_getm_notAfter(x509), valid_for_s);
    X509_set_pubkey(x509, key_.get());
    const auto common = std::to_string(number) + " " + name;
    X509_NAME_add_entry_by_txt(X509_get_subject_name(x509), "CN", MBSTRING_ASC,
                               reinterpret_cast<const unsigned char*>(common.c_str()), -1, -1, 0);
    auto* const authority = issuer != nullptr ? issuer->certificate_.get() : x509;
    X509_set_issuer_name(x509, X509_get_subject_name(authority));
    X509V3_CTX context;
    X509V3_set_ctx(&context, authority, x509, nullptr, nullptr, 0);
    add(context, NID_basic_constraints, issuer != nullptr ? "CA:FALSE" : "critical,CA:TRUE");
    add(context, NID_subject_alt_name, name);
    X509_sign(x509, issuer != nullptr ? issuer->key_.get() : key_.get(), EVP_sha256());
  }

  std::string pem() const {
    const Bio bio(BIO_new(BIO_s_mem()), &BIO_free);
    PEM_write_bio_X509(bio.get(), certificate_.get());
    return text(bio);
  }
  std::string key_pem() const {
    const Bio bio(BIO_new(BIO_s_mem()), &BIO_free);
    PEM_write_bio_PrivateKey(bio.get(), key_.get(), nullptr, nullptr, 0, nullptr, nullptr);
    return text(bio);
  }
  X509* x509() const { return certificate_.get(); }
  EVP_PKEY* key() const { return key_.get(); }

 private:
  using Bio = std::unique_ptr<BIO, decltype(&BIO_free)>;
  static std::string text(const Bio& bio) {
    char* bytes = nullptr;
    const auto size = BIO_get_mem_data(bio.get(), &bytes);
    return {bytes, static_cast<std::size_t>(size)};
  }
  void add(X509V3_CTX& context, int what, const std::string& value) {
    auto* extension = X509V3_EXT_conf_nid(nullptr, &context, what, value.c_str());
    X509_add_ext(certificate_.get(), extension, -1);
    X509_EXTENSION_free(extension);
  }

  std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)> key_;
  std::unique_ptr<X509, decltype(&X509_free)> certificate_;
};

}  // namespace titip::tests
