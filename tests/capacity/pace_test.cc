#include "tests/capacity/pace.h"

#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <vector>

namespace titip::capacity {
namespace {

using namespace std::chrono_literals;

TEST(Pace, PlansWarmUpAndSlices) {
  struct Row {
    const char* name;
    std::uint64_t all, warm_up, measured, slice;
    std::size_t pieces;
  };
  const Row rows[] = {
      {"a short run compares quarters", 20'000, 5'000, 15'000, 3'750, 8},
      {"CI: slices that hold a flush", 200'000, 50'000, 150'000, 37'500, 8},
      {"the last short one", 999'999, 50'000, 949'999, 40'000, 8},
      {"from a million on the last twentieth against the first", 1'000'000, 0, 1'000'000, 50'000, 1},
      {"the full run likewise", 10'000'000, 0, 10'000'000, 500'000, 1},
  };
  for (const auto& row : rows) {
    const auto plan = plan_pace(row.all);
    EXPECT_EQ(plan.warm_up, row.warm_up) << row.name;
    EXPECT_EQ(plan.measured, row.measured) << row.name;
    EXPECT_EQ(plan.slice, row.slice) << row.name;
    EXPECT_EQ(plan.pieces, row.pieces) << row.name;
  }
}

// Drives a pace at `rate(done)` in steps of `step`.
Pace driven(PacePlan plan, const std::function<double(std::uint64_t)>& rate, std::uint64_t step,
            std::vector<Pace::Tenth>* tenths = nullptr) {
  Pace pace(plan);
  double seconds = 1000;
  for (std::uint64_t done = 0; !pace.is_over(); done += step) {
    const auto tenth = pace.reached(done, SteadyTime(std::chrono::nanoseconds(std::llround(seconds * 1e9))));
    if (tenth && tenths != nullptr) tenths->push_back(*tenth);
    seconds += static_cast<double>(step) / rate(done);
  }
  return pace;
}

constexpr PacePlan plan{.warm_up = 1'000, .measured = 100'000, .slice = 5'000};

TEST(Pace, AnEvenRunHasTheRatioOne) {
  std::vector<Pace::Tenth> tenths;
  const auto pace = driven(plan, [](auto) { return 20'000.0; }, 130, &tenths);
  EXPECT_NEAR(pace.ratio().value(), 1, 0.01);
  EXPECT_NEAR(pace.rate().value(), 20'000, 100);
  ASSERT_EQ(tenths.size(), 10U);
  for (const auto& tenth : tenths) EXPECT_NEAR(tenth.rate, 20'000, 200) << tenth.number;
}

TEST(Pace, TheWarmUpCountsForNothing) {
  const auto pace = driven(plan, [](auto done) { return done < 1'000 ? 10.0 : 20'000.0; }, 50);
  EXPECT_NEAR(pace.ratio().value(), 1, 0.01);
  EXPECT_NEAR(pace.rate().value(), 20'000, 100);
}

TEST(Pace, ControlAnEndThatIsSlowerIsSeen) {
  const auto pace = driven(plan, [](auto done) { return done < 96'000 ? 20'000.0 : 10'000.0; }, 130);
  EXPECT_NEAR(pace.ratio().value(), 0.5, 0.02);
}

TEST(Pace, ControlASlowMiddleShowsInItsTenthAlone) {
  std::vector<Pace::Tenth> tenths;
  const auto pace =
      driven(plan, [](auto done) { return done > 41'000 && done < 51'000 ? 5'000.0 : 20'000.0; }, 100, &tenths);
  EXPECT_NEAR(pace.ratio().value(), 1, 0.01);
  EXPECT_NEAR(tenths.at(4).rate, 5'000, 200);
}

// A stall of a second in the last slice: a long run shows it, a short one leaves it to chance.
TEST(Pace, OneStallDoesNotDecideAShortRun) {
  const auto stall = [](auto done) { return done > 99'150 && done < 99'350 ? 100.0 : 20'000.0; };
  auto pieces = plan;
  pieces.pieces = 8;
  EXPECT_LT(driven(plan, stall, 50).ratio().value(), 0.2);
  EXPECT_NEAR(driven(pieces, stall, 50).ratio().value(), 1, 0.05);
}

// Two of eight pieces are more than chance.
TEST(Pace, ControlTwoStallsAreSeenInAShortRun) {
  const auto stalls = [](auto done) {
    const bool stalled = (done > 97'000 && done < 97'200) || (done > 99'150 && done < 99'350);
    return stalled ? 100.0 : 20'000.0;
  };
  auto pieces = plan;
  pieces.pieces = 8;
  EXPECT_LT(driven(pieces, stalls, 50).ratio().value(), 0.2);
}

TEST(Pace, ControlAnEndThatIsSlowerIsSeenInPieces) {
  auto pieces = plan;
  pieces.pieces = 8;
  const auto slower = [](auto done) { return done < 96'000 ? 20'000.0 : 10'000.0; };
  EXPECT_NEAR(driven(pieces, slower, 50).ratio().value(), 0.5, 0.02);
}

TEST(Pace, SaysNothingBeforeItIsOver) {
  Pace pace(plan);
  pace.reached(50'000, SteadyTime(1s));
  EXPECT_FALSE(pace.ratio());
  EXPECT_FALSE(pace.rate());
  EXPECT_FALSE(pace.is_over());
}

}  // namespace
}  // namespace titip::capacity
