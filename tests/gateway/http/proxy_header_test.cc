#include "gateway/http/proxy_header.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <string>
#include <vector>

namespace titip::http {
namespace {

using namespace std::string_literals;
using namespace std::string_view_literals;

constexpr std::size_t most = 4'096;

std::string version_2(unsigned char command, unsigned char family, std::string_view block) {
  auto made = "\r\n\r\n\0\r\nQUIT\n"s;
  made += static_cast<char>(command);
  made += static_cast<char>(family);
  made += static_cast<char>(block.size() >> 8U);
  made += static_cast<char>(block.size() & 0xffU);
  return made.append(block);
}

const auto v4 = "\xc0\x00\x02\x01\xc6\x33\x64\x01\x12\x34\x01\xbb"s;  // 192.0.2.1 to 198.51.100.1
const auto v6 = "\x20\x01\x0d\xb8"s + std::string(11, '\0') + "\x01" + std::string(15, '\0') + "\x01\x12\x34\x01\xbb"s;
const auto mapped = std::string(10, '\0') + "\xff\xff\xc0\x00\x02\x01"s + std::string(20, '\0');
const auto tlvs = "\x04\x00\x03hi!\x20\x00\x05\x01\x00\x00\x00\x00"s;

// How a listener reads: what is missing, and not a byte more.
std::expected<std::pair<ProxyHeader, std::size_t>, std::string_view> read_in_pieces(std::string_view bytes) {
  for (std::size_t taken = 0;;) {
    auto read = read_proxy_header(bytes.substr(0, taken), most);
    if (!read) return std::unexpected(read.error());
    if (read->missing == 0) return std::pair(*read, taken);
    taken += read->missing;
    if (taken > bytes.size()) return std::unexpected("starved");
  }
}

const auto widest = "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"s;

struct Good {
  std::string name;
  std::string bytes;
  std::string source;
};
const std::vector<Good> good{
    {"version 1", "PROXY TCP4 192.0.2.1 198.51.100.1 56324 443\r\n", "192.0.2.1"},
    {"the shortest of IPv4", "PROXY TCP4 1.1.1.1 1.1.1.1 1 1\r\n", "1.1.1.1"},
    {"the longest of IPv4", "PROXY TCP4 255.255.255.255 255.255.255.255 65535 65535\r\n", "255.255.255.255"},
    {"IPv6", "PROXY TCP6 2001:DB8::1 ::1 0 65535\r\n", "2001:db8::1"},
    {"the shortest of IPv6", "PROXY TCP6 :: :: 1 1\r\n", "::"},
    {"the longest of IPv6", "PROXY TCP6 " + widest + " " + widest + " 65535 65535\r\n", widest},
    {"IPv4 written as IPv6", "PROXY TCP6 ::ffff:192.0.2.1 ::ffff:198.51.100.1 1 2\r\n", "192.0.2.1"},
    {"unknown", "PROXY UNKNOWN\r\n", ""},
    {"unknown, whatever it says", "PROXY UNKNOWN 192.0.2.1 \n not looked at\r\n", ""},
    {"unknown, and as long as may be", "PROXY UNKNOWN " + std::string(91, 'x') + "\r\n", ""},
    {"version 2", version_2(0x21, 0x11, v4), "192.0.2.1"},
    {"version 2 of IPv6", version_2(0x21, 0x21, v6), "2001:db8::1"},
    {"version 2 of IPv4 written as IPv6", version_2(0x21, 0x21, mapped), "192.0.2.1"},
    {"with more behind the addresses", version_2(0x21, 0x11, v4 + tlvs), "192.0.2.1"},
    {"as long as may be", version_2(0x21, 0x11, v4 + std::string(most - 28, '\0')), "192.0.2.1"},
    {"the proxy itself", version_2(0x20, 0x00, ""), ""},
    {"the proxy itself, whatever it says", version_2(0x20, 0x11, v4), ""},
    {"the proxy itself, of a family there is not", version_2(0x20, 0xff, "abc"), ""},
    {"unspecified", version_2(0x21, 0x00, ""), ""},
    {"unspecified, with addresses", version_2(0x21, 0x00, v4), ""},
    {"a family without a transport", version_2(0x21, 0x10, v4), ""},
    {"datagrams", version_2(0x21, 0x12, v4), ""},
    {"a Unix socket", version_2(0x21, 0x31, std::string(216, '/')), ""},
};

TEST(ProxyHeaderTest, a_header_says_whose_connection_it_is_and_ends_where_it_ends) {
  for (const auto& each : good) {
    const auto read = read_in_pieces(each.bytes + "\x16\x03\x01GET / HTTP/1.1\r\n\r\n"s);
    ASSERT_TRUE(read) << each.name << ": " << read.error();
    EXPECT_EQ(read->first.source, each.source) << each.name;
    EXPECT_EQ(read->second, each.bytes.size()) << each.name << ": what stands behind it is somebody else's";
  }
}

TEST(ProxyHeaderTest, no_beginning_of_one_asks_for_more_than_it_has) {
  for (const auto& each : good)
    for (std::size_t cut = 0; cut < each.bytes.size(); ++cut) {
      const auto read = read_proxy_header(std::string_view(each.bytes).substr(0, cut), most);
      ASSERT_TRUE(read) << each.name << " " << cut << ": " << read.error();
      EXPECT_GT(read->missing, 0U) << each.name << " " << cut;
      EXPECT_LE(cut + read->missing, each.bytes.size()) << each.name << " " << cut;
    }
}

TEST(ProxyHeaderTest, anything_else_is_none) {
  const std::vector<std::string> bad{
      "GET / HTTP/1.1\r\nHost: a\r\n\r\n",
      "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03 hello of TLS"s,
      "proxy TCP4 1.1.1.1 1.1.1.1 1 1\r\n",
      "PROXY\tTCP4 1.1.1.1 1.1.1.1 1 1\r\n",
      "PROXYTCP4 1.1.1.1 1.1.1.1 1 1\r\n",
      "PROXY  TCP4 1.1.1.1 1.1.1.1 1 1\r\n",
      "PROXY TCP4  1.1.1.1 1.1.1.1 1 1\r\n",
      "PROXY TCP4 1.1.1.1 1.1.1.1 1 1 \r\n",
      "PROXY TCP4 1.1.1.1 1.1.1.1 1 1 1\r\n",
      "PROXY TCP4 192.168.100.100 192.168.1.1 1\r\n",
      "PROXY TCP5 1.1.1.1 1.1.1.1 1 1\r\n",
      "PROXY UDP4 1.1.1.1 1.1.1.1 1 1\r\n",
      "PROXY unknown and the rest of it\r\n",
      "PROXY UNKNOWNS are not known\r\n",
      "PROXY \r\n and so on and so forth",
      "PROXY TCP4 1.1.1 1.1.1.1 100 100\r\n",
      "PROXY TCP4 1.1.1.256 1.1.1.1 1 1\r\n",
      "PROXY TCP4 01.1.1.1 1.1.1.1 1 1\r\n",
      "PROXY TCP4 1.1.1.1 1.1.1.01 1 1\r\n",
      "PROXY TCP4 2001:db8::1 2001:db8::2 1 1\r\n",
      "PROXY TCP4 1.1.1.1 2001:db8::2 1 1\r\n",
      "PROXY TCP6 1.1.1.1 1.1.1.1 10 10\r\n",
      "PROXY TCP6 2001:db8::1 1.1.1.1 1 1\r\n",
      "PROXY TCP6 2001:db8::1::2 ::1 1 1\r\n",
      "PROXY TCP6 fe80::1%lo ::1 1 1\r\n",
      "PROXY TCP6 [2001:db8::1] ::1 1 1\r\n",
      "PROXY TCP4 1.1.1.1 1.1.1.1 65536 1\r\n",
      "PROXY TCP4 1.1.1.1 1.1.1.1 01 1\r\n",
      "PROXY TCP4 1.1.1.1 1.1.1.1 1 +1\r\n",
      "PROXY TCP4 1.1.1.1 1.1.1.1 1 000001\r\n",
      "PROXY TCP4 1.1.1.1\0evil 1.1.1.1 1 1\r\n"s,
      "PROXY TCP4 1.1.1.1 1.1.1.1 1 1\n" + std::string(100, 'x'),
      "PROXY TCP4 1.1.1.1 1.1.1.1 1 1\r" + std::string(100, 'x'),
      "PROXY UNKNOWN " + std::string(92, 'x') + "\r\n",
      "PROXY UNKNOWN " + std::string(500, 'x'),
      "\r\n\r\n\0\r\nQUIP\n\x21\x11\0\x0c"s + v4,
      version_2(0x11, 0x11, v4),
      version_2(0x31, 0x11, v4),
      version_2(0x22, 0x11, v4),
      version_2(0x2f, 0x11, v4),
      version_2(0x21, 0x41, v4),
      version_2(0x21, 0x13, v4),
      version_2(0x21, 0x11, v4.substr(1)),
      version_2(0x21, 0x21, v6.substr(1)),
      version_2(0x21, 0x31, std::string(215, '/')),
      version_2(0x21, 0x11, ""),
  };
  for (const auto& bytes : bad) {
    const auto read = read_in_pieces(bytes);
    ASSERT_FALSE(read) << bytes;
    EXPECT_EQ(read.error(), "proxy_header") << bytes;
  }
}

TEST(ProxyHeaderTest, what_is_larger_than_may_be_is_refused_before_it_comes) {
  const auto large = version_2(0x21, 0x11, v4 + std::string(most, '\0'));
  EXPECT_EQ(read_proxy_header(std::string_view(large).substr(0, 16), most).error(), "proxy_header_too_large");
  EXPECT_EQ(read_proxy_header(std::string_view(large).substr(0, 15), most)->missing, 1U);
  const auto of_a_look = version_2(0x20, 0x00, std::string(most, '\0'));
  EXPECT_EQ(read_in_pieces(of_a_look).error(), "proxy_header_too_large");
}

// A byte that is wrong is refused when it comes, not when its deadline is over.
TEST(ProxyHeaderTest, a_wrong_beginning_is_refused_at_once) {
  for (const auto bytes : {"G"sv, "\x16"sv, "PROXX"sv, "\r\n\r\n\r"sv, "\n"sv, " "sv})
    EXPECT_FALSE(read_proxy_header(bytes, most)) << bytes;
}

}  // namespace
}  // namespace titip::http
