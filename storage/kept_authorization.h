// A user's X-authorization that the national server accepted, kept sealed as an object, so that after a change of
// password a backlog goes on with the new one, also after a restart. Written and read by delivery. Its bytes are the
// header's value as it came. Beside them, for each destination, the credentials that its health read carries.
#pragma once

#include <fmt/format.h>

#include <iterator>
#include <string>
#include <string_view>

#include "storage/sealing.h"

namespace titip::storage {

inline constexpr std::string_view authorization_kind = "authorization";

// Neither facility nor user stands readable in a key.
inline std::string authorization_object_name(const Sealer& sealer, std::string_view destination,
                                             std::string_view facility, std::string_view user) {
  std::string name;
  for (const auto byte : sealer.keyed_hash("authorization", {destination, facility, user}))
    fmt::format_to(std::back_inserter(name), "{:02x}", byte);
  return name;
}

// Of the credentials that the destination's health read carries: another name than any user's, by its fewer parts.
inline std::string health_credentials_object_name(const Sealer& sealer, std::string_view destination) {
  std::string name;
  for (const auto byte : sealer.keyed_hash("authorization", {destination}))
    fmt::format_to(std::back_inserter(name), "{:02x}", byte);
  return name;
}

}  // namespace titip::storage
