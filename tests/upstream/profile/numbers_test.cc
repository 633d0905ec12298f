#include "upstream/profile/numbers.h"

#include <gtest/gtest.h>

#include <set>

namespace titip::profile {
namespace {

const ReferenceKind turn{.name = "noUrut", .provisional = "T0{3}"};
const ReferenceKind visit{.name = "noKunjungan", .provisional = "{facility}{MMyy}T{6}"};
const ReferenceKind mixed{.name = "x", .provisional = "A{2}b{facility}C{1}"};

TEST(Numbers, MadeByTheTemplate) {
  const struct {
    const ReferenceKind& kind;
    std::uint64_t random;
    const char* number;
  } rows[] = {
      {turn, 0, "T0000"},
      {turn, 123, "T0321"},
      {turn, 9'999'123, "T0321"},
      {visit, 654'321, "0114A0260815T123456"},
      {visit, ~std::uint64_t{0}, "0114A0260815T516155"},
      {mixed, 321, "A12b0114A026C3"},
  };
  for (const auto& row : rows) {
    const auto made = make_provisional(row.kind, "0114A026", "2015-08-31", row.random);
    EXPECT_EQ(made, row.number);
    EXPECT_TRUE(is_provisional(row.kind, "0114A026", made)) << made;
    EXPECT_TRUE(is_provisional(row.kind, "", made)) << made;
  }
}

TEST(Numbers, EveryDrawOfThreeDigitsGivesItsOwn) {
  std::set<std::string> made;
  for (std::uint64_t random = 0; random < 1000; ++random) made.insert(make_provisional(turn, "F", "", random));
  EXPECT_EQ(made.size(), 1000U);
  for (const auto& number : made) EXPECT_EQ(number.size(), 5U);  // some clients keep five characters
}

// Once a thousand are used up; as long as before.
TEST(Numbers, LettersStandWhereAFewDigitsAreUsedUp) {
  std::set<std::string> made;
  for (std::uint64_t random = 0; random < 32'768; ++random) {
    const auto number = make_provisional(turn, "F", "", random, Filled::letters_too);
    EXPECT_EQ(number.size(), 5U);
    EXPECT_TRUE(is_provisional(turn, "", number)) << number;
    made.insert(number);
  }
  EXPECT_EQ(made.size(), 32'768U);
  EXPECT_EQ(make_provisional(turn, "F", "", 31 + 32 * 10, Filled::letters_too), "T0ZA0");
  const ReferenceKind plain{.name = "x", .provisional = "99{3}"};
  EXPECT_EQ(make_provisional(plain, "F", "", 123, Filled::letters_too), "99321") << "a client may keep it as a number";
  EXPECT_FALSE(is_provisional(plain, "", "99A21"));
  EXPECT_EQ(make_provisional(visit, "F", "2015-08-31", 654'321, Filled::letters_too), "F0815T123456")
      << "a million are not used up";
  EXPECT_FALSE(is_provisional(visit, "F", "F0815T12345A"));
}

TEST(Numbers, RealOnesAreNone) {
  // As the service gives them: a letter and a number without leading zero; facility, month, Y or P and six digits.
  const struct {
    const ReferenceKind& kind;
    const char* real;
  } rows[] = {{turn, "A1"},
              {turn, "B12"},
              {turn, "T1"},
              {turn, "T103"},
              {turn, "T1234"},
              {turn, "A0"},
              {turn, "T0"},
              {turn, "1"},
              {turn, ""},
              {turn, "T0042 "},
              {turn, "T00421"},
              {turn, "t0042"},
              {turn, "X0042"},
              {turn, "T004x"},
              {turn, "T00O1"},
              {turn, "A0K21"},
              {visit, "0114A0260815Y000003"},
              {visit, "0114A0260815P000003"},
              {visit, "0114A0260815T00000"},
              {visit, "0114A0260815T0000031"},
              {visit, "0114A0261315T000003"},
              {visit, "0114A0260015T000003"},
              {visit, "T000003"},
              {visit, ""}};
  for (const auto& row : rows) {
    EXPECT_FALSE(is_provisional(row.kind, "0114A026", row.real)) << row.real;
    EXPECT_FALSE(is_provisional(row.kind, "", row.real)) << row.real;
  }
}

TEST(Numbers, OfAnotherFacilityOnlyWhereTheTemplateSays) {
  EXPECT_TRUE(is_provisional(visit, "0114A026", "0114A0260815T000003"));
  EXPECT_FALSE(is_provisional(visit, "0114A027", "0114A0260815T000003"));
  EXPECT_TRUE(is_provisional(visit, "", "0114A0260815T000003"));
  EXPECT_FALSE(is_provisional(visit, "", "0114-0260815T000003"));
  EXPECT_TRUE(is_provisional(turn, "0114A026", "T0042")) << "no facility in it";
}

TEST(Numbers, WithoutAMonthWhereNoneIsNamed) {
  EXPECT_FALSE(names_month("T0{3}"));
  EXPECT_TRUE(names_month("{facility}{MMyy}T{6}"));
  EXPECT_EQ(make_provisional(turn, "0114A026", "", 7), "T0700");
}

}  // namespace
}  // namespace titip::profile
