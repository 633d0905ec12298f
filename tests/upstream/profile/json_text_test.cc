#include "upstream/profile/json_text.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <string>

namespace titip::profile {
namespace {

std::string nested(int depth) {
  return std::string(static_cast<std::size_t>(depth), '[') + std::string(static_cast<std::size_t>(depth), ']');
}

TEST(JsonText, Parse) {
  const struct {
    const char* name;
    std::string text;
    bool parses;
  } rows[] = {
      {"object", R"({"a":1})", true},
      {"empty", "", false},
      {"two values", "1 2", false},
      {"comment", "{} // no", false},
      {"HTML", "<html></html>", false},
      {"cut off", R"({"a":)", false},
      {"number out of range", "1e999", false},
      {"bytes that are not UTF-8", "\"\xff\"", false},
      {"as deep as allowed", nested(max_json_depth), true},
      {"one deeper", nested(max_json_depth + 1), false},
      {"a million brackets", std::string(1'000'000, '['), false},
      {"brackets inside a string", "\"" + std::string(200, '[') + "\"", true},
      {"brackets after an escaped quote", R"("\")" + std::string(200, '[') + "\"", true},
      {"wide is not deep", "[" + std::string(300, ' ') + "[],[],[],[]]", true},
  };
  for (const auto& row : rows) {
    SCOPED_TRACE(row.name);
    EXPECT_EQ(parse_json(row.text).has_value(), row.parses);
  }
}

TEST(JsonText, Pointers) {
  for (const char* good : {"/", "/a", "/a/b", "/a~0b", "/a~1b", "//"}) {
    EXPECT_TRUE(is_pointer(good)) << good;
  }
  for (const char* bad : {"", "a", "/a~", "/a~2", " /a"}) {
    EXPECT_FALSE(is_pointer(bad)) << bad;
  }
  const auto document = *parse_json(R"({"":{"":1},"a":[10,11]})");
  EXPECT_EQ(*resolve(document, "//"), 1);
  EXPECT_EQ(*resolve(document, "/a/1"), 11);
  EXPECT_EQ(resolve(document, "/a/2"), nullptr);
  EXPECT_EQ(resolve(document, "/a/01"), nullptr);
  EXPECT_EQ(resolve(document, "/a/+1"), nullptr);
  EXPECT_EQ(resolve(document, "/a/99999999999999999999999"), nullptr);
  EXPECT_EQ(resolve(document, "/a/1/b"), nullptr);
  EXPECT_EQ(resolve(document, "a"), nullptr);
}

TEST(JsonText, TextOf) {
  const struct {
    const char* json;
    const char* text;
  } rows[] = {
      {"null", ""},       {"\"\"", ""},
      {"{}", ""},         {"[]", ""},
      {"1", "1"},         {"\"1\"", "1"},
      {"1.0", "1.0"},     {"36.50", "36.5"},
      {"false", "false"}, {R"({"b":1,"a":[ ]})", R"({"a":[],"b":1})"},
  };
  for (const auto& row : rows) {
    EXPECT_EQ(text_of(*parse_json(row.json)), row.text) << row.json;
  }
  EXPECT_EQ(dump_json("\xff"), "\"\xEF\xBF\xBD\"");
}

}  // namespace
}  // namespace titip::profile
