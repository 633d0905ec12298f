// Log-ins: anybody may send one, so how fast they come is bounded before anything is done for them.
#include "tests/gateway/front/front_fixture.h"

namespace titip::front {
namespace {

using namespace std::chrono_literals;

constexpr std::string_view nobodys = R"({"username":"nobody","password":"guess"})";

class FrontLogInTest : public FrontTest {
 protected:
  FrontLogInTest() {
    auto with = doors();
    with.log_ins = std::make_shared<LogInPaces>(LogInPaceOptions{.of_one = {1, 3}}, world_.clock,
                                                [this](std::string_view) { ++refused_; });
    front_.emplace(std::move(with));
  }
  http::Response log_in(std::string address, std::vector<http::Header> headers = {}, bool on_mount = true) {
    auto asked = request("POST", on_mount ? "/pcare-vaksin/login" : "/v1/destinations/pcare-vaksin/login",
                         std::string(nobodys), std::move(headers));
    asked.remote_address = std::move(address);
    return answer(std::move(asked));
  }

  int refused_ = 0;
};

TEST_F(FrontLogInTest, a_flood_of_them_reaches_the_server_no_faster_than_the_bound) {
  for (int tries = 0; tries < 1000; ++tries) log_in("192.0.2.1");
  EXPECT_EQ(world_.transport.seen.size(), 3U);
  EXPECT_EQ(refused_, 997);
  EXPECT_EQ(log_in("192.0.2.2").status, 200) << "who is elsewhere notices nothing";
  EXPECT_EQ(answer(request("GET", "/pcare-vaksin/tiket/nik/1")).status, 200) << "nor does a read";
  world_.clock.advance(1s);
  EXPECT_EQ(log_in("192.0.2.1").status, 200);
  EXPECT_EQ(log_in("192.0.2.1").status, 429);
}

TEST_F(FrontLogInTest, who_is_told_to_wait_is_told_in_the_places_manner_and_language) {
  for (int tries = 0; tries < 3; ++tries) log_in("192.0.2.1");
  const auto mount = log_in("192.0.2.1");
  EXPECT_EQ(mount.status, 429);
  EXPECT_EQ(mount.route, "login");
  EXPECT_EQ(header(mount, "Retry-After"), "1");
  EXPECT_EQ(json::parse(mount.body).at("metaData").at("code"), 429);
  const std::string english = "Too many log-ins come from your address; wait and try again.";
  const std::string indonesian = "Terlalu banyak upaya masuk dari alamat Anda; tunggu lalu coba lagi.";
  EXPECT_TRUE(mount.body.contains(english) && mount.body.contains(indonesian)) << mount.body;
  const auto in_one = log_in("192.0.2.1", {{"accept-language", "id"}});
  EXPECT_TRUE(in_one.body.contains(indonesian) && !in_one.body.contains(english)) << in_one.body;
  const auto native = log_in("192.0.2.1", {{"accept-language", "en"}}, false);
  EXPECT_EQ(native.status, 429);
  EXPECT_EQ(native.content_type, "application/problem+json");
  EXPECT_EQ(header(native, "Retry-After"), "1");
  EXPECT_EQ(json::parse(native.body).at("title"), english);
}

// The server hangs: those that wait for it have places of their own.
TEST_F(FrontLogInTest, log_ins_that_hang_take_no_reads_place) {
  world_.transport.server = [](const client::OutboundRequest& asked) -> std::optional<rules::Exchange> {
    if (asked.target == "/login") return std::nullopt;
    return tests::national(200, 200, "OK");
  };
  for (int client = 0; client < 400; ++client) {
    auto asked = request("POST", "/pcare-vaksin/login", std::string(nobodys), {});
    asked.remote_address = "198.51." + std::to_string(client / 200) + "." + std::to_string(client % 200);
    front_->handle(std::move(asked), http::Responder([](const http::Response&) {}, [] {}));
  }
  world_.run();
  EXPECT_EQ(world_.transport.waiting().size(), tests::ReadsWorld::log_ins_at_once);
  for (int number = 0; number < 20; ++number)
    EXPECT_EQ(answer(request("GET", "/pcare-vaksin/tiket/nik/" + std::to_string(number))).status, 200) << number;
}

}  // namespace
}  // namespace titip::front
