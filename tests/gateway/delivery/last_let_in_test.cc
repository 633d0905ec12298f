#include "gateway/delivery/last_let_in.h"

#include <gtest/gtest.h>

namespace titip::delivery {
namespace {

using namespace std::chrono_literals;

const LetIn first{"0114A026", {"key-1", "Basic YQ=="}};
const LetIn second{"0114A027", {"", "Basic Yg=="}};
const clock::SteadyTime noon{100h};

TEST(LastLetIn, WhoeverWasLetInNotLongAgoStays) {
  LastLetIn last;
  EXPECT_EQ(last.known(), std::nullopt);
  EXPECT_TRUE(last.let_in(first, noon));
  EXPECT_FALSE(last.let_in(second, noon + 30min)) << "facilities take turns; each change would be written";
  EXPECT_EQ(last.known(), first);
  EXPECT_FALSE(last.let_in(first, noon + 50min));
  EXPECT_FALSE(last.let_in(second, noon + 109min)) << "it was let in again since";
  EXPECT_TRUE(last.let_in(second, noon + 110min));
  EXPECT_EQ(last.known(), second);
}

TEST(LastLetIn, WhatIsRefusedIsForgotten) {
  LastLetIn last;
  last.let_in(first, noon);
  EXPECT_FALSE(last.refused(second));
  EXPECT_TRUE(last.refused(first));
  EXPECT_EQ(last.known(), std::nullopt);
  EXPECT_TRUE(last.let_in(second, noon + 1s));
}

TEST(LastLetIn, WhatAnEarlierLifeKnewGivesWayAtOnce) {
  LastLetIn last;
  last.recalled(first);
  EXPECT_EQ(last.known(), first);
  EXPECT_TRUE(last.let_in(second, noon));
  last.recalled(first);
  EXPECT_EQ(last.known(), second);
}

TEST(LastLetIn, ItsBytes) {
  for (const auto& each : {first, second, LetIn{"F", {"a\nb", ""}}}) EXPECT_EQ(decode_let_in(encode(each)), each);
  EXPECT_EQ(decode_let_in(""), std::nullopt);
  EXPECT_EQ(decode_let_in("F\nnonsense"), std::nullopt);
}

}  // namespace
}  // namespace titip::delivery
