#include "tests/sampler/person.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <string>
#include <unordered_set>

#include "tests/sampler/random.h"

namespace titip::sampler {
namespace {

bool all_digits(const std::string& text) {
  return std::ranges::all_of(text, [](unsigned char c) { return std::isdigit(c) != 0; });
}

TEST(random, is_the_published_generator) {
  // First outputs of splitmix64 from state 1234567, as published with the algorithm's test vectors.
  std::uint64_t state = 1234567;
  EXPECT_EQ(splitmix64(state), 6457827717110365317U);
  EXPECT_EQ(splitmix64(state), 3203168211198807973U);
}

TEST(random, stays_within_bounds_and_covers_them) {
  Random random(5);
  std::array<int, 7> seen{};
  for (int i = 0; i < 7000; ++i) ++seen[random.below(7)];
  for (const int count : seen) EXPECT_NEAR(count, 1000, 200);
  int hits = 0;
  for (int i = 0; i < 10'000; ++i) hits += random.chance(0.25) ? 1 : 0;
  EXPECT_NEAR(hits, 2500, 250);
  EXPECT_FALSE(random.chance(0.0));
  EXPECT_TRUE(random.chance(1.0));
}

TEST(person, is_the_same_for_the_same_seed_and_index) {
  const Person first = make_person(7, 41);
  const Person again = make_person(7, 41);
  EXPECT_EQ(first.nik, again.nik);
  EXPECT_EQ(first.ticket, again.ticket);
  EXPECT_EQ(first.name, again.name);
  EXPECT_EQ(first.birth_date, again.birth_date);
  EXPECT_NE(first.ticket, make_person(8, 41).ticket);
  EXPECT_NE(first.nik, make_person(7, 42).nik);
}

// Pinned, so that a change of compiler or library that changes the people is noticed.
TEST(person, is_the_same_on_every_machine) {
  const Person person = make_person(1, 0);
  EXPECT_EQ(fmt::format("{} {} {} {}", person.nik, person.ticket, person.birth_date, person.name),
            "9901015702970001 U-XJ4G4Q61 1997-02-17 Orang Uji 0001 Banaxi");
}

TEST(person, nik_is_structurally_valid_and_cannot_exist) {
  int women = 0;
  for (std::uint32_t i = 0; i < 3'000; ++i) {
    const Person person = make_person(3, i * 31'337);
    const std::string& nik = person.nik;
    ASSERT_EQ(nik.size(), 16U);
    ASSERT_TRUE(all_digits(nik)) << nik;
    EXPECT_EQ(nik.substr(0, 2), "99") << "the area must be one that no province has";
    const int day = std::stoi(nik.substr(6, 2)) - (person.woman ? 40 : 0);
    EXPECT_EQ(fmt::format("{:02}", day), person.birth_date.substr(8, 2));
    EXPECT_EQ(nik.substr(8, 2), person.birth_date.substr(5, 2));
    EXPECT_EQ(nik.substr(10, 2), person.birth_date.substr(2, 2));
    EXPECT_GE(day, 1);
    EXPECT_LE(day, 31);
    EXPECT_NE(nik.substr(2, 2), "00");
    EXPECT_NE(nik.substr(4, 2), "00");
    EXPECT_NE(nik.substr(12), "0000");
    women += person.woman ? 1 : 0;
  }
  EXPECT_GT(women, 1'300);
  EXPECT_LT(women, 1'700);
}

TEST(person, cannot_be_called_or_mistaken_for_somebody) {
  for (std::uint32_t i = 0; i < 1'000; ++i) {
    const Person person = make_person(3, i);
    EXPECT_EQ(person.phone.substr(0, 3), "000");
    EXPECT_TRUE(all_digits(person.phone));
    EXPECT_EQ(person.name.substr(0, 10), "Orang Uji ");
    EXPECT_NE(person.address.find("Contoh"), std::string::npos);
    EXPECT_EQ(person.ticket.size(), 10U);
    EXPECT_EQ(person.ticket[1], '-');
  }
}

TEST(person, niks_and_tickets_are_distinct) {
  std::unordered_set<std::string> niks;
  std::unordered_set<std::string> tickets;
  constexpr std::uint32_t count = 50'000;
  for (std::uint32_t i = 0; i < count; ++i) {
    const Person person = make_person(11, i);
    niks.insert(person.nik);
    tickets.insert(person.ticket.substr(2));  // distinct even without the letter
  }
  EXPECT_EQ(niks.size(), count);
  EXPECT_EQ(tickets.size(), count);
  EXPECT_EQ(make_person(11, max_people - 1).nik.size(), 16U);
  EXPECT_EQ(make_person(11, max_people - 1).phone.size(), 12U);
}

}  // namespace
}  // namespace titip::sampler
