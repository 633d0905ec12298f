// destinations[].proxy: the way to a national server through an HTTP proxy.
#include <openssl/crypto.h>

#include <algorithm>
#include <array>

#include "gateway/config_reading.h"
#include "gateway/secret.h"
#include "metrics/words/said.h"
#include "upstream/scheme/base64.h"

namespace titip::gateway {
namespace {

using R = Reading;

constexpr std::array<Key<ProxyConfig>, 2> proxy_keys{{
    {"url", words::text("where it is: \"http://10.0.0.5:3128\""), [](const R& r, ProxyConfig& c) { c.url = r.text(); }},
    {"credentials_file", words::text("holds USER:PASSWORD, if it asks for them"),
     [](const R& r, ProxyConfig& c) { c.credentials_file = r.text(); }},
}};

// What Basic can carry (RFC 7617): no control characters, and the first colon ends the user.
bool is_user_and_password(std::string_view text) {
  const auto colon = text.find(':');
  return colon != 0 && colon != std::string_view::npos && std::ranges::none_of(text, [](char each) {
           const auto byte = static_cast<unsigned char>(each);
           return byte < 0x20 || byte == 0x7f;
         });
}

}  // namespace

void read_proxy(const R& r, DestinationConfig& destination) {
  read_object<ProxyConfig>(r, proxy_keys, destination.proxy);
  if (r.failed() || r.describes()) return;
  const auto& url = destination.proxy.url;
  if (url.empty()) return r.fail(words::tell("needs a \"{}\"", "url"));
  const auto place = client::parse_base_url(url);
  // TLS goes through the tunnel, end to end; to the proxy itself it is plain.
  if (!place || place->tls || !place->path.empty())
    return r.at("url").fail(
        words::tell("must be http://HOST:PORT, with nothing before or behind it; a user and password stand in "
                    "\"credentials_file\""));
  destination.transport.proxy = client::Proxy{place->host, place->port};
}

void read_proxy_credentials(const R& r, const std::filesystem::path& directory, DestinationConfig& into) {
  constexpr std::size_t longest = 1024;
  const auto path = directory / into.proxy.credentials_file;
  auto text = read_secret(path);
  if (!text) return r.fail(text.error());
  if (text->size() > longest || !is_user_and_password(*text))
    return r.fail(words::tell("{} must hold one line, USER:PASSWORD, of {} bytes at most", path.string(), longest));
  auto encoded = scheme::to_base64(*text);
  into.transport.proxy->authorization = "Basic " + encoded;
  for (auto* each : {&*text, &encoded}) OPENSSL_cleanse(each->data(), each->size());
}

}  // namespace titip::gateway
