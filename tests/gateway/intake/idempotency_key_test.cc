#include "gateway/intake/idempotency_key.h"

#include <gtest/gtest.h>

namespace titip::intake {
namespace {

TEST(IdempotencyKey, good_ones) {
  struct Row {
    const char* name;
    std::string header;
    std::string key;
  };
  const Row rows[] = {
      {"quoted", R"("8e03978e-40d5-43dd-bc93-6894a57f9324")", "8e03978e-40d5-43dd-bc93-6894a57f9324"},
      {"unquoted, as deployed clients send it", "8e03978e", "8e03978e"},
      {"a space inside", R"("a b")", "a b"},
      {"one character", "k", "k"},
      {"as long as may be", std::string(255, 'k'), std::string(255, 'k')},
      {"as long as may be, quoted", '"' + std::string(255, 'k') + '"', std::string(255, 'k')},
  };
  for (const auto& row : rows) {
    const auto key = parse_idempotency_key(row.header);
    ASSERT_TRUE(key) << row.name << ": " << key.error().english;
    EXPECT_EQ(*key, row.key) << row.name;
  }
}

TEST(IdempotencyKey, bad_ones_say_what_is_wrong) {
  struct Row {
    const char* name;
    std::string header;
    const char* says;
  };
  const Row rows[] = {
      {"empty quotes", R"("")", "empty"},         {"only a quote", "\"", "quote"},
      {"not closed", "\"abc", "quote"},           {"not opened", "abc\"", "quote"},
      {"too long", std::string(256, 'k'), "255"}, {"quote inside", R"("a"b")", "visible ASCII"},
      {"backslash", R"("a\b")", "visible ASCII"}, {"not ASCII", "caf\xc3\xa9", "visible ASCII"},
      {"tab", "a\tb", "visible ASCII"},           {"delete", "a\x7f", "visible ASCII"},
  };
  for (const auto& row : rows) {
    const auto key = parse_idempotency_key(row.header);
    ASSERT_FALSE(key) << row.name;
    EXPECT_TRUE(key.error().english.contains(row.says)) << row.name << ": " << key.error().english;
  }
}

}  // namespace
}  // namespace titip::intake
