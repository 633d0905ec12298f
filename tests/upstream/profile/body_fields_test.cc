// The quick reader against the one it stands in for: whatever it reads, that one reads the same way.
#include "upstream/profile/body_fields.h"

#include <gtest/gtest.h>

#include <array>
#include <nlohmann/json.hpp>
#include <random>

#include "upstream/profile/json_text.h"
#include "upstream/profile/values.h"

namespace titip::profile {
namespace {

using Pointers = std::vector<std::string>;
constexpr std::size_t max_depth = 8;

std::string nested(std::size_t depth) {
  return std::string(depth, '[') + std::string(depth, ']');
}

TEST(BodyFields, ReadsWhatClinicsSend) {
  const struct {
    const char* name;
    const char* text;
    const char* pointer;
    const char* value;
  } rows[] = {
      {"a string", R"({"nik":"330","dosis":1})", "/nik", "330"},
      {"a number", R"({"nik":"330","dosis":1})", "/dosis", "1"},
      {"a negative number", R"({"a":-12})", "/a", "-12"},
      {"zero", R"({"a":0})", "/a", "0"},
      {"the longest", R"({"a":999999999999999999})", "/a", "999999999999999999"},
      {"true", R"({"a":true})", "/a", "true"},
      {"false", R"({"a": false })", "/a", "false"},
      {"null", R"({"a":null})", "/a", ""},
      {"nothing", R"({"a":""})", "/a", ""},
      {"absent", R"({"a":"x"})", "/b", ""},
      {"an object is no value", R"({"a":{"b":1}})", "/a", ""},
      {"a list is no value", R"({"a":[1,{"a":2}]})", "/a", ""},
      {"inside", R"({"x":{"hasil":"no"},"skrining":{"suhu":36.5,"hasil":"lanjut"}})", "/skrining/hasil", "lanjut"},
      {"three deep", R"({"a":{"b":{"c":"x"},"c":"no"},"c":"no"})", "/a/b/c", "x"},
      {"the way ends early", R"({"a":"x"})", "/a/b", ""},
      {"the same name elsewhere", R"({"b":{"a":"no"},"c":[{"a":"no"}],"a":"yes"})", "/a", "yes"},
      {"space everywhere", " \t\r\n{ \"a\" : \"x\" , \"b\" : [ 1 , 2 ] } \n", "/a", "x"},
      {"escapes where nobody looks", R"({"b":"\"\\\/\b\f\n\r\t","a":"x"})", "/a", "x"},
      {"fractions where nobody looks", R"({"b":-36.50,"a":"x"})", "/a", "x"},
      {"an empty object", "{}", "/a", ""},
      {"no object", "[1]", "/a/b", ""},
  };
  for (const auto& row : rows) {
    const Pointers pointers{row.pointer};
    const auto fields = BodyFields::read(row.text, pointers, max_depth);
    const bool no_object = std::string_view(row.name) == "no object";
    if (no_object) {
      EXPECT_FALSE(fields) << "a list on the way is left to the other";
      continue;
    }
    ASSERT_TRUE(fields) << row.name;
    EXPECT_TRUE(fields->is_object()) << row.name;
    EXPECT_EQ(fields->value(row.pointer), row.value) << row.name;
  }
}

TEST(BodyFields, LeavesTheRestToTheOther) {
  const struct {
    const char* name;
    std::string text;
  } rows[] = {
      {"no JSON", "nik=1"},
      {"empty", ""},
      {"cut off", R"({"a":"x)"},
      {"two values", "{}{}"},
      {"a comma too many", R"({"a":1,})"},
      {"no comma", R"({"a":1 "b":2})"},
      {"no colon", R"({"a" 1})"},
      {"a bare word", R"({"a":nul})"},
      {"a word too long", R"({"a":nullx})"},
      {"beyond ASCII", "{\"b\":\"\xc3\xa9\"}"},
      {"not UTF-8", "{\"b\":\"\xff\"}"},
      {"a control character", "{\"b\":\"\n\"}"},
      {"a byte order mark", "\xEF\xBB\xBF{}"},
      {"a NUL behind it", std::string("{}\0", 3)},
      {"a NUL inside", std::string("{\"b\":\0}", 7)},
      {"an escape by number", R"({"b":"\u0041"})"},
      {"an unknown escape", R"({"b":"\x"})"},
      {"an escape in what is asked for", R"({"a":"\\"})"},
      {"an escape in a name", R"({"\\":1})"},
      {"a leading zero", R"({"b":01})"},
      {"a leading plus", R"({"b":+1})"},
      {"only a sign", R"({"b":-})"},
      {"a point without digits", R"({"b":1.})"},
      {"a number too large for anything", R"({"b":1e999})"},
      {"an exponent", R"({"b":1e2})"},
      {"minus nothing, asked for", R"({"a":-0})"},
      {"a fraction, asked for", R"({"a":1.50})"},
      {"more digits than are sure, asked for", R"({"a":1234567890123456789})"},
      {"twice", R"({"a":"x","a":"y"})"},
      {"twice on the way", R"({"c":{"d":1},"c":{}})"},
      {"a list on the way", R"({"c":[{"d":1}]})"},
      {"too deep", nested(max_depth + 1)},
      {"far too deep", std::string(1'000'000, '[')},
  };
  const Pointers pointers{"/a", "/c/d"};
  for (const auto& row : rows) EXPECT_FALSE(BodyFields::read(row.text, pointers, max_depth)) << row.name;
  EXPECT_TRUE(BodyFields::read(nested(max_depth), Pointers{}, max_depth));
  EXPECT_FALSE(BodyFields::read("{}", Pointers{"/a~1b"}, max_depth)) << "a pointer with an escape";
  EXPECT_FALSE(BodyFields::read("{}", Pointers{"a"}, max_depth)) << "no pointer";
  EXPECT_FALSE(BodyFields::read("{}", Pointers(33, "/a"), max_depth)) << "more pointers than it keeps apart";
}

// Texts made at random from the pieces that matter, then damaged at random.
class Writer {
 public:
  explicit Writer(unsigned seed) : random_(seed) {}

  std::string text() {
    std::string made = value(0);
    for (std::size_t damage = below(2) * below(3); damage > 0 && !made.empty(); --damage) {
      const auto at = below(made.size());
      switch (below(3)) {
        case 0:
          made.erase(at, 1);
          break;
        case 1:
          made.insert(at, 1, pick());
          break;
        default:
          made[at] = pick();
      }
    }
    return made;
  }

 private:
  std::size_t below(std::size_t bound) { return random_() % bound; }
  char pick() { return R"({}[]":,\ -.0123456789eEtrufalsnbcd/~)"[below(36)]; }
  std::string name() { return std::array{"a", "b", "c", "d", "a", "aa", "", "0"}[below(8)]; }
  std::string value(int depth) {
    static constexpr std::array easy{"1", "-3", "0", "true", "false", R"("")", R"("x")", R"("yy")", R"("0 1")"};
    static constexpr std::array hard{"-0",      "1.5",         "2e3",     "null",  "1234567890123456789",
                                     R"("\"")", R"("\u0041")", R"("\/")", "1e999", "\"\xc3\xa9\""};
    if (depth > 3 || below(depth == 0 ? 50 : 3) == 0)
      return below(12) == 0 ? hard[below(hard.size())] : easy[below(easy.size())];
    const bool object = below(5) != 0;
    std::string made = object ? "{" : "[";
    for (std::size_t members = below(5), i = 0; i < members; ++i) {
      if (i > 0) made += below(8) == 0 ? " , " : ",";
      if (object) made += '"' + name() + (below(8) == 0 ? "\" :" : "\":");
      made += value(depth + 1);
    }
    return made + (object ? '}' : ']');
  }
  std::mt19937 random_;
};

TEST(BodyFields, NeverReadsWhatTheOtherReadsDifferently) {
  const Pointers pointers{"/a", "/b", "/a/b", "/c/d", "/a/a/a", "/0", "/b/0"};
  std::size_t read = 0, values = 0, refused_by_both = 0;
  for (unsigned seed = 0; seed < 60'000; ++seed) {
    const auto text = Writer(seed).text();
    const auto fields = BodyFields::read(text, pointers, static_cast<std::size_t>(max_json_depth));
    const auto whole = parse_json(text);
    if (!fields) {
      refused_by_both += whole ? 0 : 1;
      continue;
    }
    ++read;
    ASSERT_TRUE(whole) << "seed " << seed << ": " << text;
    ASSERT_EQ(fields->is_object(), whole->is_object()) << "seed " << seed << ": " << text;
    for (const auto& pointer : pointers) {
      const auto expected = value_of({&*whole, nullptr, {}}, pointer);
      const auto found = value_of({nullptr, nullptr, {}, &*fields}, pointer);
      ASSERT_EQ(found, expected) << pointer << ", seed " << seed << ": " << text;
      values += found ? 1 : 0;
    }
  }
  // It must have had something to say.
  EXPECT_GT(read, 10'000U);
  EXPECT_GT(values, 3'000U);
  EXPECT_GT(refused_by_both, 5'000U);
}

TEST(BodyPointers, AreThePlacesInTheBodyEachOnce) {
  EXPECT_EQ(body_pointers({"/nik|/noTiket", "/dosis", "facility", "{noKartu}|/nik", ""}),
            (Pointers{"/nik", "/noTiket", "/dosis"}));
}

}  // namespace
}  // namespace titip::profile
