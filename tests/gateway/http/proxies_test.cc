#include "gateway/http/proxies.h"

#include <gtest/gtest.h>

namespace titip::http {
namespace {

constexpr auto own = "10.0.0.1";
const std::vector<Network> trusted{*Network::parse("10.0.0.0/8"), *Network::parse("2001:db8:ff::/48")};
const Proxies by_list{trusted};
const Proxies by_forwarded{trusted, false, 4'096, AddressField::forwarded};

std::string said_by(const Proxies& proxies, const std::vector<Header>& headers) {
  Request request;
  request.headers = headers;
  const auto client = client_behind(proxies, own, request);
  EXPECT_EQ(client.by == AddressBy::nobody, proxies.trust(client.text)) << client.text;
  EXPECT_NE(client.by, AddressBy::connection);
  return client.text + (client.by == AddressBy::nobody ? " nobody" : "");
}

struct Row {
  std::string value;
  std::string client;
};

TEST(ProxiesTest, the_last_address_that_is_no_trusted_proxys_is_the_clients) {
  const std::vector<Row> rows{
      {"192.0.2.1", "192.0.2.1"},
      {"192.0.2.1, 10.2.2.2", "192.0.2.1"},
      {"192.0.2.1,10.2.2.2 ,\t10.3.3.3", "192.0.2.1"},
      {"192.0.2.1, 2001:db8:ff::7", "192.0.2.1"},
      {"198.51.100.9, 192.0.2.1", "192.0.2.1"},
      {"10.20.0.9, 192.0.2.1", "192.0.2.1"},
      {"nonsense, 192.0.2.1", "192.0.2.1"},
      {"\"', for=1.1.1.1, 192.0.2.1", "192.0.2.1"},
      {", ,192.0.2.1,", "192.0.2.1"},
      {"192.0.2.1:5123", "192.0.2.1"},
      {"[2001:db8::1]:443", "2001:db8::1"},
      {"[2001:db8::1]", "2001:db8::1"},
      {"2001:DB8:0::1", "2001:db8::1"},
      {"::ffff:192.0.2.1", "192.0.2.1"},
      {"192.0.2.1, ::ffff:10.1.1.1", "192.0.2.1"},
      // Whose it is is not known from where it cannot be read: never the address before it.
      {"", "10.0.0.1 nobody"},
      {"10.2.2.2", "10.2.2.2 nobody"},
      {"192.0.2.1, nonsense", "10.0.0.1 nobody"},
      {"192.0.2.1, unknown, 10.2.2.2", "10.2.2.2 nobody"},
      {"192.0.2.1, 1.2.3.4.5", "10.0.0.1 nobody"},
      {"192.0.2.1, 192.0.2.256", "10.0.0.1 nobody"},
      {"192.0.2.1, 192.0.2.01", "10.0.0.1 nobody"},
      {"192.0.2.1, 192.0.2.1:x", "10.0.0.1 nobody"},
      {"192.0.2.1, [192.0.2.1]", "10.0.0.1 nobody"},
      {"192.0.2.1, [2001:db8::1", "10.0.0.1 nobody"},
      {"192.0.2.1, [2001:db8::1]x", "10.0.0.1 nobody"},
      {"192.0.2.1, fe80::1%lo", "10.0.0.1 nobody"},
      {"192.0.2.1, 192.0.2.2 192.0.2.3", "10.0.0.1 nobody"},
  };
  for (const auto& [value, client] : rows) EXPECT_EQ(said_by(by_list, {{"X-Forwarded-For", value}}), client) << value;
}

TEST(ProxiesTest, several_lines_are_one_list) {
  EXPECT_EQ(said_by(by_list, {{"X-Forwarded-For", "10.20.0.9"}, {"Host", "a"}, {"x-forwarded-for", "192.0.2.1"}}),
            "192.0.2.1");
  EXPECT_EQ(said_by(by_forwarded, {{"forwarded", "for=10.20.0.9"}, {"Forwarded", "for=192.0.2.1"}}), "192.0.2.1");
}

TEST(ProxiesTest, forwarded_is_read_as_its_standard_has_it) {
  const std::vector<Row> rows{
      {"for=192.0.2.1", "192.0.2.1"},
      {"For=192.0.2.1;proto=https;by=10.0.0.1", "192.0.2.1"},
      {"by=10.0.0.1;FOR=192.0.2.1", "192.0.2.1"},
      {"for=\"[2001:db8::1]:4711\"", "2001:db8::1"},
      {"for=\"192.0.2.1:80\" , for=10.1.1.1", "192.0.2.1"},
      {"for=198.51.100.1, for=192.0.2.1", "192.0.2.1"},
      {"for=\"a, for=198.51.100.1\", for=192.0.2.1", "192.0.2.1"},
      {"for=\"192\\.0.2.1\"", "192.0.2.1"},
      {", for=192.0.2.1,,", "192.0.2.1"},
      {"for=_hidden, for=192.0.2.1", "192.0.2.1"},
      {"", "10.0.0.1 nobody"},
      {"for=192.0.2.1, for=_hidden", "10.0.0.1 nobody"},
      {"for=192.0.2.1, for=unknown, for=10.2.2.2", "10.2.2.2 nobody"},
      {"for=192.0.2.1, proto=https", "10.0.0.1 nobody"},
      {"for=192.0.2.1;for=192.0.2.2", "10.0.0.1 nobody"},
      {"for=2001:db8::1", "10.0.0.1 nobody"},
      {"for 192.0.2.1", "10.0.0.1 nobody"},
      {"for=192.0.2.1;", "10.0.0.1 nobody"},
      {"for=192.0.2.1 for=192.0.2.2", "10.0.0.1 nobody"},
      {"for=\"192.0.2.1", "10.0.0.1 nobody"},
      {"for=\"192.0.2.1\\", "10.0.0.1 nobody"},
      {"192.0.2.1", "10.0.0.1 nobody"},
      // A quote that a client left open swallows what the proxy wrote: then nobody is believed.
      {"for=\"10.20.0.9, for=192.0.2.1", "10.0.0.1 nobody"},
      {"for=10.20.0.9;x=\", for=\"[2001:db8::1]\"", "10.0.0.1 nobody"},
  };
  for (const auto& [value, client] : rows) EXPECT_EQ(said_by(by_forwarded, {{"Forwarded", value}}), client) << value;
}

// A proxy that writes the one passes the other on as the client sent it.
TEST(ProxiesTest, the_other_field_is_not_looked_at) {
  EXPECT_EQ(said_by(by_list, {{"Forwarded", "for=192.0.2.1"}}), "10.0.0.1 nobody");
  EXPECT_EQ(said_by(by_forwarded, {{"X-Forwarded-For", "192.0.2.1"}}), "10.0.0.1 nobody");
  EXPECT_EQ(said_by(by_list, {{"X-Real-IP", "192.0.2.1"}, {"X-Forwarded-For", "198.51.100.1"}}), "198.51.100.1");
}

}  // namespace
}  // namespace titip::http
