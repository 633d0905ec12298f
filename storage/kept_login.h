// A facility's log-in that the national server accepted, kept sealed as an object so that delivery can log in at night.
// Written by the reads room, read by delivery. Layout: version 1, length of the user name (2 bytes), user name,
// password.
#pragma once

#include <fmt/format.h>

#include <cstdint>
#include <iterator>
#include <optional>
#include <string>
#include <string_view>

#include "storage/sealing.h"

namespace titip::storage {

inline constexpr std::string_view login_kind = "login";

struct KeptLogin {
  std::string username;
  std::string password;
};

// Neither destination nor facility stands readable in a key.
inline std::string login_object_name(const Sealer& sealer, std::string_view destination, std::string_view facility) {
  std::string name;
  for (const auto byte : sealer.keyed_hash("login", {destination, facility}))
    fmt::format_to(std::back_inserter(name), "{:02x}", byte);
  return name;
}

inline std::string encode(const KeptLogin& login) {
  const auto user = std::string_view(login.username).substr(0, 0xffff);
  std::string bytes(1, '\x01');
  bytes += static_cast<char>(user.size() >> 8U & 0xffU);
  bytes += static_cast<char>(user.size() & 0xffU);
  bytes += user;
  bytes += login.password;
  return bytes;
}

inline std::optional<KeptLogin> decode_kept_login(std::string_view bytes) {
  if (bytes.size() < 3 || bytes[0] != '\x01') return std::nullopt;
  const auto size =
      static_cast<std::size_t>(static_cast<std::uint8_t>(bytes[1])) << 8U | static_cast<std::uint8_t>(bytes[2]);
  if (bytes.size() < 3 + size) return std::nullopt;
  return KeptLogin{std::string(bytes.substr(3, size)), std::string(bytes.substr(3 + size))};
}

}  // namespace titip::storage
