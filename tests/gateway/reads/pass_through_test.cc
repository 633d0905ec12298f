#include "gateway/reads/pass_through.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "tests/gateway/reads_support.h"

namespace titip::reads {
namespace {

using nlohmann::json;

class PassThroughTest : public testing::Test {
 protected:
  ReadAnswer pass(ReadCall call) {
    std::optional<ReadAnswer> answer;
    pass_through(world_.pass_through_doors(), std::move(call), [&](ReadAnswer given) { answer = std::move(given); });
    world_.run();
    if (!answer) ADD_FAILURE() << "no answer";
    return answer.value_or(ReadAnswer{});
  }
  static ReadCall ticket() { return {"GET", "/tiket/nik/3300000000000001?x=1", "", "", "0905R002"}; }
  tests::ReadsWorld world_;
};

TEST_F(PassThroughTest, relays_as_it_came) {
  world_.transport.server = [](const auto&) { return tests::national(404, 404, "Data tidak ditemukan di dukcapil"); };
  const auto answer = pass(ticket());
  EXPECT_EQ(answer.status, 404);
  EXPECT_EQ(answer.content_type, "application/json");
  EXPECT_TRUE(answer.body.contains("dukcapil"));
  ASSERT_EQ(world_.transport.seen.size(), 1U);
  const auto& request = world_.transport.seen[0];
  EXPECT_EQ(request.method, "GET");
  EXPECT_EQ(request.target, "/tiket/nik/3300000000000001?x=1");
  EXPECT_EQ(tests::header(request, "x-kdppk"), "0905R002");
  EXPECT_TRUE(world_.registry.expose().contains("titip_reads_total{source=\"upstream\"} 1"));
}

TEST_F(PassThroughTest, whatever_is_not_the_service_itself_is_unavailable) {
  const rules::Exchange exchanges[] = {rules::Failure::connect_refused, rules::Failure::response_timeout,
                                       rules::Reply{503, "text/html", "<html>secret words</html>", {}},
                                       rules::Reply{200, "text/html", "<html>secret words</html>", {}},
                                       tests::national(500, 500, "secret words")};
  for (const auto& exchange : exchanges) {
    world_.transport.server = [&](const auto&) { return exchange; };
    const auto answer = pass(ticket());
    EXPECT_EQ(answer.status, 503);
    const auto document = json::parse(answer.body);
    EXPECT_EQ(document.at("metaData").at("code"), 503);
    EXPECT_FALSE(answer.body.contains("secret"));
    world_.clock.advance(std::chrono::minutes(1));
  }
}

TEST_F(PassThroughTest, during_an_outage_it_says_since_when_and_asks_nobody) {
  world_.server_goes_down();
  const auto asked = world_.transport.seen.size();
  const auto answer = pass(ticket());
  EXPECT_EQ(answer.status, 503);
  EXPECT_EQ(world_.transport.seen.size(), asked);
  EXPECT_TRUE(answer.body.contains("Server nasional tidak tersedia sejak 08:00 WIB;")) << answer.body;
}

// Whoever stands before the service lets this facility not pass: the others read on.
TEST_F(PassThroughTest, a_bare_refusal_is_told_as_one_and_is_no_outage) {
  world_.transport.server = [](const client::OutboundRequest& call) -> rules::Exchange {
    if (tests::header(call, "x-kdppk") == "0905R003") return tests::national(200, 200, "OK");
    return rules::Reply{403, "text/html", "<html>secret words</html>", {}};
  };
  for (int i = 0; i < 20; ++i) {
    auto call = ticket();
    call.target = "/tiket/nik/" + std::to_string(i);
    const auto answer = pass(std::move(call));
    EXPECT_EQ(answer.status, 403);
    EXPECT_EQ(json::parse(answer.body).at("metaData").at("code"), 403);
    EXPECT_FALSE(answer.body.contains("secret"));
    EXPECT_FALSE(answer.served);
  }
  EXPECT_EQ(world_.upstream.state(), rules::BreakerState::closed);
  auto others = ticket();
  others.facility = "0905R003";
  EXPECT_EQ(pass(std::move(others)).status, 200);
}

// What one facility is told may be its own fault, whatever it asks for; what two are told is the server's.
TEST_F(PassThroughTest, one_facility_opens_the_breaker_for_nobody_else) {
  world_.transport.server = [](const client::OutboundRequest& call) -> rules::Exchange {
    if (tests::header(call, "x-kdppk") == "0905R003") return tests::national(200, 200, "OK");
    return rules::Reply{500, "text/html", "<html>", {}};
  };
  const auto read_of = [&](const char* facility, int thing) {
    auto call = ticket();
    call.facility = facility;
    call.target = "/tiket/nik/" + std::to_string(thing);
    return pass(std::move(call)).status;
  };
  EXPECT_EQ(read_of("0905R003", 0), 200);
  for (int i = 0; i < 20; ++i) EXPECT_EQ(read_of("0905R002", i), 503);
  EXPECT_EQ(world_.upstream.state(), rules::BreakerState::closed);
  EXPECT_EQ(read_of("0905R003", 1), 200);
  EXPECT_EQ(read_of("0905R004", 1), 503);
  EXPECT_EQ(world_.upstream.state(), rules::BreakerState::open);
}

}  // namespace
}  // namespace titip::reads
