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

}  // namespace
}  // namespace titip::gateway
