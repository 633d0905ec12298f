// What a filling disk means: the table; and the watch that acts on it.
#include "storage/disk_guard.h"

#include <atomic>
#include <thread>

#include "storage/ballast.h"
#include "storage/free_space.h"
#include "storage/space_watch.h"
#include "tests/storage/support.h"

namespace titip::storage {
namespace {

constexpr std::uint64_t floor_bytes = 800, ballast_bytes = 100;

TEST(DiskGuard, Table) {
  struct Row {
    const char* name;
    DiskState before;
    std::optional<std::uint64_t> free;
    std::uint64_t ballast;
    DiskDecision expected;
  };
  using enum DiskState;
  constexpr DiskDecision fine{ok, false, false}, tight{low, false, false}, worst{critical, false, false};
  const Row rows[] = {
      {"plenty", ok, 5000, 100, fine},
      {"plenty, and the ballast is missing", ok, 5000, 0, {ok, false, true}},
      {"plenty, and the ballast is smaller than configured", ok, 5000, 40, {ok, false, true}},
      {"just above the floor", ok, 800, 100, fine},
      {"no room for the ballast above the floor", ok, 999, 0, fine},
      {"room for the ballast above the floor", ok, 1000, 0, {ok, false, true}},
      {"below the floor", ok, 799, 100, tight},
      {"at the floor again, not well above", low, 800, 100, tight},
      {"nearly well above", low, 899, 100, tight},
      {"well above", low, 900, 100, fine},
      {"below the floor the ballast is not made", low, 500, 0, tight},
      {"below the critical mark", low, 199, 100, {critical, true, false}},
      {"below the critical mark at once", ok, 0, 100, {critical, true, false}},
      {"critical, and the ballast is gone", critical, 100, 0, worst},
      {"critical until well above its mark", critical, 224, 0, worst},
      {"critical no more", critical, 225, 0, tight},
      {"critical, then much was freed", critical, 900, 0, fine},
      {"critical, then all was freed", critical, 5000, 0, {ok, false, true}},
      {"not readable", ok, {}, 100, {unreadable, false, false}},
      {"readable again", unreadable, 850, 100, fine},
      {"readable again and low", unreadable, 700, 100, tight},
  };
  const DiskLimits limits = limits_of(floor_bytes, ballast_bytes);
  EXPECT_EQ(limits.critical_bytes, 200U);
  for (const Row& row : rows) {
    const DiskView view{row.free, row.ballast};
    const DiskDecision decision = decide(row.before, view, limits);
    EXPECT_EQ(decision, row.expected) << row.name;
    EXPECT_EQ(refusal_of(decision.state, view, limits).empty(), decision.accepting()) << row.name;
  }
}

// Whoever asks why submissions are refused may read either language.
TEST(DiskGuard, SaysWhyInBothLanguages) {
  const DiskLimits limits = limits_of(800U << 20U, 0);
  EXPECT_EQ(refusal_of(DiskState::low, {.free_bytes = 500U << 20U}, limits),
            words::Said("only 500 MiB are free on the data directory's disk and the floor is 800 MiB; free some space",
                        "hanya 500 MiB yang kosong di disk direktori data, sedangkan batas bawahnya 800 MiB; kosongkan "
                        "ruang"));
}

TEST(DiskGuard, WithoutAFloorNothingIsDecided) {
  const DiskLimits none = limits_of(0, ballast_bytes);
  EXPECT_EQ(decide(DiskState::ok, {0, 0}, none), DiskDecision{});
  EXPECT_EQ(decide(DiskState::ok, {std::nullopt, 100}, none), DiskDecision{});
}

TEST(DiskGuard, LooksAgainBeforeAFastDiskCouldBeFull) {
  using std::chrono::milliseconds;
  constexpr std::uint64_t gib = 1ULL << 30U;
  const DiskLimits limits = limits_of(gib, 0);
  const auto after = [&](DiskState state, std::uint64_t free) {
    return look_again_after(state, free, limits, milliseconds(100));
  };
  EXPECT_EQ(after(DiskState::ok, 80 * gib), milliseconds(500)) << "not even 4 GiB a second fills that in half a second";
  EXPECT_EQ(after(DiskState::ok, 3 * gib), milliseconds(500));
  EXPECT_EQ(after(DiskState::ok, 2 * gib), milliseconds(250)) << "a quarter of a second away";
  EXPECT_EQ(after(DiskState::ok, gib + gib / 4), milliseconds(100));
  EXPECT_EQ(after(DiskState::ok, gib), milliseconds(100));
  EXPECT_EQ(after(DiskState::low, 80 * gib), milliseconds(100));
  EXPECT_EQ(after(DiskState::critical, 0), milliseconds(100));
  EXPECT_EQ(after(DiskState::unreadable, 0), milliseconds(100));
  EXPECT_EQ(look_again_after(DiskState::ok, 80 * gib, limits_of(0, 0), milliseconds(1)), milliseconds(5));
}

TEST(Ballast, IsReallyAllocatedAndGivenBack) {
  const Directory directory;
  Ballast ballast(directory.path());
  constexpr std::uint64_t bytes = 8U << 20U;
  EXPECT_EQ(ballast.bytes(), 0U);
  EXPECT_FALSE(ballast.drop());
  ASSERT_TRUE(ballast.make(bytes));
  EXPECT_GE(ballast.bytes(), bytes);
  ASSERT_TRUE(ballast.make(2 * bytes)) << "grows";
  EXPECT_GE(ballast.bytes(), 2 * bytes);
  EXPECT_TRUE(ballast.drop());
  EXPECT_EQ(ballast.bytes(), 0U);
  EXPECT_FALSE(ballast.make(1ULL << 60U)) << "no disk has that";
  EXPECT_EQ(ballast.bytes(), 0U) << "nothing is left behind";
}

class Watch : public ::testing::Test {
 protected:
  SpaceSettings settings() {
    SpaceSettings settings;
    settings.limits = limits_of(16U << 20U, 1U << 20U);
    settings.free_bytes = [this] { return std::optional(free.load()); };
    settings.directory = directory.path();
    settings.look_every = std::chrono::milliseconds(1);
    settings.make_room = [this] { ++rooms; };
    settings.between_rooms = std::chrono::milliseconds(20);
    settings.probes = &probes;
    return settings;
  }
  template <class Condition>
  static bool comes_true(Condition condition) {
    for (int i = 0; i < 2000 && !condition(); ++i) std::this_thread::sleep_for(std::chrono::milliseconds(5));
    return condition();
  }
  Directory directory;
  CountingProbes probes;
  std::atomic<std::uint64_t> free = 64U << 20U;
  std::atomic<int> rooms = 0;
};

TEST_F(Watch, TheBallastComesAndGoes) {
  SpaceWatch watch(settings());
  const Ballast ballast(directory.path());
  EXPECT_GT(ballast.bytes(), 0U) << "made at once, where there is room";
  free = 15U << 20U;
  watch.look();
  EXPECT_TRUE(watch.low());
  EXPECT_TRUE(watch.erase_at_once());
  EXPECT_GT(ballast.bytes(), 0U) << "kept for worse";
  EXPECT_EQ(watch.status().free_bytes, 15U << 20U);
  EXPECT_NE(watch.status().why_not.english().find("floor"), std::string::npos);
  free = 1U << 20U;
  watch.look();
  EXPECT_EQ(ballast.bytes(), 0U);
  free = 64U << 20U;
  watch.look();
  EXPECT_FALSE(watch.low());
  EXPECT_FALSE(watch.erase_at_once());
  watch.look();
  EXPECT_GT(ballast.bytes(), 0U);
  EXPECT_EQ(probes.disk_full, 1U) << "told once, when it began";
}

TEST_F(Watch, RoomIsMadeWhileTheDiskIsLowAndNotAllTheTime) {
  SpaceWatch watch(settings());
  watch.start();
  std::this_thread::sleep_for(std::chrono::milliseconds(30));
  EXPECT_EQ(rooms, 0);
  free = 2U << 20U;
  EXPECT_TRUE(comes_true([&] { return rooms >= 2; })) << "again, as long as it lasts";
  free = 64U << 20U;
  EXPECT_TRUE(comes_true([&] { return !watch.low(); }));
  const int made = rooms;
  std::this_thread::sleep_for(std::chrono::milliseconds(60));
  EXPECT_LE(rooms, made + 1);
  watch.close();
}

TEST_F(Watch, WhatIsErasedInQuantityIsGivenBackOnceErasingHasCalmedDown) {
  SpaceSettings patient = settings();
  patient.calm = std::chrono::seconds(2);
  SpaceWatch watch(patient);
  watch.start();
  watch.erased(1000);
  std::this_thread::sleep_for(std::chrono::milliseconds(2200));
  EXPECT_EQ(rooms, 0) << "not worth it";
  for (int i = 0; i < 50; ++i) {
    watch.erased(2U << 20U);
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  EXPECT_EQ(rooms, 0) << "not while it goes on";
  EXPECT_TRUE(comes_true([&] { return rooms == 1; }));
  std::this_thread::sleep_for(std::chrono::milliseconds(100));
  watch.close();
  EXPECT_EQ(rooms, 1) << "once";
}

TEST_F(Watch, VeryMuchIsGivenBackAtOnce) {
  SpaceSettings patient = settings();
  patient.calm = std::chrono::hours(1);
  SpaceWatch watch(patient);
  watch.start();
  watch.erased(15ULL << 30U);
  std::this_thread::sleep_for(std::chrono::milliseconds(50));
  EXPECT_EQ(rooms, 0);
  watch.erased(1ULL << 30U);
  EXPECT_TRUE(comes_true([&] { return rooms == 1; }));
}

TEST_F(Watch, WithoutAFloorSpaceIsGivenBackToo) {
  SpaceSettings floorless = settings();
  floorless.limits = {};
  floorless.calm = std::chrono::milliseconds(10);
  SpaceWatch watch(floorless);
  watch.start();
  watch.erased(100U << 20U);
  EXPECT_TRUE(comes_true([&] { return rooms == 1; }));
}

TEST_F(Watch, ADiskThatDoesNotSayIsRefused) {
  SpaceSettings blind = settings();
  blind.free_bytes = [] { return std::optional<std::uint64_t>(); };
  const SpaceWatch watch(blind);
  EXPECT_TRUE(watch.low());
  EXPECT_NE(watch.status().why_not.english().find("cannot be read"), std::string::npos);
}

}  // namespace
}  // namespace titip::storage
