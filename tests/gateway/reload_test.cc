// What of a changed config waits for a restart.
#include "gateway/reload.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

namespace titip::gateway {
namespace {

using Places = std::vector<std::string>;

Config config(std::string_view more) {
  const auto made = parse_config(
      fmt::format(
          R"({{"data_directory": "d", "destinations": [{{"profile": "pcare-vaksin", "base_url": "http://a"}}]{}}})",
          more),
      "/nowhere");
  EXPECT_TRUE(made) << made.error().pointer << ": " << made.error().sentence;
  return made.value_or(Config{});
}

Places between(std::string_view running, std::string_view fresh) {
  return needs_restart(config(running), config(fresh));
}

TEST(ReloadTest, the_same_in_other_words_needs_nothing) {
  EXPECT_EQ(between("", ""), Places{});
  EXPECT_EQ(between(R"(, "front": {"port": 1, "loops": 2})", R"(, /* in order */ "front": {"loops": 2, "port": 1})"),
            Places{});
}

TEST(ReloadTest, what_is_taken_up_needs_nothing) {
  EXPECT_EQ(between(R"(, "log_level": "info", "facilities": [{"code": "P1"}])",
                    R"(, "log_level": "error", "facilities": [{"code": "P2", "name": "a"}, {"code": "P3"}])"),
            Places{});
  EXPECT_EQ(between("", R"(, "log_level": "error", "facilities": [])"), Places{});
}

TEST(ReloadTest, the_rest_is_named_each_place_once) {
  EXPECT_EQ(between("", R"(, "front": {"idle_ms": 1234})"), Places{"/front"});
  EXPECT_EQ(between(R"(, "front": {"idle_ms": 1000, "loops": 2})", R"(, "front": {"idle_ms": 1234})"),
            (Places{"/front/idle_ms", "/front/loops"}));
  EXPECT_EQ(
      between(R"(, "time_zone": "WIB", "facilities": [])", R"(, "time_zone": "WIT", "facilities": [{"code": "P1"}])"),
      Places{"/time_zone"});
}

TEST(ReloadTest, tls_that_comes_or_goes_needs_a_restart) {
  auto running = config("");
  auto fresh = config("");
  fresh.front.tls = http::TlsMaterial{"certificates", "key"};
  EXPECT_EQ(needs_restart(running, fresh), Places{"/front/tls"});
  running.front.tls = http::TlsMaterial{"others", "key"};
  EXPECT_EQ(needs_restart(running, fresh), Places{});
  running.admin.tls = http::TlsMaterial{"certificates", "key"};
  EXPECT_EQ(needs_restart(running, fresh), Places{"/admin/tls"});
  fresh.admin.tls = http::TlsMaterial{"others", "key"};
  EXPECT_EQ(needs_restart(running, fresh), Places{});
}

// The files keep their names; what stands in them was read at the start.
TEST(ReloadTest, another_secret_in_the_same_file_needs_a_restart) {
  auto running = config("");
  running.destinations.push_back(running.destinations[0]);
  auto& used = running.destinations[1];
  used.ca_file = "authorities.pem";
  used.proxy.credentials_file = "proxy.pass";
  used.transport.authorities = "one";
  used.transport.proxy = client::Proxy{.host = "proxy", .port = "1", .authorization = "Basic one"};
  auto fresh = running;
  EXPECT_EQ(needs_restart(running, fresh), Places{});
  fresh.destinations[1].transport.authorities = "another";
  EXPECT_EQ(needs_restart(running, fresh), Places{"/destinations/1/ca_file"});
  fresh.destinations[1].transport.proxy->authorization = "Basic another";
  EXPECT_EQ(needs_restart(running, fresh),
            (Places{"/destinations/1/ca_file", "/destinations/1/proxy/credentials_file"}));
}

}  // namespace
}  // namespace titip::gateway
