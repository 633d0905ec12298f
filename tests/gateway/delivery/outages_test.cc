#include "gateway/delivery/outages.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <vector>

namespace titip::delivery {
namespace {

using namespace std::chrono_literals;

constexpr WallTime nine{std::chrono::milliseconds(1'630'461'600'000)};

TEST(OutageLog, FollowsOneOutage) {
  OutageLog log("pcare");
  EXPECT_EQ(log.changed({true, "", 100, 5, nine}), std::nullopt);
  const auto began = log.changed({false, "connect_refused", 100, 5, nine});
  ASSERT_TRUE(began);
  EXPECT_EQ(*began, (Outage{"pcare", nine, std::nullopt, "connect_refused", 0, 5}));
  // Half-open, and open again for another reason: the same outage.
  const auto goes_on = log.changed({false, "response_timeout", 400, 305, nine + 1h});
  EXPECT_EQ(*goes_on, (Outage{"pcare", nine, std::nullopt, "connect_refused", 300, 305}));
  EXPECT_EQ(object_name(*goes_on), object_name(*began));
  const auto ended = log.changed({true, "", 500, 400, nine + 2h});
  EXPECT_EQ(*ended, (Outage{"pcare", nine, nine + 2h, "connect_refused", 400, 400}));
  EXPECT_FALSE(log.open());
  EXPECT_EQ(log.changed({true, "", 600, 0, nine + 3h}), std::nullopt);
}

TEST(OutageLog, GoesOnOverARestart) {
  OutageLog before("pcare");
  before.changed({false, "connect_refused", 100, 5, nine});
  const auto kept = decode_outage(encode(*before.changed({false, "", 150, 55, nine + 1h})));
  ASSERT_TRUE(kept);
  OutageLog after("pcare");
  after.resume(*kept, 170);  // twenty more were accepted before the first look
  const auto ended = after.changed({true, "", 180, 80, nine + 2h});
  EXPECT_EQ(ended->accepted_meanwhile, 60U);
  EXPECT_EQ(ended->began_at, nine);
}

TEST(Outages, NamesSortByTime) {
  const Outage first{"pcare", nine, {}, "", 0, 0};
  const Outage later{"pcare", nine + 100'000h, {}, "", 0, 0};
  EXPECT_LT(object_name(first), object_name(later));
}

TEST(Outages, AsEvidence) {
  const std::vector<Outage> outages{{"pcare", nine, nine + 90min, "http_503", 1203, 1100},
                                    {"p,\"c\"", nine + 5h, std::nullopt, "=cmd", 7, 7}};
  EXPECT_EQ(to_csv(outages),
            "destination,began_at,ended_at,seconds,cause,accepted_meanwhile,delayed\r\n"
            "pcare,2021-09-01T02:00:00.000Z,2021-09-01T03:30:00.000Z,5400,http_503,1203,1100\r\n"
            "\"p,\"\"c\"\"\",2021-09-01T07:00:00.000Z,,,'=cmd,7,7\r\n");
  const auto listed = nlohmann::json::parse(to_json(outages));
  ASSERT_EQ(listed.size(), 2U);
  EXPECT_EQ(listed[0]["seconds"], 5400);
  EXPECT_TRUE(listed[1]["ended_at"].is_null());
  EXPECT_EQ(listed[1]["cause"], "=cmd");
  EXPECT_EQ(to_json({}), "[]");
}

TEST(Outages, WhatIsNoRecordIsRefused) {
  for (const char* text : {"", "[]", "{}", R"({"version":2})", R"({"version":1,"destination":5})"}) {
    EXPECT_FALSE(decode_outage(text).has_value()) << text;
  }
}

}  // namespace
}  // namespace titip::delivery
