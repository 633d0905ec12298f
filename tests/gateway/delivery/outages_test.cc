#include "gateway/delivery/outages.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace titip::delivery {
namespace {

using namespace std::chrono_literals;

constexpr WallTime nine{std::chrono::milliseconds(1'630'461'600'000)};

TEST(OutageLog, FollowsOneOutage) {
  OutageLog log("pcare");
  EXPECT_EQ(log.changed({true, "", 100, 5, nine}), std::nullopt);
  const auto began = log.changed({false, "connect_refused", 100, 5, nine});
  ASSERT_TRUE(began);
  EXPECT_EQ(*began, (Outage{"pcare", nine, std::nullopt, "connect_refused", 0, 5, 100}));
  // Half-open, and open again for another reason: the same outage.
  const auto goes_on = log.changed({false, "response_timeout", 400, 305, nine + 1h});
  EXPECT_EQ(*goes_on, (Outage{"pcare", nine, std::nullopt, "connect_refused", 300, 305, 100}));
  EXPECT_EQ(object_name(*goes_on), object_name(*began));
  const auto ended = log.changed({true, "", 500, 400, nine + 2h});
  EXPECT_EQ(*ended, (Outage{"pcare", nine, nine + 2h, "connect_refused", 400, 400, 100}));
  EXPECT_FALSE(log.open());
  EXPECT_EQ(log.changed({true, "", 600, 0, nine + 3h}), std::nullopt);
}

TEST(OutageLog, GoesOnOverRestarts) {
  OutageLog first("pcare");
  auto kept = decode_outage(encode(*first.changed({false, "connect_refused", 100, 5, nine})));
  for (const std::uint64_t accepted : {150U, 180U}) {  // more were accepted before each first look
    ASSERT_TRUE(kept);
    OutageLog next("pcare");
    next.resume(*kept);
    const auto noted = next.changed({false, "", accepted, 55, nine + 1h});
    EXPECT_EQ(noted->accepted_meanwhile, accepted - 100);
    kept = decode_outage(encode(*noted));
    EXPECT_EQ(kept.value(), *noted);
  }
  OutageLog last("pcare");
  last.resume(*kept);
  const auto ended = last.changed({true, "", 181, 80, nine + 2h});
  EXPECT_EQ(ended->accepted_meanwhile, 81U);
  EXPECT_EQ(ended->began_at, nine);
  EXPECT_EQ(ended->cause, "connect_refused");
}

TEST(OutageLog, WhatWasCountedOnceStays) {
  OutageLog log("pcare");
  log.changed({false, "connect_refused", 100, 5, nine});
  log.changed({false, "", 140, 45, nine + 1h});
  EXPECT_EQ(log.changed({false, "", 90, 45, nine + 2h})->accepted_meanwhile, 40U) << "the counter was computed anew";
  EXPECT_EQ(log.changed({true, "", 150, 45, nine + 3h})->accepted_meanwhile, 50U);
}

TEST(Outages, NamesSortByTime) {
  const Outage first{"pcare", nine, {}, "", 0, 0, 0};
  const Outage later{"pcare", nine + 100'000h, {}, "", 0, 0, 0};
  EXPECT_LT(object_name(first), object_name(later));
}

TEST(Outages, AsEvidence) {
  const Outage ended{"pcare", nine, nine + 90min, "http_503", 1203, 1100, 17};
  const Outage odd{"p,\"c\"", nine + 5h, std::nullopt, "=cmd", 7, 7, 0};
  EXPECT_EQ(csv_header(), "destination,began_at,ended_at,seconds,cause,accepted_meanwhile,delayed\r\n");
  EXPECT_EQ(csv_line(ended), "pcare,2021-09-01T02:00:00.000Z,2021-09-01T03:30:00.000Z,5400,http_503,1203,1100\r\n");
  EXPECT_EQ(csv_line(odd), "\"p,\"\"c\"\"\",2021-09-01T07:00:00.000Z,,,'=cmd,7,7\r\n");
  EXPECT_EQ(json_object(ended),
            R"({"destination":"pcare","began_at":"2021-09-01T02:00:00.000Z","ended_at":"2021-09-01T03:30:00.000Z",)"
            R"("seconds":5400,"cause":"http_503","accepted_meanwhile":1203,"delayed":1100})");
  const auto listed = nlohmann::json::parse(json_object(odd));
  EXPECT_TRUE(listed["ended_at"].is_null());
  EXPECT_TRUE(listed["seconds"].is_null());
  EXPECT_EQ(listed["cause"], "=cmd");
}

TEST(Outages, AClockThatWasSetBackMakesNoNegativeSpan) {
  const Outage outage{"pcare", nine, nine - 1min, "http_503", 1, 1, 0};
  EXPECT_EQ(lasted(outage), std::nullopt);
  EXPECT_EQ(csv_line(outage), "pcare,2021-09-01T02:00:00.000Z,2021-09-01T01:59:00.000Z,,http_503,1,1\r\n");
}

TEST(Outages, WhatIsNoRecordIsRefused) {
  for (const char* text :
       {"", "[]", "{}", R"({"version":2})", R"({"version":"1"})", R"({"version":[1]})", "[1]", "7",
        R"({"version":1,"destination":5})",
        R"({"version":1,"destination":"p","began_at_ms":1,"cause":"","accepted_meanwhile":1,"delayed":1})"}) {
    EXPECT_FALSE(decode_outage(text).has_value()) << text;
  }
}

}  // namespace
}  // namespace titip::delivery
