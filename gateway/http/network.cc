#include "gateway/http/network.h"

#include <boost/asio/ip/address.hpp>

#include <algorithm>
#include <charconv>
#include <optional>

#include "metrics/words/said.h"

namespace titip::http {
namespace {

using Bytes = std::array<std::uint8_t, 16>;
constexpr unsigned before_v4 = 96;  // ::ffff:0:0/96

struct Address {
  Bytes bytes{};
  bool is_v4 = false;
};

std::optional<Address> read(std::string_view text) {
  if (text.contains('\0')) return std::nullopt;  // what stands behind it would not be looked at
  boost::system::error_code error;
  const auto address = boost::asio::ip::make_address(text, error);
  if (error) return std::nullopt;
  if (address.is_v6()) return Address{address.to_v6().to_bytes(), false};
  return Address{make_address_v6(boost::asio::ip::v4_mapped, address.to_v4()).to_bytes(), true};
}

bool begins_alike(const Bytes& one, const Bytes& other, unsigned bits) {
  for (unsigned at = 0; at < bits; ++at)
    if (const unsigned mask = 0x80U >> (at % 8U); (one[at / 8U] & mask) != (other[at / 8U] & mask)) return false;
  return true;
}

}  // namespace

std::expected<Network, std::string> Network::parse(std::string_view text) {
  const auto slash = text.find('/');
  const auto address = read(text.substr(0, slash));
  Network made;
  if (address && slash != std::string_view::npos) {
    const auto number = text.substr(slash + 1);
    const auto [end, error] = std::from_chars(number.data(), number.data() + number.size(), made.prefix_);
    if (error != std::errc() || end != number.data() + number.size() || made.prefix_ > (address->is_v4 ? 32U : 128U))
      return std::unexpected(
          words::tell("'{}' has no length of a prefix: 0 to {}", text, address->is_v4 ? "32" : "128"));
    if (address->is_v4) made.prefix_ += before_v4;
  }
  if (!address)
    return std::unexpected(words::tell("'{}' is no network; write 10.20.0.0/16, 2001:db8::/32 or one address", text));
  made.bytes_ = address->bytes;
  for (unsigned at = made.prefix_; at < 128; ++at)
    if ((made.bytes_[at / 8U] & (0x80U >> (at % 8U))) != 0)
      return std::unexpected(words::tell("'{}' has bits behind its prefix: is the length right?", text));
  return made;
}

bool Network::has(std::string_view address) const {
  const auto read_address = read(address);
  return read_address && begins_alike(read_address->bytes, bytes_, prefix_);
}

bool Network::is_wide() const {
  static const auto v4 = Network::parse("0.0.0.0/0");
  if (begins_alike(bytes_, v4->bytes_, std::min(prefix_, before_v4))) return prefix_ < before_v4 + 8;
  return prefix_ < 16;
}

bool is_loopback(std::string_view address) {
  static const auto v4 = Network::parse("127.0.0.0/8");
  static const auto v6 = Network::parse("::1");
  return v4->has(address) || v6->has(address);
}

std::optional<std::string> spelled_address(std::string_view text) {
  if (text.contains('%')) return std::nullopt;  // a zone, which means something on one machine alone
  const auto found = read(text);
  if (!found) return std::nullopt;
  namespace ip = boost::asio::ip;
  const ip::address_v6 address(found->bytes);
  return address.is_v4_mapped() ? make_address_v4(ip::v4_mapped, address).to_string() : address.to_string();
}

std::string site_of(std::string_view address) {
  const auto found = read(address);
  if (!found || found->is_v4 || boost::asio::ip::address_v6(found->bytes).is_v4_mapped())
    return spelled_address(address).value_or(std::string(address));
  Bytes site{};
  std::copy_n(found->bytes.begin(), 8, site.begin());
  return boost::asio::ip::address_v6(site).to_string() + "/64";
}

}  // namespace titip::http
