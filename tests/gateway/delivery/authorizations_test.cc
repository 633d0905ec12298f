#include "gateway/delivery/authorizations.h"

#include <gtest/gtest.h>

namespace titip::delivery {
namespace {

using namespace std::chrono_literals;
using enum Authorizations::Refused;
using enum Authorizations::Turn;

const clock::SteadyTime noon{100h};

const Authorizations::User user{"0114A026", "bidan"};
const Authorizations::User colleague{"0114A026", "perawat"};
const Authorizations::User namesake{"0114A027", "bidan"};

TEST(Authorizations, ARecordGoesWithItsOwn) {
  Authorizations known;
  EXPECT_EQ(known.choose(user, "old"), "old");
  EXPECT_TRUE(known.accepted(user, "new"));
  EXPECT_FALSE(known.accepted(user, "new")) << "written down already";
  EXPECT_EQ(known.choose(user, "old"), "old") << "nobody refused it";
}

TEST(Authorizations, RefusedItGoesWithTheOneTheServerTook) {
  Authorizations known;
  known.accepted(user, "new");
  EXPECT_EQ(known.refused(user, "old", noon), another_is_known);
  EXPECT_EQ(known.choose(user, "old"), "new");
  EXPECT_EQ(known.choose(user, "newest"), "newest") << "not the one that was refused";
  EXPECT_EQ(known.choose(colleague, "old"), "old");
  EXPECT_EQ(known.choose(namesake, "old"), "old");
}

TEST(Authorizations, SeveralOldOnesAreEachRefusedOnce) {
  Authorizations known;
  known.accepted(user, "new");
  for (const auto* old : {"one", "two", "three"}) known.refused(user, old, noon);
  for (const auto* old : {"one", "two", "three"}) EXPECT_EQ(known.choose(user, old), "new");
  for (int i = 0; i < 8; ++i) known.refused(user, "x" + std::to_string(i), noon);
  EXPECT_EQ(known.choose(user, "one"), "one") << "so many are remembered";
  EXPECT_EQ(known.choose(user, "x0"), "new");
}

TEST(Authorizations, WithoutAnotherAPersonMustLook) {
  Authorizations known;
  EXPECT_EQ(known.refused(user, "old", noon), nothing_else);
  EXPECT_EQ(known.choose(user, "old"), "old");
  known.accepted(colleague, "other");
  EXPECT_EQ(known.refused(user, "old", noon), nothing_else) << "another user's is not theirs";
}

TEST(Authorizations, TheAcceptedOneMayBeRefusedLater) {
  Authorizations known;
  known.accepted(user, "new");
  known.refused(user, "old", noon);
  EXPECT_EQ(known.refused(user, "new", noon), nothing_else);
  EXPECT_EQ(known.choose(user, "old"), "old");
  EXPECT_TRUE(known.accepted(user, "third"));
  EXPECT_EQ(known.choose(user, "new"), "third");
}

TEST(Authorizations, WhatIsTakenAgainIsRefusedNoMore) {
  Authorizations known;
  known.accepted(user, "new");
  known.refused(user, "old", noon);
  known.accepted(user, "old");
  EXPECT_EQ(known.choose(user, "old"), "old");
}

TEST(Authorizations, WhatAnEarlierLifeKnew) {
  Authorizations known;
  known.refused(user, "old", noon);
  known.recalled(user, "old");
  EXPECT_EQ(known.refused(user, "old", noon), nothing_else) << "it was refused since";
  known.recalled(user, "new");
  EXPECT_EQ(known.choose(user, "old"), "new");
  known.accepted(user, "newest");
  known.recalled(user, "new");
  known.refused(user, "old", noon);
  EXPECT_EQ(known.choose(user, "old"), "newest");
}

TEST(Authorizations, WhoseTurnItIs) {
  struct Row {
    const char* name;
    std::function<void(Authorizations&)> before;
    const char* own;
    bool facility_waits;
    std::chrono::milliseconds later;
    Authorizations::Turn turn;
  };
  const auto refuse = [](Authorizations& known) { known.refused(user, "old", noon); };
  const Row rows[] = {
      {"nothing is known", [](auto&) {}, "own", false, 0s, goes},
      {"nothing is known, the facility is refused", [](auto&) {}, "own", true, 0s, waits},
      {"let in", [](auto& known) { known.accepted(user, "own"); }, "own", false, 0s, goes},
      {"refused", refuse, "old", false, 0s, waits},
      {"refused, and not long enough ago", refuse, "old", false, 15min - 1ms, waits},
      {"the wait is over: one tries", refuse, "old", false, 15min, tries},
      {"the wait is over, the facility's is not", refuse, "old", true, 15min, waits},
      {"a newer password is tried at once", refuse, "new", false, 0s, tries},
      {"whatever else of the facility is refused", refuse, "new", true, 0s, tries},
      {"one at a time",
       [&](auto& known) {
         refuse(known);
         known.began(user);
       },
       "new", false, 1h, waits},
      {"and then the next",
       [&](auto& known) {
         refuse(known);
         known.began(user);
         known.ended(user);
       },
       "new", false, 0s, tries},
      {"of so many that some are forgotten none is new",
       [&](auto& known) {
         for (int i = 0; i < 9; ++i) known.refused(user, "x" + std::to_string(i), noon);
       },
       "x0", false, 0s, waits},
      {"another is known to be let in",
       [&](auto& known) {
         refuse(known);
         known.accepted(user, "new");
       },
       "old", false, 0s, goes},
      {"a colleague's refusal is not theirs", [](auto& known) { known.refused(colleague, "old", noon); }, "old", false,
       0s, goes},
      {"the secret was the wrong one: one tries",
       [&](auto& known) {
         refuse(known);
         known.forgive(user.first);
       },
       "old", false, 0s, tries},
  };
  for (const auto& row : rows) {
    Authorizations known;
    row.before(known);
    EXPECT_EQ(known.turn(user, row.own, row.facility_waits, noon + row.later), row.turn) << row.name;
  }
}

// Accounts lock: a few times a day at most.
TEST(Authorizations, TheWaitsGrowUntilTheUserIsLetIn) {
  Authorizations known;
  auto now = noon;
  for (const auto wait : {15min, 30min, 60min, 120min, 240min, 360min, 360min}) {
    known.refused(user, "old", now);
    known.refused(user, "old", now + 1s);  // several in flight are one refusal
    EXPECT_EQ(known.next_wake(now), now + wait);
    EXPECT_TRUE(known.waits(user, now + wait - 1ms));
    EXPECT_FALSE(known.waits(user, now + wait));
    EXPECT_FALSE(known.waits(colleague, now));
    now += wait;
  }
  known.accepted(user, "new");
  EXPECT_EQ(known.next_wake(now), std::nullopt);
  known.refused(user, "new", now);
  EXPECT_EQ(known.next_wake(now), now + 15min);
}

TEST(Authorizations, WhenItIsTheFacilityThatIsRefused) {
  Authorizations known;
  const std::string facility = user.first;
  const auto refuse = [&](const char* name) { known.refused({facility, name}, "x", noon); };
  EXPECT_FALSE(known.nobody_let_in(facility));
  refuse("a");
  EXPECT_TRUE(known.nobody_let_in(facility));
  EXPECT_FALSE(known.nobody_let_in(namesake.first));
  EXPECT_FALSE(known.refuses_facility(facility));
  refuse("b");
  refuse("b");
  EXPECT_FALSE(known.refuses_facility(facility)) << "two users";
  refuse("c");
  EXPECT_TRUE(known.refuses_facility(facility));
  known.accepted({facility, "d"}, "y");
  EXPECT_FALSE(known.refuses_facility(facility)) << "somebody is let in";
  EXPECT_FALSE(known.nobody_let_in(facility));
}

TEST(Authorizations, WhoIsTriedFirstOfARefusedFacility) {
  Authorizations known;
  const Authorizations::User late{"F", "late"};
  const Authorizations::User early{"F", "early"};
  const Authorizations::User never{"F", "never"};
  known.refused(early, "x", noon);
  known.refused(late, "x", noon + 1h);
  EXPECT_TRUE(known.goes_before(early, late));
  EXPECT_FALSE(known.goes_before(late, early));
  EXPECT_TRUE(known.goes_before(never, early));
  EXPECT_FALSE(known.goes_before(early, never));
  known.refused(early, "x", noon + 2h);
  EXPECT_TRUE(known.goes_before(late, early));
}

TEST(Authorizations, RefusalsThatWereEverybodysAreForgivenOnce) {
  Authorizations known;
  known.refused(colleague, "x", noon - 1h);
  known.refused(user, "x", noon);
  EXPECT_EQ(known.forgive_since(noon - 1min), std::vector{user.first});
  EXPECT_EQ(known.turn(user, "x", false, noon), tries);
  EXPECT_EQ(known.turn(colleague, "x", false, noon - 1h), waits);
  known.refused(user, "x", noon);
  EXPECT_TRUE(known.forgive_since(noon - 1min).empty());
}

TEST(Authorizations, WhoIsNamedAndWhoIsNot) {
  const auto named = Authorizations::user_of("F", "Basic cGV0dWdhczpsYW1hOjA5NQ==");
  EXPECT_EQ(named, (Authorizations::User{"F", "petugas"}));
  EXPECT_TRUE(Authorizations::has_name(named));
  const auto bare = Authorizations::user_of("F", "");
  EXPECT_FALSE(Authorizations::has_name(bare));
  EXPECT_NE(bare, Authorizations::user_of("F", "Bearer x")) << "one that names nobody is a user of its own";
}

}  // namespace
}  // namespace titip::delivery
