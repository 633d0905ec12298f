#include "tests/capacity/limits.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>

namespace titip::capacity {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

Figures good() {
  return {{"rss_mb", 1024},     {"start_to_accept_s", 5},  {"first_delivery_s", 10},  {"accept_ratio", 0.9},
          {"drain_ratio", 0.9}, {"disk_per_payload", 1.6}, {"disk_after_drain", 0.4}, {"accepts_per_s", 1}};
}

TEST(Limits, HoldAtTheirBounds) {
  EXPECT_THAT(shortfalls(the_limits(), good()), IsEmpty());
}

// Each limit alone: a little worse is named, a little better is not.
TEST(Limits, EachOneIsChecked) {
  for (const auto& limit : the_limits()) {
    const double worse = limit.at_most ? 1.001 : 0.999;
    auto figures = good();
    figures[std::string(limit.name)] *= worse;
    EXPECT_THAT(shortfalls(the_limits(), figures), ElementsAre(HasSubstr(std::string(limit.name)))) << limit.name;
    figures[std::string(limit.name)] /= worse * worse;
    EXPECT_THAT(shortfalls(the_limits(), figures), IsEmpty()) << limit.name;
  }
}

TEST(Limits, WhatWasNotMeasuredHoldsNothing) {
  for (const auto& limit : the_limits()) {
    auto figures = good();
    figures.erase(std::string(limit.name));
    EXPECT_THAT(shortfalls(the_limits(), figures), ElementsAre(HasSubstr("was not measured"))) << limit.name;
    figures[std::string(limit.name)] = std::numeric_limits<double>::quiet_NaN();
    EXPECT_THAT(shortfalls(the_limits(), figures), ElementsAre(HasSubstr("was not measured"))) << limit.name;
  }
  EXPECT_EQ(shortfalls(the_limits(), {}).size(), the_limits().size());
}

TEST(Limits, TheLastLine) {
  auto figures = good();
  figures["start_to_accept_s"] = 1.234;
  figures.erase("drain_ratio");
  EXPECT_EQ(summary(200'000, the_limits(), figures),
            "capacity: submissions=200000 rss_mb=1024 start_to_accept_s=1.23 first_delivery_s=10.00 accept_ratio=0.90 "
            "drain_ratio=unknown disk_per_payload=1.60 disk_after_drain=0.40");
}

}  // namespace
}  // namespace titip::capacity
