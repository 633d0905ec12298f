#include "gateway/reads/log_in_tries.h"

#include <gtest/gtest.h>

#include <string>

namespace titip::reads {
namespace {

using namespace std::chrono_literals;

const clock::SteadyTime start{1000h};

std::string site(int number) {
  return "10.0." + std::to_string(number / 250) + "." + std::to_string(number % 250);
}

int given(LogInTries& tries, std::string_view at, std::string_view user, int most, clock::SteadyTime now = start) {
  int count = 0;
  for (int number = 0; number < most; ++number) count += tries.wait(at, user, now) ? 0 : 1;
  return count;
}

TEST(LogInTriesTest, are_of_an_address_with_a_user) {
  LogInTries tries({.tries = 4, .tries_elsewhere = 1000, .window = 60s}, 1h);
  EXPECT_EQ(given(tries, "a", "user", 10), 4);
  EXPECT_EQ(given(tries, "b", "user", 10), 4);
  EXPECT_EQ(given(tries, "a", "other", 10), 4);
  EXPECT_EQ(tries.wait("a", "user", start), 15s);
  EXPECT_EQ(given(tries, "a", "user", 10, start + 15s), 1);
}

TEST(LogInTriesTest, strangers_addresses_share_a_bound_that_a_known_one_does_not_meet) {
  LogInTries tries({.tries = 2, .tries_elsewhere = 10, .window = 60s}, 1h);
  tries.let_in("clinic", "user", start);
  int strangers = 0;
  for (int number = 0; number < 200; ++number) strangers += given(tries, site(number), "user", 1);
  EXPECT_EQ(strangers, 10);
  EXPECT_EQ(given(tries, "clinic", "user", 10), 2);
  EXPECT_EQ(given(tries, "clinic", "other", 10), 2) << "another user has a bound of their own";
  EXPECT_EQ(given(tries, "clinic", "user", 10, start + 2h), 2) << "long after, where nobody guesses any more";
  for (int number = 200; number < 300; ++number) given(tries, site(number), "user", 1, start + 4h);
  EXPECT_EQ(given(tries, "clinic", "user", 1, start + 4h), 0) << "it lasts no longer than it lasts";
}

}  // namespace
}  // namespace titip::reads
