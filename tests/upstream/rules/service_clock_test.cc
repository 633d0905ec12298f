#include "upstream/rules/service_clock.h"

#include <gtest/gtest.h>

namespace titip::rules {
namespace {

using namespace std::chrono_literals;

SteadyTime at(std::chrono::milliseconds since) {
  return SteadyTime(since);
}

TEST(ServiceClock, StandsStillWhileNobodyCanBeSentTo) {
  ServiceClock clock;
  EXPECT_EQ(clock.served(at(1h)), 0ms);
  clock.sendable(true, at(1h));
  EXPECT_EQ(clock.served(at(1h + 10s)), 10s);
  clock.sendable(false, at(1h + 10s));
  EXPECT_EQ(clock.served(at(200h)), 10s);
  clock.sendable(true, at(200h));
  EXPECT_EQ(clock.served(at(200h + 5s)), 15s);
}

TEST(ServiceClock, SayingTheSameTwiceChangesNothing) {
  ServiceClock clock;
  clock.sendable(true, at(0s));
  clock.sendable(true, at(3s));
  clock.sendable(true, at(7s));
  EXPECT_EQ(clock.served(at(10s)), 10s);
}

TEST(ServiceClock, GoesOnAfterARestart) {
  ServiceClock clock(42s);
  EXPECT_EQ(clock.served(at(5h)), 42s);
  clock.sendable(true, at(0s));
  EXPECT_EQ(clock.served(at(1s)), 43s);
}

TEST(ServiceClock, NeverRunsBackwards) {
  ServiceClock clock;
  clock.sendable(true, at(10s));
  EXPECT_EQ(clock.served(at(5s)), 0ms);
}

}  // namespace
}  // namespace titip::rules
