// What a payload is before it is sealed: the request as the clinic sent it, byte for byte, with what delivery needs to
// send it again. Encoded by hand (version byte, lengths) so that bytes survive that are neither UTF-8 nor JSON.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "storage/sealing.h"

namespace titip::storage {

struct Payload {
  std::string method;
  std::string target;        // below the mount, with the query, as received
  std::string content_type;  // as received; empty: none was sent
  std::string body;
  std::string credentials;  // what the scheme needs of the clinic's own credentials; opaque here
  // The numbers the clinic was given in place of the server's, by the name of their kind ("noUrut").
  std::vector<std::pair<std::string, std::string>> provisional{};
  bool operator==(const Payload&) const = default;
};

std::string encode(const Payload& payload);
std::optional<Payload> decode_payload(std::string_view bytes);

}  // namespace titip::storage
