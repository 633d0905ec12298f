#include "storage/submission.h"

#include <gtest/gtest.h>

#include <set>

#include "tests/storage/support.h"

namespace titip::storage {
namespace {

TEST(SubmissionId, KnownTexts) {
  SubmissionId id;
  EXPECT_EQ(id.text(), "00000000000000000000000000");
  id.bytes.fill(0xff);
  EXPECT_EQ(id.text(), "7ZZZZZZZZZZZZZZZZZZZZZZZZZ");
  // 1469918176385 ms is 01ARYZ6S41 in the ULID specification's own example.
  const auto made = SubmissionId::make(at(1469918176385));
  EXPECT_EQ(made.text().substr(0, 10), "01ARYZ6S41");
}

TEST(SubmissionId, TextComesBackInEitherCase) {
  for (int i = 0; i < 1000; ++i) {
    const auto id = SubmissionId::make(at(noon_ms + i));
    std::string text = id.text();
    ASSERT_EQ(text.size(), 26U);
    EXPECT_EQ(SubmissionId::parse(text), id);
    for (char& c : text) c = static_cast<char>(std::tolower(c));
    EXPECT_EQ(SubmissionId::parse(text), id);
  }
}

TEST(SubmissionId, WhatIsNoIdIsRefused) {
  struct Row {
    const char* name;
    std::string text;
  };
  const Row rows[] = {
      {"empty", ""},
      {"short", "0000000000000000000000000"},
      {"long", "000000000000000000000000000"},
      {"over 128 bits", "80000000000000000000000000"},
      {"I", "0000000000000000000000000I"},
      {"L", "0000000000000000000000000L"},
      {"O", "0000000000000000000000000O"},
      {"U", "0000000000000000000000000U"},
      {"a space", " 0000000000000000000000000"},
      {"a zero byte", std::string(26, '\0')},
      {"a high byte", std::string(26, '\xe9')},
  };
  for (const Row& row : rows) EXPECT_FALSE(SubmissionId::parse(row.text).has_value()) << row.name;
}

TEST(SubmissionId, NoTwoAreTheSame) {
  std::set<SubmissionId> seen;
  for (int i = 0; i < 10000; ++i) seen.insert(SubmissionId::make(at(noon_ms)));
  EXPECT_EQ(seen.size(), 10000U);
}

}  // namespace
}  // namespace titip::storage
