// A network by its address and the length of its prefix: "10.20.0.0/16", "2001:db8::/32"; one address alone is one too.
// Pure. An IPv4 address is the same whether a listener of both families writes it as IPv6 or not.
#pragma once

#include <array>
#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>

namespace titip::http {

class Network {
 public:
  // The error is a sentence.
  static std::expected<Network, std::string> parse(std::string_view text);
  bool has(std::string_view address) const;  // false for what is no address
  // More than 2^24 addresses of IPv4, or a 65,536th part of IPv6: nobody's own network.
  bool is_wide() const;

 private:
  std::array<std::uint8_t, 16> bytes_{};
  unsigned prefix_ = 128;
};

bool is_loopback(std::string_view address);

// The one spelling by which an address is counted and compared; nothing for what is no address.
std::optional<std::string> spelled_address(std::string_view text);

// Whom a limit counts: an IPv4 address, or the /64 of an IPv6 one ("2001:db8:0:1::/64"), since one household is given
// 2^64 of those and each machine in it changes its own daily (RFC 4291 §2.5.1, RFC 8981). What is no address stays
// itself.
std::string site_of(std::string_view address);

}  // namespace titip::http
