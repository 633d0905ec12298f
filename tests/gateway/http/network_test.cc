#include "gateway/http/network.h"

#include <gtest/gtest.h>

namespace titip::http {
namespace {

bool is_in(std::string_view network, std::string_view address) {
  const auto parsed = Network::parse(network);
  EXPECT_TRUE(parsed) << network;
  return parsed && parsed->has(address);
}

TEST(NetworkTest, has_what_begins_alike) {
  EXPECT_TRUE(is_in("10.20.0.0/16", "10.20.255.1"));
  EXPECT_FALSE(is_in("10.20.0.0/16", "10.21.0.1"));
  EXPECT_TRUE(is_in("10.20.0.0/15", "10.21.0.1"));
  EXPECT_TRUE(is_in("192.0.2.7", "192.0.2.7"));
  EXPECT_FALSE(is_in("192.0.2.7", "192.0.2.6"));
  EXPECT_TRUE(is_in("2001:db8::/33", "2001:db8:7fff::1"));
  EXPECT_FALSE(is_in("2001:db8::/33", "2001:db8:8000::1"));
}

TEST(NetworkTest, v4_is_the_same_in_v6s_clothes) {
  EXPECT_TRUE(is_in("10.20.0.0/16", "::ffff:10.20.0.1"));
  EXPECT_FALSE(is_in("0.0.0.0/0", "2001:db8::1")) << "all of IPv4 is nothing of IPv6";
  EXPECT_FALSE(is_in("0.0.0.0/0", "no address"));
}

TEST(NetworkTest, what_is_none_is_named) {
  for (const auto* wrong : {"", "10.20.0.0/", "10.20.0.0/33", "10.20.0.0/16x", "10.20.0.0/-1", "10.20.0.1/16",
                            "2001:db8::/129", "clinics.test", "/16"})
    EXPECT_FALSE(Network::parse(wrong)) << wrong;
}

TEST(NetworkTest, loopback_is_this_machine) {
  for (const auto* here : {"127.0.0.1", "127.8.8.8", "::1", "::ffff:127.0.0.1"}) EXPECT_TRUE(is_loopback(here)) << here;
  for (const auto* there : {"0.0.0.0", "::", "10.0.0.1", "", "localhost"}) EXPECT_FALSE(is_loopback(there)) << there;
}

TEST(NetworkTest, limits_count_a_household_once) {
  for (const auto& [text, site] : {std::pair{"192.0.2.1", "192.0.2.1"},
                                   {"::ffff:192.0.2.1", "192.0.2.1"},
                                   {"2001:db8:0:1::1", "2001:db8:0:1::/64"},
                                   {"2001:DB8:0:1:ffff:ffff:ffff:ffff", "2001:db8:0:1::/64"},
                                   {"2001:db8:0:2::1", "2001:db8:0:2::/64"},
                                   {"::1", "::/64"},
                                   {"not an address", "not an address"}})
    EXPECT_EQ(site_of(text), site) << text;
}

TEST(NetworkTest, an_address_has_one_spelling) {
  for (const auto& [text, spelled] : {std::pair{"192.0.2.1", "192.0.2.1"},
                                      {"::ffff:192.0.2.1", "192.0.2.1"},
                                      {"::FFFF:c000:201", "192.0.2.1"},
                                      {"2001:DB8:0:0::1", "2001:db8::1"},
                                      {"::1", "::1"}})
    EXPECT_EQ(spelled_address(text), spelled) << text;
  for (const std::string bad : {"", "192.0.2", "192.0.2.01", "192.0.2.1 ", "fe80::1%lo", "localhost", "[::1]"})
    EXPECT_FALSE(spelled_address(bad)) << bad;
  EXPECT_FALSE(spelled_address(std::string_view("192.0.2.1\0x", 11))) << "nobody stops at its NUL";
}

TEST(NetworkTest, a_network_of_too_many_is_wide) {
  for (const auto* wide : {"0.0.0.0/0", "10.0.0.0/7", "::/0", "::/16", "::/80", "2000::/15", "::ffff:0:0/96"})
    EXPECT_TRUE(Network::parse(wide)->is_wide()) << wide;
  for (const auto* narrow : {"10.0.0.0/8", "192.0.2.1", "2000::/16", "2001:db8::/32", "::1"})
    EXPECT_FALSE(Network::parse(narrow)->is_wide()) << narrow;
}

}  // namespace
}  // namespace titip::http
