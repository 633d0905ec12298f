// A listener behind a proxy, attacked from the proxy's address and beside it: headers of the PROXY protocol that are
// none, half ones, endless ones, lies about lengths, families and clients; and spoiled ones. Meanwhile a clinic asks
// through the same proxy. Blocking; threads of its own while it runs.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace titip::hostile {

struct ProxiedOptions {
  std::uint16_t port = 0;
  std::uint8_t proxy_net = 0;  // 127.NET.0.0/16 is trusted; the next one is not
  std::size_t share = 300;     // connections of one address
  std::size_t mutated = 2'000;
  std::uint64_t seed = 1;
};

struct ProxiedResult {
  std::size_t cases = 0;
  std::size_t telling = 0;  // among them: a listener that wants no header must get them wrong
  std::size_t mutated = 0;
  std::size_t asked = 0;           // by the clinic
  std::vector<std::string> wrong;  // of all that is below
  std::size_t hangs = 0;           // among them: neither answered nor closed
};

// The table alone: what each header is owed.
ProxiedResult tell_lies(const ProxiedOptions& options);
// The table, one client's many names for itself, and spoiled headers, while the clinic is served.
ProxiedResult attack_proxied(const ProxiedOptions& options);

}  // namespace titip::hostile
