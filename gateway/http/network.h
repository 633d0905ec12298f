// A network by its address and the length of its prefix: "10.20.0.0/16", "2001:db8::/32"; one address alone is one too.
// Pure. An IPv4 address is the same whether a listener of both families writes it as IPv6 or not.
#pragma once

#include <array>
#include <cstdint>
#include <expected>
#include <string>
#include <string_view>

namespace titip::http {

class Network {
 public:
  // The error is a sentence.
  static std::expected<Network, std::string> parse(std::string_view text);
  bool has(std::string_view address) const;  // false for what is no address

 private:
  std::array<std::uint8_t, 16> bytes_{};
  unsigned prefix_ = 128;
};

bool is_loopback(std::string_view address);

}  // namespace titip::http
