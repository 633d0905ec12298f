#include "gateway/front/facility_rates.h"

#include <gtest/gtest.h>

#include "tests/gateway/front/front_fixture.h"

namespace titip::front {
namespace {

using namespace std::chrono_literals;

TEST(FacilityRates, a_burst_and_then_a_pace) {
  FacilityRates rates({.per_second = 10, .burst = 3});
  clock::SteadyTime now{1h};
  for (const std::uint32_t left : {2U, 1U, 0U}) {
    const auto given = rates.take("A", now);
    EXPECT_TRUE(given.allowed);
    EXPECT_EQ(given.left, left);
  }
  const auto refused = rates.take("A", now);
  EXPECT_FALSE(refused.allowed);
  EXPECT_EQ(refused.wait, 1s) << "whole seconds, and one at least";
  EXPECT_TRUE(rates.take("B", now).allowed) << "each has a bucket of its own";
  now += 100ms;
  EXPECT_TRUE(rates.take("A", now).allowed);
  EXPECT_FALSE(rates.take("A", now).allowed) << "a refusal costs nothing, and one token a tenth of a second is all";
  now += 1h;
  EXPECT_EQ(rates.take("A", now).left, 2U) << "never more than a burst";
}

TEST(FacilityRates, none) {
  FacilityRates rates({.per_second = 0});
  for (int i = 0; i < 10'000; ++i) ASSERT_TRUE(rates.take("A", clock::SteadyTime{1h}).allowed);
}

class RatedFrontTest : public FrontTest {
 protected:
  RatedFrontTest() : rated_(rated_doors()) {}
  FrontDoors rated_doors() {
    auto made = doors();
    made.rates = std::make_shared<FacilityRates>(RateOptions{.per_second = 1, .burst = 4});
    made.throttled = [this] { ++throttled_; };
    return made;
  }
  http::Response ask_rated(http::Request asked) {
    std::optional<http::Response> answer;
    rated_.handle(std::move(asked), http::Responder([&](http::Response given) { answer = std::move(given); }, nullptr));
    world_.run();
    if (!answer) ADD_FAILURE() << "no answer";
    return answer.value_or(http::Response{});
  }
  int throttled_ = 0;
  Front rated_;
};

TEST_F(RatedFrontTest, who_asks_too_fast_is_told_to_wait_and_others_are_not) {
  auto answer = ask_rated(request("GET", "/v1/submissions"));
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(header(answer, "RateLimit"), "") << "more than half is left";
  ask_rated(request("POST", "/pcare-vaksin/vaksin/simpan", std::string(dose)));
  answer = ask_rated(request("GET", "/v1/submissions"));
  EXPECT_EQ(header(answer, "RateLimit"), "\"facility\";r=1;t=1");
  EXPECT_EQ(header(answer, "RateLimit-Policy"), "\"facility\";q=4;w=4");
  ask_rated(request("GET", "/v1/submissions"));
  for (const auto* place : {"/v1/submissions", "/pcare-vaksin/referensi/keluhan", "/v1/attention"}) {
    answer = ask_rated(request("GET", place));
    EXPECT_EQ(answer.status, 429) << place;
    EXPECT_EQ(header(answer, "Retry-After"), "1") << place;
    EXPECT_EQ(header(answer, "RateLimit"), "\"facility\";r=0;t=1") << place;
  }
  EXPECT_EQ(throttled_, 3);
  EXPECT_EQ(ask_rated(request("GET", "/v1/submissions", {}, {{"x-kdppk", "0905R003"}})).status, 200);
  EXPECT_EQ(ask_rated(request("GET", "/v1/submissions", {}, {{"x-kdppk", "nobody"}})).status, 401)
      << "and has no bucket";
  EXPECT_EQ(ask_rated(request("GET", "/livez")).status, 200) << "health is nobody's";
  world_.clock.advance(1s);
  EXPECT_EQ(ask_rated(request("GET", "/v1/submissions")).status, 200);
}

}  // namespace
}  // namespace titip::front
