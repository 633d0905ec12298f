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

}  // namespace
}  // namespace titip::http
