#include "gateway/http/proxy_header.h"

#include <boost/asio/ip/address_v4.hpp>
#include <boost/asio/ip/address_v6.hpp>

#include <algorithm>
#include <array>
#include <cstdint>
#include <optional>

#include "gateway/http/network.h"

namespace titip::http {
namespace {

using Read = std::expected<ProxyHeader, std::string_view>;

constexpr std::string_view malformed = "proxy_header";
constexpr std::string_view too_large = "proxy_header_too_large";

constexpr std::string_view word = "PROXY ";
constexpr std::string_view line_end = "\r\n";
constexpr std::size_t longest_line = 107;
// The shortest of each kind: no line ends before.
constexpr std::string_view shortest = "PROXY UNKNOWN\r\n";
constexpr std::string_view shortest_v4 = "PROXY TCP4 1.1.1.1 1.1.1.1 1 1\r\n";
constexpr std::string_view shortest_v6 = "PROXY TCP6 :: :: 1 1\r\n";

constexpr std::string_view signature("\r\n\r\n\0\r\nQUIT\n", 12);
constexpr std::size_t fixed = 16;  // the signature, version and command, family and transport, length

std::unexpected<std::string_view> fault(std::string_view reason) {
  return std::unexpected(reason);
}

bool begins_as(std::string_view begun, std::string_view whole) {
  const auto size = std::min(begun.size(), whole.size());
  return begun.substr(0, size) == whole.substr(0, size);
}

bool is_port(std::string_view text) {
  const bool digits =
      !text.empty() && text.size() <= 5 && std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; });
  if (!digits || (text.size() > 1 && text.front() == '0')) return false;
  std::uint32_t number = 0;
  for (const char c : text) number = number * 10 + static_cast<std::uint32_t>(c - '0');
  return number <= 65'535;
}

// Takes what stands before the next blank, or the rest.
std::string_view take_word(std::string_view& rest) {
  const auto blank = rest.find(' ');
  const auto taken = rest.substr(0, blank);
  rest.remove_prefix(blank == std::string_view::npos ? rest.size() : blank + 1);
  return taken;
}

Read read_line(std::string_view line) {
  auto rest = line.substr(word.size());
  const auto family = take_word(rest);
  if (family == "UNKNOWN") return ProxyHeader{};  // whatever follows says nothing
  if (family != "TCP4" && family != "TCP6") return fault(malformed);
  if (std::ranges::count(rest, ' ') != 3) return fault(malformed);
  const auto source = take_word(rest);
  const auto destination = take_word(rest);
  const bool is_v6 = family == "TCP6";
  auto said = spelled_address(source);
  if (!said || !spelled_address(destination)) return fault(malformed);
  if (source.contains(':') != is_v6 || destination.contains(':') != is_v6) return fault(malformed);
  const auto source_port = take_word(rest);
  if (!is_port(source_port) || !is_port(rest)) return fault(malformed);
  return ProxyHeader{0, *std::move(said)};
}

std::size_t least_line(std::string_view begun) {
  if (begun.starts_with("PROXY TCP4 ")) return shortest_v4.size();
  if (begun.starts_with("PROXY TCP6 ")) return shortest_v6.size();
  return shortest.size();
}

Read read_version_1(std::string_view begun) {
  const auto end = begun.substr(0, longest_line).find(line_end);
  if (end != std::string_view::npos) return read_line(begun.substr(0, end));
  const std::size_t to_end = begun.ends_with('\r') ? 1 : line_end.size();
  const auto least = least_line(begun);
  const auto missing = begun.size() + to_end < least ? least - begun.size() : to_end;
  if (begun.size() + missing > longest_line) return fault(malformed);
  return ProxyHeader{missing, {}};
}

template <std::size_t N>
std::array<std::uint8_t, N> bytes_of(std::string_view block) {
  std::array<std::uint8_t, N> bytes{};
  for (std::size_t at = 0; at < N; ++at) bytes[at] = static_cast<std::uint8_t>(block[at]);
  return bytes;
}

// The addresses of a block; what may stand behind them (TLVs) says nothing that counts here.
Read read_block(unsigned family, unsigned transport, std::string_view block) {
  constexpr std::array<std::size_t, 4> least{0, 12, 36, 216};  // unspecified, IPv4, IPv6, Unix
  if (family >= least.size() || transport > 2 || block.size() < least[family]) return fault(malformed);
  namespace ip = boost::asio::ip;
  constexpr unsigned stream = 1;
  if (transport != stream) return ProxyHeader{};
  if (family == 1) return ProxyHeader{0, ip::address_v4(bytes_of<4>(block)).to_string()};
  if (family == 2) return ProxyHeader{0, *spelled_address(ip::address_v6(bytes_of<16>(block)).to_string())};
  return ProxyHeader{};
}

Read read_version_2(std::string_view begun, std::size_t most) {
  if (begun.size() < fixed) return ProxyHeader{fixed - begun.size(), {}};
  const auto byte = [&](std::size_t at) { return static_cast<unsigned>(static_cast<unsigned char>(begun[at])); };
  const auto version = byte(12) >> 4U;
  const auto command = byte(12) & 0x0fU;
  if (version != 2 || command > 1) return fault(malformed);
  const std::size_t whole = fixed + (byte(14) << 8U) + byte(15);
  if (whole > most) return fault(too_large);
  if (begun.size() < whole) return ProxyHeader{whole - begun.size(), {}};
  if (command == 0) return ProxyHeader{};  // LOCAL: the proxy's own, whatever the rest says
  return read_block(byte(13) >> 4U, byte(13) & 0x0fU, begun.substr(fixed, whole - fixed));
}

}  // namespace

Read read_proxy_header(std::string_view begun, std::size_t most) {
  if (begun.empty()) return ProxyHeader{shortest.size(), {}};
  if (begins_as(begun, signature)) return read_version_2(begun, most);
  if (begins_as(begun, word)) return read_version_1(begun);
  return fault(malformed);
}

}  // namespace titip::http
