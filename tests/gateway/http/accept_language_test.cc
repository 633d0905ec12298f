#include "gateway/http/accept_language.h"

#include <gtest/gtest.h>

namespace titip::http {
namespace {

using words::Language;

TEST(AcceptLanguage, the_highest_quality_wins) {
  const struct {
    std::string_view header;
    words::Wanted wanted;
  } rows[] = {
      {"", std::nullopt},
      {"id", Language::id},
      {"en", Language::en},
      {"id-ID", Language::id},
      {"EN-us", Language::en},
      {"in", Language::id},
      {"idx", std::nullopt},
      {"fr", std::nullopt},
      {"fr, en;q=0.5", Language::en},
      {"id-ID,id;q=0.9,en-US;q=0.8,en;q=0.7", Language::id},
      {"en-US,en;q=0.9,id;q=0.8", Language::en},
      {"en;q=0.3, id;q=0.301", Language::id},
      {"en, id", Language::en},
      {"id, en", Language::id},
      {"id;q=0.5, en;q=0.5", Language::id},
      {"id;q=0.2, en;q=0.5, id-ID;q=0.9", Language::id},
      {"id ; q=0.5 , en ; q=0.6", Language::en},
      {"id;Q=1.000, en;q=0.999", Language::id},
      {"*", std::nullopt},
      {"id, *;q=0.5", Language::id},
      {"en;q=0.4, *", Language::id},
      {"id;q=0, *", Language::en},
      {"id;q=0", std::nullopt},
      {"id;q=0, en;q=0.0", std::nullopt},
      {"en, *", Language::en},
      {",, ,id,", Language::id},
      {"id;q=1.1", std::nullopt},
      {"id;q=0.1234", std::nullopt},
      {"id;q=", std::nullopt},
      {"id;q=x, en;q=0.1", Language::en},
      {"id;level=1, en;q=0.1", Language::en},
      {"id;q=1x", std::nullopt},
      {"id;q=.5", std::nullopt},
      {"id;q=-1", std::nullopt},
  };
  for (const auto& row : rows) EXPECT_EQ(wanted_language(row.header), row.wanted) << row.header;
}

TEST(AcceptLanguage, several_lines_are_one_list) {
  Request request;
  EXPECT_EQ(wanted_language(request), std::nullopt);
  request.headers = {{"Host", "x"}, {"accept-language", "en;q=0.5"}, {"Accept-Language", "id;q=0.7"}};
  EXPECT_EQ(wanted_language(request), Language::id);
}

TEST(AcceptLanguage, is_found_in_a_request_that_was_never_parsed) {
  EXPECT_EQ(wanted_language_of_head("GET / HTTP/1.1\r\nHost: a\r\nACCEPT-Language: id\r\n\r\n"), Language::id);
  EXPECT_EQ(wanted_language_of_head("GET / HTTP/1.1\nAccept-Language:en\n"), Language::en);
  EXPECT_EQ(wanted_language_of_head("GET / HTTP/1.1\r\n\r\nAccept-Language: id\r\n"), std::nullopt) << "a body";
  EXPECT_EQ(wanted_language_of_head("Accept-Language"), std::nullopt);
  EXPECT_EQ(wanted_language_of_head(""), std::nullopt);
}

TEST(AcceptLanguage, the_answer_says_its_language) {
  Response response;
  say_language(response, Language::id);
  ASSERT_EQ(response.headers.size(), 2U);
  EXPECT_EQ(response.headers[0].name + ": " + response.headers[0].value, "Content-Language: id");
  EXPECT_EQ(response.headers[1].name + ": " + response.headers[1].value, "Vary: Accept-Language");
  Response everybodys;
  say_language(everybodys, std::nullopt);
  ASSERT_EQ(everybodys.headers.size(), 1U);
  EXPECT_EQ(everybodys.headers[0].name, "Vary");
}

}  // namespace
}  // namespace titip::http
