#include "upstream/rules/refusals.h"

#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <vector>

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
      {"four, long ago", 4, 0, 60'001ms, false},
      {"nobody was let in since", 100, 0, 60'001ms, true},
      {"for an hour", 100, 0, 3'600'000ms, true},
      {"for longer than that", 100, 0, 3'600'001ms, false},
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
  EXPECT_FALSE(refusals.destination_trouble(at(3'700'000ms)));
}

// One step after the other: who was answered how, and what came of it.
TEST(Refusals, TheTroubleLastsUntilSomebodyIsLetIn) {
  struct Step {
    std::chrono::milliseconds at;
    int facility;
    bool refused;
    bool trouble;                                   // afterwards
    std::optional<std::chrono::milliseconds> over;  // since when refusals meant nothing
  };
  struct Row {
    const char* name;
    std::vector<Step> steps;
  };
  const std::vector<Step> five_refused{{100s, 1, true, false, {}},
                                       {101s, 2, true, false, {}},
                                       {102s, 3, true, false, {}},
                                       {103s, 4, true, false, {}},
                                       {104s, 5, true, true, {}}};
  const auto after = [&](std::vector<Step> more) {
    auto steps = five_refused;
    steps.insert(steps.end(), more.begin(), more.end());
    return steps;
  };
  const Row rows[] = {
      {"one of them is let in", after({{105s, 5, false, false, 44s}})},
      {"a sixth is let in while most are still refused",
       after({{105s, 6, false, true, {}}, {106s, 5, false, false, 44s}})},
      {"the words grow old first", after({{10min, 6, false, false, 44s}})},
      {"tried one by one by a half-open breaker", after({{6min, 6, true, true, {}},
                                                         {11min, 7, true, true, {}},
                                                         {16min, 8, true, true, {}},
                                                         {21min, 8, false, false, 44s}})},
      {"after an hour each is judged alone, and forgiven all the same",
       after({{90min, 1, true, false, {}}, {95min, 2, false, false, 44s}})},
      {"over once only", after({{105s, 5, false, false, 44s}, {106s, 4, false, false, {}}})},
      {"and begun anew", after({{105s, 5, false, false, 44s},
                                {200s, 1, true, false, {}},
                                {200s, 2, true, false, {}},
                                {200s, 3, true, false, {}},
                                {200s, 4, true, false, {}},
                                {200s, 5, true, true, {}},
                                {201s, 1, false, false, 140s}})},
      {"nothing was wrong", {{1s, 1, true, false, {}}, {2s, 1, false, false, {}}}},
  };
  for (const auto& row : rows) {
    Refusals refusals({});
    for (const auto& step : row.steps) {
      const auto over = refusals.answered(std::to_string(step.facility), step.refused, at(step.at));
      EXPECT_EQ(over.has_value(), step.over.has_value()) << row.name << " at " << step.at.count();
      if (over && step.over) EXPECT_EQ(*over, at(*step.over)) << row.name;
      EXPECT_EQ(refusals.destination_trouble(at(step.at)), step.trouble) << row.name << " at " << step.at.count();
    }
  }
}

}  // namespace
}  // namespace titip::rules
