#include "metrics/words/said.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <string>

#include "metrics/words/catalogue.h"

namespace titip::words {
namespace {

TEST(Said, is_said_in_both_languages) {
  constexpr auto known = text("the gateway does not answer; trying again");
  EXPECT_EQ(known.in(Language::en), known.english);
  EXPECT_EQ(known.in(Language::id), "gateway tidak menjawab; mencoba lagi");
  const Said made = known;
  EXPECT_EQ(made.in(Language::id), "gateway tidak menjawab; mencoba lagi");
  EXPECT_EQ(made.english(), known.english);
}

TEST(Said, without_an_indonesian_it_is_said_in_english) {
  const auto made = said("nobody has {} this {:>4} before {{}}", "said", 7);
  EXPECT_EQ(made.english(), "nobody has said this    7 before {}");
  EXPECT_EQ(made.in(Language::id), made.english());
}

TEST(Said, what_was_said_stands_in_it_in_its_language) {
  const auto made = said("a test: {} {}", Said(text("destination")), std::string("pcare"));
  EXPECT_EQ(made.english(), "a test: destination pcare");
  EXPECT_EQ(made.in(Language::id), "a test: tujuan pcare");
  EXPECT_EQ(said("a test: {:>8}", grouped(1203)).in(Language::id), "a test:    1.203");
}

TEST(Said, is_appended_to) {
  Said made;
  EXPECT_TRUE(made.empty());
  made += text("waiting");
  made += ": ";
  made += grouped(1'234'567);
  EXPECT_EQ(made.english(), "waiting: 1,234,567");
  EXPECT_EQ(made.in(Language::id), "menunggu: 1.234.567");
  EXPECT_EQ(grouped(999).in(Language::id), "999");
}

// The structure tests compare the keys with the sources; here: the program has the whole of it.
TEST(Catalogue, is_compiled_in) {
  std::string document;
  for (const auto line : catalogue_lines) document += line;
  const auto entries = nlohmann::json::parse(document);
  ASSERT_TRUE(entries.is_object());
  EXPECT_GE(entries.size(), 29U);
  for (const auto& [english, indonesian] : entries.items())
    EXPECT_EQ(indonesian_of(english), indonesian.get_ref<const std::string&>());
}

TEST(Language, is_named_or_taken_from_the_environment) {
  for (const auto language : {Language::en, Language::id}) EXPECT_EQ(language_named(name(language)), language);
  EXPECT_EQ(language_named("xx"), std::nullopt);
  EXPECT_EQ(language_of("id"), Language::id);
  EXPECT_EQ(language_of("id.UTF-8"), Language::id);
  EXPECT_EQ(language_of("idx"), Language::en);
}

}  // namespace
}  // namespace titip::words
