#include "gateway/delivery/authorizations.h"

#include <gtest/gtest.h>

namespace titip::delivery {
namespace {

using enum Authorizations::Refused;

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
  EXPECT_EQ(known.refused(user, "old"), another_is_known);
  EXPECT_EQ(known.choose(user, "old"), "new");
  EXPECT_EQ(known.choose(user, "newest"), "newest") << "not the one that was refused";
  EXPECT_EQ(known.choose(colleague, "old"), "old");
  EXPECT_EQ(known.choose(namesake, "old"), "old");
}

TEST(Authorizations, SeveralOldOnesAreEachRefusedOnce) {
  Authorizations known;
  known.accepted(user, "new");
  for (const auto* old : {"one", "two", "three"}) known.refused(user, old);
  for (const auto* old : {"one", "two", "three"}) EXPECT_EQ(known.choose(user, old), "new");
  for (int i = 0; i < 8; ++i) known.refused(user, "x" + std::to_string(i));
  EXPECT_EQ(known.choose(user, "one"), "one") << "so many are remembered";
  EXPECT_EQ(known.choose(user, "x0"), "new");
}

TEST(Authorizations, WithoutAnotherAPersonMustLook) {
  Authorizations known;
  EXPECT_EQ(known.refused(user, "old"), nothing_else);
  EXPECT_EQ(known.choose(user, "old"), "old");
  known.accepted(colleague, "other");
  EXPECT_EQ(known.refused(user, "old"), nothing_else) << "another user's is not theirs";
}

TEST(Authorizations, TheAcceptedOneMayBeRefusedLater) {
  Authorizations known;
  known.accepted(user, "new");
  known.refused(user, "old");
  EXPECT_EQ(known.refused(user, "new"), nothing_else);
  EXPECT_EQ(known.choose(user, "old"), "old");
  EXPECT_TRUE(known.accepted(user, "third"));
  EXPECT_EQ(known.choose(user, "new"), "third");
}

TEST(Authorizations, WhatIsTakenAgainIsRefusedNoMore) {
  Authorizations known;
  known.accepted(user, "new");
  known.refused(user, "old");
  known.accepted(user, "old");
  EXPECT_EQ(known.choose(user, "old"), "old");
}

TEST(Authorizations, WhatAnEarlierLifeKnew) {
  Authorizations known;
  known.refused(user, "old");
  known.recalled(user, "old");
  EXPECT_EQ(known.refused(user, "old"), nothing_else) << "it was refused since";
  known.recalled(user, "new");
  EXPECT_EQ(known.choose(user, "old"), "new");
  known.accepted(user, "newest");
  known.recalled(user, "new");
  known.refused(user, "old");
  EXPECT_EQ(known.choose(user, "old"), "newest");
}

}  // namespace
}  // namespace titip::delivery
