#include "upstream/rules/surge.h"

#include <gtest/gtest.h>

#include <string>

namespace titip::rules {
namespace {

// d = delivered, r = rejected. How often the facility's surge was said.
int said(SurgeOptions options, const std::string& results) {
  Surges surges(options);
  int times = 0;
  for (const char result : results) times += surges.decided("clinic", result == 'r') == Surge::none ? 0 : 1;
  return times;
}

std::string times(std::size_t n, const std::string& what) {
  std::string all;
  for (std::size_t i = 0; i < n; ++i) all += what;
  return all;
}

TEST(Surges, Table) {
  const struct {
    const char* name;
    std::string results;
    int said;
  } rows[] = {
      {"all is well", times(200, "d"), 0},
      {"a few rejections are usual", times(10, times(19, "d") + "r"), 0},
      {"too few results say nothing", times(19, "r"), 0},
      {"a new facility that is rejected throughout", times(20, "r"), 1},
      {"said once", times(100, "r"), 1},
      {"from one record to the next", times(100, "d") + times(16, "r"), 1},
      {"just below the share", times(100, "d") + times(15, "r"), 0},
      {"a facility that is always careless", times(60, "dddrddd") + times(30, "r"), 0},
  };
  for (const auto& row : rows) EXPECT_EQ(said({}, row.results), row.said) << row.name;
}

TEST(Surges, ACarelessFacilityIsNotSurging) {
  // One in five is rejected, always: a bad habit, for the needs-attention list, not a sudden change.
  Surges surges({});
  for (int i = 0; i < 2000; ++i) ASSERT_EQ(surges.decided("clinic", i % 5 == 0), Surge::none) << i;
  for (int i = 0; i < 40; ++i) EXPECT_EQ(surges.decided("clinic", true), Surge::none);
}

TEST(Surges, FiveFacilitiesAtOnceAreTheDestinations) {
  Surges surges({});
  for (int f = 0; f < 6; ++f) {
    Surge last = Surge::none;
    for (int i = 0; i < 20; ++i) {
      const Surge now = surges.decided("clinic " + std::to_string(f), true);
      if (now != Surge::none) last = now;
    }
    EXPECT_EQ(last, f == 4 ? Surge::destination : Surge::facility) << f;
  }
  surges.reset_all();
  EXPECT_EQ(surges.surging(), 0U);
}

TEST(Surges, AnOpenedGateStartsAnew) {
  Surges surges({});
  for (int i = 0; i < 20; ++i) surges.decided("clinic", true);
  EXPECT_EQ(surges.surging(), 1U);
  surges.reset("clinic");
  EXPECT_EQ(surges.surging(), 0U);
  for (int i = 0; i < 19; ++i) EXPECT_EQ(surges.decided("clinic", true), Surge::none);
  EXPECT_EQ(surges.decided("clinic", true), Surge::facility);
}

TEST(Surges, AGateFromBeforeCountsAmongThoseAtOnce) {
  Surges surges({});
  for (int f = 0; f < 4; ++f) surges.gated("clinic " + std::to_string(f));
  surges.gated("clinic 0");  // once
  EXPECT_EQ(surges.surging(), 4U);
  Surge last = Surge::none;
  for (int i = 0; i < 20; ++i) last = surges.decided("a fifth", true);
  EXPECT_EQ(last, Surge::destination);
}

TEST(Surges, MemoryIsBounded) {
  Surges surges({.facilities_known = 3});
  for (int i = 0; i < 20; ++i) surges.decided("gated", true);
  for (int f = 0; f < 100; ++f) surges.decided("clinic " + std::to_string(f), false);
  EXPECT_EQ(surges.surging(), 1U);  // the gated one is not forgotten
  EXPECT_EQ(surges.decided("gated", true), Surge::none);
}

}  // namespace
}  // namespace titip::rules
