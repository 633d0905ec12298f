#include "upstream/client/public_address.h"

#include <algorithm>
#include <array>
#include <cstdint>

namespace titip::client {
namespace {

namespace ip = boost::asio::ip;

struct Block {
  std::uint32_t network;
  int bits;
};
constexpr std::uint32_t of(std::uint32_t a, std::uint32_t b, std::uint32_t c, std::uint32_t d) {
  return a << 24U | b << 16U | c << 8U | d;
}
constexpr std::array special{
    Block{of(0, 0, 0, 0), 8},      Block{of(10, 0, 0, 0), 8},     Block{of(100, 64, 0, 0), 10},
    Block{of(127, 0, 0, 0), 8},    Block{of(169, 254, 0, 0), 16}, Block{of(172, 16, 0, 0), 12},
    Block{of(192, 0, 0, 0), 24},   Block{of(192, 0, 2, 0), 24},   Block{of(192, 88, 99, 0), 24},
    Block{of(192, 168, 0, 0), 16}, Block{of(198, 18, 0, 0), 15},  Block{of(198, 51, 100, 0), 24},
    Block{of(203, 0, 113, 0), 24}, Block{of(224, 0, 0, 0), 4},    Block{of(240, 0, 0, 0), 4},
};

bool is_public(const ip::address_v4& address) {
  const auto number = address.to_uint();
  return std::ranges::none_of(
      special, [number](const Block& block) { return (number ^ block.network) >> (32 - block.bits) == 0; });
}

ip::address_v4 last_four(const ip::address_v6::bytes_type& bytes) {
  return ip::address_v4({bytes[12], bytes[13], bytes[14], bytes[15]});
}

bool is_public(const ip::address_v6& address) {
  const auto bytes = address.to_bytes();
  if (address.is_v4_mapped()) return is_public(last_four(bytes));
  // NAT64 (RFC 6052): the way to IPv4 of a network that has IPv6 alone.
  constexpr std::array<unsigned char, 12> nat64{0x00, 0x64, 0xff, 0x9b};
  if (std::ranges::equal(nat64, std::ranges::subrange(bytes.begin(), bytes.begin() + 12)))
    return is_public(last_four(bytes));
  if ((bytes[0] & 0xe0U) != 0x20U) return false;                              // 2000::/3 is what is given out
  if (bytes[0] == 0x20 && bytes[1] == 0x02) return false;                     // 6to4: an IPv4 address stands in it
  if (bytes[0] == 0x20 && bytes[1] == 0x01 && bytes[2] < 0x02) return false;  // 2001::/23: Teredo and protocols
  if (bytes[0] == 0x20 && bytes[1] == 0x01 && bytes[2] == 0x0d && bytes[3] == 0xb8) return false;  // documentation
  return !(bytes[0] == 0x3f && bytes[1] == 0xff && bytes[2] < 0x10);                               // documentation
}

}  // namespace

bool is_public(const ip::address& address) {
  return address.is_v4() ? is_public(address.to_v4()) : is_public(address.to_v6());
}

}  // namespace titip::client
