#include "gateway/people_file.h"

#include <gtest/gtest.h>

#include <sstream>

namespace titip::gateway {
namespace {

struct Row {
  const char* name;
  std::string text;
  std::size_t people;
  const char* says;  // none: fine
};

std::string many(std::size_t count) {
  std::string text;
  for (std::size_t at = 0; at < count; ++at) text += std::to_string(9'900'000'000'000'000 + at) + "\n";
  return text;
}

const Row rows[] = {
    {"one", "9901011501900001\n", 1, nullptr},
    {"without a line's end", "9901011501900001", 1, nullptr},
    {"from another system", "9901011501900001\r\n9901011501900002\r\n", 2, nullptr},
    {"with spaces", "  9901011501900001 \t\n", 1, nullptr},
    {"with comments and gaps", "# asked on 15 August\n\n9901011501900001\n   \n", 1, nullptr},
    {"twice", "9901011501900001\n9901011501900001\n", 1, nullptr},
    {"as many as may be", many(1000), 1000, nullptr},
    {"more than may be", many(1001), 0, "split the file"},
    {"empty", "", 0, "there is no number in it"},
    {"comments alone", "# 9901011501900001\n", 0, "there is no number in it"},
    {"too short", "9901011501900001\n990101150190000\n", 0, "line 2 is not a number of 16 digits"},
    {"two on a line", "9901011501900001 9901011501900002\n", 0, "line 1"},
    {"a name beside it", "9901011501900001 Orang Uji\n", 0, "line 1"},
};

TEST(PeopleFile, numbers_line_by_line) {
  for (const auto& row : rows) {
    std::istringstream text(row.text);
    const auto people = read_people(text);
    if (row.says == nullptr) {
      ASSERT_TRUE(people) << row.name << ": " << people.error();
      EXPECT_EQ(people->size(), row.people) << row.name;
    } else {
      ASSERT_FALSE(people) << row.name;
      EXPECT_TRUE(people.error().contains(row.says)) << row.name << ": " << people.error();
      EXPECT_FALSE(people.error().contains("99010115")) << row.name << " repeats a number";
    }
  }
}

TEST(PeopleFile, what_is_no_file_is_said) {
  EXPECT_TRUE(read_people_file("/nonexistent/nik").error().contains("cannot be read"));
  EXPECT_TRUE(read_people_file("/tmp").error().contains("is a directory"));
}

}  // namespace
}  // namespace titip::gateway
