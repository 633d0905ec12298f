#include "gateway/delivery/parked.h"

#include <gtest/gtest.h>

namespace titip::delivery {
namespace {

const Authorizations::User user{"F1", "bidan"};
const Authorizations::User colleague{"F1", "perawat"};
const Authorizations::User elsewhere{"F2", "bidan"};

storage::SubmissionId id(int number) {
  storage::SubmissionId id;
  id.bytes[0] = static_cast<std::uint8_t>(number);
  return id;
}

TEST(Parked, ALookAtALanePassesOverThem) {
  Parked parked;
  EXPECT_EQ(parked.of("F1"), nullptr);
  parked.park(user, id(1));
  parked.park(user, id(1));
  parked.park(colleague, id(2));
  parked.park(elsewhere, id(3));
  EXPECT_EQ(parked.size(), 3U);
  EXPECT_EQ(*parked.of("F1"), (storage::SubmissionIds{id(1), id(2)}));
  EXPECT_EQ(*parked.of("F2"), storage::SubmissionIds{id(3)});
  parked.let_go(user);
  EXPECT_EQ(*parked.of("F1"), storage::SubmissionIds{id(2)});
  parked.let_go(colleague);
  EXPECT_EQ(parked.of("F1"), nullptr);
  EXPECT_EQ(parked.size(), 1U);
}

// A question under way is answered from another thread.
TEST(Parked, WhatWasLentStaysAsItIs) {
  Parked parked;
  parked.park(user, id(1));
  const auto lent = parked.of("F1");
  parked.park(user, id(2));
  EXPECT_EQ(*lent, storage::SubmissionIds{id(1)});
  const auto next = parked.of("F1");
  parked.let_go(user);
  EXPECT_EQ(*lent, storage::SubmissionIds{id(1)});
  EXPECT_EQ(*next, (storage::SubmissionIds{id(1), id(2)}));
}

TEST(Parked, ThoseWhoseWaitIsOverAreLookedAtAgain) {
  Parked parked;
  parked.park(user, id(1));
  parked.park(colleague, id(2));
  parked.park(elsewhere, id(3));
  EXPECT_EQ(parked.let_go_unless([](const auto& who) { return who == colleague; }),
            (std::vector<std::string>{"F1", "F2"}));
  EXPECT_EQ(*parked.of("F1"), storage::SubmissionIds{id(2)});
  EXPECT_EQ(parked.of("F2"), nullptr);
}

TEST(Parked, WhoOfAFacilityComesFirst) {
  Parked parked;
  parked.park(user, id(1));
  parked.park(colleague, id(2));
  parked.park(elsewhere, id(3));
  const auto anybody = [](const auto&) { return true; };
  const auto by_name = [](const auto& a, const auto& b) { return a.second < b.second; };
  EXPECT_EQ(parked.first_of("F1", anybody, by_name), user);
  EXPECT_EQ(parked.first_of("F1", [](const auto& who) { return who != user; }, by_name), colleague);
  EXPECT_EQ(parked.first_of("F1", [](const auto&) { return false; }, by_name), std::nullopt);
  EXPECT_EQ(parked.first_of("F3", anybody, by_name), std::nullopt);
}

}  // namespace
}  // namespace titip::delivery
