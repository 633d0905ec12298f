#include "upstream/profile/splice.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <random>
#include <string>

namespace titip::profile {
namespace {

using nlohmann::json;

struct Row {
  const char* name;
  std::string text;
  const char* pointer;
  const char* value;
  std::optional<std::string> expected;
};

const Row rows[] = {
    {"replaces a string", R"({"a":"x","b":1})", "/a", "y", R"({"a":"y","b":1})"},
    {"replaces an empty string", R"({"alasan":""})", "/alasan", "01", R"({"alasan":"01"})"},
    {"replaces null", R"({"alasan":null})", "/alasan", "01", R"({"alasan":"01"})"},
    {"replaces a number", R"({"a":-1.5e3,"b":2})", "/a", "y", R"({"a":"y","b":2})"},
    {"replaces an object", R"({"a":{"x":[1,"}"]},"b":2})", "/a", "y", R"({"a":"y","b":2})"},
    {"replaces a list", R"({"b":2,"a":[[],{},"]"]})", "/a", "y", R"({"b":2,"a":"y"})"},
    {"adds to an object", R"({"b":1})", "/a", "y", R"({"a":"y","b":1})"},
    {"adds to an empty object", "{}", "/a", "y", R"({"a":"y"})"},
    {"adds to an empty object with space", "{ \n }", "/a", "y", "{\"a\":\"y\" \n }"},
    {"space everywhere stays", " {\t\"a\" :\r\n \"x\" , \"b\":1 }\n", "/a", "y", " {\t\"a\" :\r\n \"y\" , \"b\":1 }\n"},
    {"number before a space", "{\"a\":1 ,\"b\":2}", "/a", "y", "{\"a\":\"y\" ,\"b\":2}"},
    {"nested", R"({"s":{"hasil":"tunda","x":1},"hasil":"z"})", "/s/hasil", "lanjut",
     R"({"s":{"hasil":"lanjut","x":1},"hasil":"z"})"},
    {"adds to a nested object", R"({"s":{}})", "/s/hasil", "y", R"({"s":{"hasil":"y"}})"},
    {"the same name deeper is another", R"({"x":{"a":1},"a":2})", "/a", "y", R"({"x":{"a":1},"a":"y"})"},
    {"the same name in a string is another", R"({"x":"\"a\":1","a":2})", "/a", "y", R"({"x":"\"a\":1","a":"y"})"},
    {"of doubles the last counts", R"({"a":1,"a":2})", "/a", "y", R"({"a":1,"a":"y"})"},
    {"an escaped name is the same name", R"({"\u0061lasan":""})", "/alasan", "01", R"({"\u0061lasan":"01"})"},
    {"quotes and backslashes inside", R"({"x":"\\","y":"\\\"","a":"x"})", "/a", "y",
     R"({"x":"\\","y":"\\\"","a":"y"})"},
    {"a value that needs escapes", R"({"a":""})", "/a", "q\"\\\n", R"({"a":"q\"\\\n"})"},
    {"a pointer with escapes", R"({"a/b":{"c~d":""}})", "/a~1b/c~0d", "y", R"({"a/b":{"c~d":"y"}})"},
    {"a name that is empty", R"({"":""})", "/", "y", R"({"":"y"})"},
    {"bytes that are not ASCII stay", "{\"nama\":\"\xc3\xa9\\u00e9\",\"a\":1}", "/a", "y",
     "{\"nama\":\"\xc3\xa9\\u00e9\",\"a\":\"y\"}"},
    {"byte order mark stays", "\xEF\xBB\xBF{\"a\":1}", "/a", "y", "\xEF\xBB\xBF{\"a\":\"y\"}"},
    {"the parent is missing", R"({"b":1})", "/s/a", "y", std::nullopt},
    {"the parent is no object", R"({"s":[1]})", "/s/0", "y", std::nullopt},
    {"the parent is a string", R"({"s":"{}"})", "/s/a", "y", std::nullopt},
    {"the whole is a list", "[1]", "/0", "y", std::nullopt},
    {"the whole is a number", "1", "/a", "y", std::nullopt},
    {"no pointer", "{}", "", "y", std::nullopt},
};

TEST(Splice, sets_one_value_and_leaves_every_other_byte) {
  for (const auto& row : rows) EXPECT_EQ(splice_string(row.text, row.pointer, row.value), row.expected) << row.name;
}

// Any JSON, printed with any space: afterwards it is the same with that one value set.
class RandomJson {
 public:
  explicit RandomJson(std::uint64_t seed) : random_(seed) {}

  json value(int depth) {
    switch (below(depth > 0 ? 8 : 5)) {
      case 0:
        return nullptr;
      case 1:
        return below(2) == 0;
      case 2:
        return below(1000) - 500;
      case 3:
        return static_cast<double>(below(1000)) / 7;
      case 4:
        return text();
      case 5: {
        auto list = json::array();
        for (int i = below(4); i > 0; --i) list.push_back(value(depth - 1));
        return list;
      }
      default:
        return object(depth - 1);
    }
  }
  json object(int depth) {
    auto made = json::object();
    for (int i = below(5); i > 0; --i) made[text()] = value(depth);
    return made;
  }
  std::string text() {
    static constexpr std::string_view parts[] = {"a",   "b", "\"", "\\", "/", "~",  "{",        "}",
                                                 "[",   "]", ",",  ":",  " ", "\n", "\xc3\xa9", "\xf0\x9f\x92\x89",
                                                 "\x01"};
    std::string made;
    for (int i = below(4); i > 0; --i) made += parts[static_cast<std::size_t>(below(std::size(parts)))];
    return made;
  }
  std::string print(const json& document) {
    const auto plain = document.dump(-1, ' ', below(2) == 0);
    std::string spaced;
    bool in_string = false;
    for (std::size_t at = 0; at < plain.size(); ++at) {
      spaced += plain[at];
      if (in_string && plain[at] == '\\') {
        spaced += plain[++at];
      } else if (plain[at] == '"') {
        in_string = !in_string;
      }
      const bool between = !in_string && std::string_view("{}[],:").contains(plain[at]);
      if (between && below(3) == 0) spaced += " \t\r\n"[below(4)];
    }
    return spaced;
  }
  int below(std::size_t limit) {
    return static_cast<int>(std::uniform_int_distribution<std::size_t>(0, limit - 1)(random_));
  }

 private:
  std::mt19937_64 random_;
};

TEST(Splice, shows_a_value_as_it_stands_there) {
  const struct {
    const char* text;
    const char* pointer;
    std::optional<std::string_view> expected;
  } shown[] = {
      {R"( { "a" : [1, {"b":"]"} ] , "c":2})", "/a", R"([1, {"b":"]"} ])"},
      {R"({"a":"\u0041\/","b":1})", "/a", R"("\u0041\/")"},
      {R"({"a":{"b":null}})", "/a/b", "null"},
      {R"({"a":1,"a":2})", "/a", "2"},
      {R"({"a":1})", "/b", std::nullopt},
      {R"({"a":1})", "/a/b", std::nullopt},
      {R"([1])", "/0", std::nullopt},
      {R"("text")", "/a", std::nullopt},
  };
  for (const auto& row : shown) EXPECT_EQ(json_at(row.text, row.pointer), row.expected) << row.text;
}

TEST(Splice, puts_any_value_in_place) {
  EXPECT_EQ(splice_json(R"({ "a" : "x" })", "/a", R"([1, 2])"), R"({ "a" : [1, 2] })");
  EXPECT_EQ(splice_json(R"({"b":1})", "/a", "null"), R"({"a":null,"b":1})");
  EXPECT_EQ(splice_json("[]", "/a", "null"), std::nullopt);
}

TEST(Splice, agrees_with_a_parser_on_random_documents) {
  int set = 0;
  for (std::uint64_t seed = 1; seed <= 4000; ++seed) {
    RandomJson random(seed);
    const auto document = random.object(3);
    const auto text = random.print(document);
    ASSERT_EQ(json::parse(text), document) << "seed " << seed;
    // A place that is there, or one that is not.
    json::json_pointer place;
    const json* here = &document;
    while (here->is_object() && (place.empty() || random.below(2) == 0)) {
      std::vector<std::string> names{random.text()};
      for (const auto& [name, value] : here->items()) names.push_back(name);
      const auto& name = names[static_cast<std::size_t>(random.below(names.size()))];
      place /= name;
      if (!here->contains(name)) break;
      here = &here->at(name);
    }
    const auto value = random.text();
    const auto spliced = splice_string(text, place.to_string(), value);
    ASSERT_TRUE(spliced) << "seed " << seed << ": " << text << " at " << place;
    auto expected = document;
    expected[place] = value;
    ASSERT_EQ(json::parse(*spliced, nullptr, false), expected) << "seed " << seed << ": " << *spliced;
    ASSERT_EQ(json_at(*spliced, place.to_string()), json(value).dump()) << "seed " << seed << ": " << *spliced;
    ASSERT_EQ(json_at(text, place.to_string()).has_value(), document.contains(place)) << "seed " << seed;
    ++set;
  }
  EXPECT_EQ(set, 4000);
}

}  // namespace
}  // namespace titip::profile
