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

}  // namespace
}  // namespace titip::reads
