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
  // A proxy on this machine stands there for others.
  const bool is_here = http::is_loopback(address);
  if (is_here && config.front.limits.proxies.trusted.empty()) return {};
  if (!is_here && !config.front.tls && !config.front.plain_http)
    return words::tell(
        "/front: other machines reach {}, and what is said there is not encrypted. Give it a certificate "
        "(\"tls\": {{\"certificate_file\", \"key_file\"}}), or, where a proxy in front of it does that, say "
        "\"plain_http\": true",
        address);
  const auto open = config.front.admission ? std::string() : known_by_code_alone(config);
  if (open.empty()) return {};
  return words::tell(
      "/front: other machines reach {}{}, and on the mount of {} a facility is known by its code alone, which proves "
      "nothing. Say in \"admission\" what does: \"api_keys\": true (then `titip facility key CODE` for each), "
      "\"certificate_domain\" with \"tls\" and \"client_authorities_file\", or \"networks\" such as [\"10.20.0.0/16\"]",
      address, is_here ? words::tell(" through \"trusted_proxies\"") : std::string(), open);
}

}  // namespace titip::gateway
