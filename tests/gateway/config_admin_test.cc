#include <fmt/format.h>
#include <gtest/gtest.h>

#include "gateway/config.h"

namespace titip::gateway {
namespace {

TEST(ConfigAdmin, the_admin_api_is_on_loopback_or_behind_a_proxy) {
  const auto with = [](const std::string& admin) {
    return parse_config(fmt::format(R"({{"data_directory": "data", "admin": {},
      "destinations": [{{"profile": "pcare-vaksin", "base_url": "http://127.0.0.1:7000/vaksin"}}]}})",
                                    admin),
                        "/nowhere");
  };
  for (const auto* fine : {"{}", R"({"listen":{"address":"127.9.9.9"}})", R"({"listen":{"address":"::1"}})",
                           R"({"behind_proxy":true,"listen":{"address":"0.0.0.0"}})"})
    EXPECT_TRUE(with(fine)) << fine;
  for (const auto* open : {R"({"listen":{"address":"0.0.0.0"}})", R"({"listen":{"address":"::"}})",
                           R"({"listen":{"address":"10.0.0.1"},"behind_proxy":false})",
                           R"({"listen":{"address":"::ffff:10.0.0.1"}})", R"({"listen":{"address":"localhost"}})"}) {
    const auto refused = with(open);
    ASSERT_FALSE(refused) << open;
    EXPECT_EQ(refused.error().pointer, "/admin/listen/address");
  }
}

TEST(ConfigAdmin, another_machine_has_a_share_of_the_connections_and_this_one_all) {
  const auto limits = [](const SideListenConfig& listen, bool stands_for_many) {
    http::ServerOptions options;
    listen.limit(options, stands_for_many);
    return std::pair(options.connections, options.connections_per_address);
  };
  SideListenConfig listen{{"10.0.0.1", 9480}};
  EXPECT_EQ(limits(listen, false), std::pair(256UZ, 32UZ));
  EXPECT_EQ(limits(listen, true), std::pair(256UZ, 256UZ));
  listen.address = "127.0.0.1";
  EXPECT_EQ(limits(listen, false), std::pair(256UZ, 256UZ));

  const auto read = parse_config(R"({"data_directory": "data",
      "operations": {"address": "10.0.0.1", "connections": 9, "connections_per_address": 3},
      "admin": {"behind_proxy": true, "listen": {"address": "10.0.0.1", "connections": 8, "connections_per_address": 2}},
      "destinations": [{"profile": "pcare-vaksin", "base_url": "http://127.0.0.1:7000/vaksin"}]})",
                                 "/nowhere");
  ASSERT_TRUE(read) << read.error().pointer << ": " << read.error().sentence;
  EXPECT_EQ(limits(read->operations, false), std::pair(9UZ, 3UZ));
  EXPECT_EQ(limits(read->admin.listen, false), std::pair(8UZ, 2UZ));
}

}  // namespace
}  // namespace titip::gateway
