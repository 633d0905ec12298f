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

TEST(Limits, AShortRunMayLoseALittleMorePace) {
  auto figures = good();
  figures["accept_ratio"] = 0.76;
  EXPECT_THAT(shortfalls(the_limits(200'000), figures), IsEmpty());
  EXPECT_THAT(shortfalls(the_limits(1'000'000), figures), ElementsAre(HasSubstr("accept_ratio")));
  figures["accept_ratio"] = 0.74;
  EXPECT_THAT(shortfalls(the_limits(200'000), figures), ElementsAre(HasSubstr("accept_ratio")));
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

TEST(Limits, OnlyThePaceIsWorthAnotherRun) {
  struct Row {
    const char* name;
    const char* figure;
    double value;
    bool again;
  };
  const Row rows[] = {
      {"all holds", "accept_ratio", 0.95, false},       {"slower accepts", "accept_ratio", 0.5, true},
      {"slower deliveries", "drain_ratio", 0.89, true}, {"memory", "rss_mb", 1025, false},
      {"disk", "disk_per_payload", 1.7, false},         {"a slow start", "start_to_accept_s", 6, false},
  };
  for (const auto& row : rows) {
    auto figures = good();
    figures[row.figure] = row.value;
    EXPECT_EQ(only_pace_falls_short(the_limits(), figures), row.again) << row.name;
    if (!row.again) continue;
    figures["disk_after_drain"] = 0.5;
    EXPECT_FALSE(only_pace_falls_short(the_limits(), figures)) << row.name << ", and the disk";
    figures.erase("disk_after_drain");
    EXPECT_FALSE(only_pace_falls_short(the_limits(), figures)) << row.name << ", and one unknown";
  }
}

TEST(Limits, TheLastLine) {
  auto figures = good();
  figures["start_to_accept_s"] = 1.234;
  figures.erase("drain_ratio");
  EXPECT_EQ(summary(200'000, the_limits(200'000), figures, {.number = 2, .most = 3}),
            "capacity: submissions=200000 rss_mb=1024 start_to_accept_s=1.23 first_delivery_s=10.00 accept_ratio=0.90 "
            "drain_ratio=unknown disk_per_payload=1.60 disk_after_drain=0.40 run=2/3 "
            "bounds=rss_mb<=1024,start_to_accept_s<=5,first_delivery_s<=10,accept_ratio>=0.75,drain_ratio>=0.75,"
            "disk_per_payload<=1.6,disk_after_drain<=0.4");
}

}  // namespace
}  // namespace titip::capacity
