#include "upstream/rules/refusals.h"

#include <gtest/gtest.h>

#include <string>

namespace titip::rules {
namespace {

using namespace std::chrono_literals;

SteadyTime at(std::chrono::milliseconds since) {
  return SteadyTime(since);
}

TEST(Refusals, Table) {
  const struct {
    const char* name;
    int refused, accepted;
    std::chrono::milliseconds later;
    bool trouble;
  } rows[] = {
      {"nothing said", 0, 0, 0ms, false},
      {"one facility's password changed", 1, 0, 0ms, false},
      {"four of them", 4, 0, 0ms, false},
      {"five of five", 5, 0, 0ms, true},
      {"five of ten", 5, 5, 0ms, true},
      {"five of eleven", 5, 6, 0ms, false},
      {"a hundred of a hundred and one", 100, 1, 0ms, true},
      {"long ago", 100, 0, 60'001ms, false},
      {"just within the window", 100, 0, 60'000ms, true},
  };
  for (const auto& row : rows) {
    Refusals refusals({});
    for (int i = 0; i < row.refused; ++i) refusals.answered("refused " + std::to_string(i), true, at(0ms));
    for (int i = 0; i < row.accepted; ++i) refusals.answered("accepted " + std::to_string(i), false, at(0ms));
    EXPECT_EQ(refusals.destination_trouble(at(row.later)), row.trouble) << row.name;
  }
}

TEST(Refusals, TheLastWordOfAFacilityCounts) {
  Refusals refusals({});
  for (int round = 0; round < 9; ++round) refusals.answered("clinic", true, at(0ms));
  EXPECT_FALSE(refusals.destination_trouble(at(0ms)));
  for (int i = 0; i < 5; ++i) refusals.answered(std::to_string(i), true, at(0ms));
  EXPECT_TRUE(refusals.destination_trouble(at(0ms)));
  refusals.answered("0", false, at(1ms));
  refusals.answered("1", false, at(1ms));
  EXPECT_FALSE(refusals.destination_trouble(at(1ms)));
}

TEST(Refusals, MemoryIsBounded) {
  Refusals refusals({.facilities_known = 10});
  for (int i = 0; i < 1000; ++i) refusals.answered(std::to_string(i), true, at(std::chrono::milliseconds(i)));
  EXPECT_TRUE(refusals.destination_trouble(at(1000ms)));
  EXPECT_FALSE(refusals.destination_trouble(at(70'000ms)));
}

}  // namespace
}  // namespace titip::rules
