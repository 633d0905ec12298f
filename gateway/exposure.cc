#include "gateway/exposure.h"

#include <netdb.h>
#include <sys/socket.h>

#include <array>

#include "gateway/http/network.h"
#include "gateway/profiles.h"
#include "gateway/supervision.h"
#include "metrics/words/said.h"

namespace titip::gateway {
namespace {

std::string address_of(int socket) {
  sockaddr_storage address{};
  socklen_t length = sizeof address;
  std::array<char, NI_MAXHOST> text{};
  if (::getsockname(socket, reinterpret_cast<sockaddr*>(&address), &length) != 0 ||
      ::getnameinfo(reinterpret_cast<sockaddr*>(&address), length, text.data(), text.size(), nullptr, 0,
                    NI_NUMERICHOST) != 0)
    return words::tell("an address that cannot be told");
  return text.data();
}

// The first destination that knows its callers by a code alone.
std::string known_by_code_alone(const Config& config) {
  for (const auto& each : config.destinations) {
    const auto profile = find_profile(each, config.directory);
    if (profile && profile->scheme.kind == profile::SchemeKind::facility_login)
      return each.name.empty() ? profile->name : each.name;
  }
  return {};
}

}  // namespace

std::string exposure_complaint(const Config& config) {
  const auto given = handed_over("front");
  const auto address = given.socket ? address_of(*given.socket) : config.front.listen.address;
  // A proxy on this machine stands there for others, whether the config trusts its word or not.
  const bool is_here = http::is_loopback(address);
  if (is_here && config.front.limits.proxies.trusted.empty() && !config.front.plain_http) return {};
  if (!is_here && !config.front.tls && !config.front.plain_http)
    return words::tell(
        "/front: other machines reach {}, and what is said there is not encrypted. Give it a certificate "
        "(\"tls\": {{\"certificate_file\", \"key_file\"}}), or, where a proxy in front of it does that, say "
        "\"plain_http\": true",
        address);
  const auto open = config.front.admission ? std::string() : known_by_code_alone(config);
  if (open.empty()) return {};
  const auto through = config.front.limits.proxies.trusted.empty()
                           ? words::tell(" through the proxy that \"plain_http\" speaks of")
                           : words::tell(" through \"trusted_proxies\"");
  return words::tell(
      "/front: other machines reach {}{}, and on the mount of {} a facility is known by its code alone, which proves "
      "nothing. Say in \"admission\" what does: \"api_keys\": true (then `titip facility key CODE` for each), "
      "\"certificate_domain\" with \"tls\" and \"client_authorities_file\", or \"networks\" such as [\"10.20.0.0/16\"]",
      address, is_here ? through : std::string(), open);
}

std::string exposure_warning(const Config& config) {
  const auto open = config.front.admission ? std::string() : known_by_code_alone(config);
  if (open.empty()) return {};
  return words::tell(
      "/front: every program on this machine may act for every facility on the mount of {}, for a code alone proves "
      "nothing. What says that a proxy forwards it is refused. Before a proxy or a tunnel leads here from elsewhere, "
      "say in \"admission\" what proves a facility",
      open);
}

}  // namespace titip::gateway
