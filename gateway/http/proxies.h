// Proxies before a listener whose word about a client's address is believed, and what they say in a request. Nobody
// else is listened to: whoever may say where it comes from may say anything. Pure.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "gateway/http/message.h"
#include "gateway/http/network.h"

namespace titip::http {

// The one field that the proxies write. The other may be the client's own, passed on as it came.
enum class AddressField : std::uint8_t { x_forwarded_for, forwarded };

struct Proxies {
  std::vector<Network> trusted{};
  bool send_header = false;  // each of their connections begins with the PROXY protocol's, and nobody else's may
  std::size_t header_bytes = 4'096;  // of version 2, with all that is told beside the address
  AddressField field = AddressField::x_forwarded_for;

  bool trust(std::string_view address) const;
};

struct ClientAddress {
  std::string text;
  AddressBy by = AddressBy::nobody;
};

// Whose request it is that came on a connection of the trusted `proxy`: the last address in the field that is no
// trusted proxy's. What stands before it, anybody may have written.
ClientAddress client_behind(const Proxies& proxies, const std::string& proxy, const Request& request);

}  // namespace titip::http
