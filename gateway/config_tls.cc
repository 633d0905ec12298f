// TLS of a listener: what its files are called, and what stands in them.
#include <array>
#include <span>

#include "gateway/config_reading.h"
#include "gateway/secret.h"

namespace titip::gateway {
namespace {

using R = Reading;

constexpr std::size_t key_bytes = 64U << 10U;
constexpr std::size_t certificates_bytes = 1U << 20U;

// While the tables are read these hold the files' names; then what stands in the files.
constexpr std::array<Key<http::TlsMaterial>, 3> tls_keys{{
    {"certificate_file", words::text("PEM: the listener's certificate, then those up to the authority"),
     [](const R& r, http::TlsMaterial& c) { c.certificates = r.text(); }},
    {"key_file", words::text("PEM: its key, without a passphrase; mode 0600"),
     [](const R& r, http::TlsMaterial& c) { c.key = r.text(); }},
    {"client_authorities_file", words::text("PEM: who signs the certificates of clinics; without it none is asked for"),
     [](const R& r, http::TlsMaterial& c) { c.client_authorities = r.text(); }},
}};
constexpr std::size_t own_keys = 2;

void take_file(const R& at, const std::filesystem::path& path, std::string& into) {
  auto text = read_public_file(path, certificates_bytes);
  if (!text) return at.fail(text.error());
  into = std::move(*text);
}

}  // namespace

void read_tls(const R& r, http::TlsMaterial& tls, bool asks_clients) {
  const std::span all(tls_keys);
  read_object<http::TlsMaterial>(r, asks_clients ? all : all.first(own_keys), tls);
}

void read_tls_files(const R& r, const std::filesystem::path& directory, http::TlsMaterial& tls) {
  if (tls.certificates.empty() || tls.key.empty())
    return r.fail(words::tell("needs a \"{}\" and a \"{}\"", "certificate_file", "key_file"));
  take_file(r.at("certificate_file"), directory / tls.certificates, tls.certificates);
  if (!tls.client_authorities.empty())
    take_file(r.at("client_authorities_file"), directory / tls.client_authorities, tls.client_authorities);
  auto key = read_private_file(directory / tls.key, key_bytes);
  if (!key) return r.at("key_file").fail(key.error());
  tls.key = std::move(*key);
  if (r.failed()) return;
  http::Tls tried;
  if (const auto used = tried.use(tls); !used) r.fail(used.error());
}

}  // namespace titip::gateway
