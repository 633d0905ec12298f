#include "gateway/http/message.h"

#include <gtest/gtest.h>

namespace titip::http {
namespace {

TEST(Request, headers_are_found_in_any_case_the_first_one_wins) {
  Request request;
  request.headers = {{"X-KDPPK", "0905R002"}, {"x-kdppk", "other"}, {"Empty", ""}};
  EXPECT_EQ(request.header("x-kdppk"), "0905R002");
  EXPECT_EQ(request.header("X-kdPPK"), "0905R002");
  EXPECT_EQ(request.header("empty"), "");
  EXPECT_EQ(request.header("x-kdppk2"), "");
}

TEST(Request, path_and_query) {
  struct Row {
    const char* target;
    const char* path;
    const char* query;
  };
  for (const auto& row : {Row{"/a/b?c=d?e", "/a/b", "c=d?e"}, Row{"/a", "/a", ""}, Row{"/?", "/", ""}}) {
    Request request;
    request.target = row.target;
    EXPECT_EQ(request.path(), row.path);
    EXPECT_EQ(request.query(), row.query);
  }
}

TEST(Responder, answers_once) {
  int sent = 0;
  int abandoned = 0;
  {
    Responder respond([&](const Response&) { ++sent; }, [&] { ++abandoned; });
    respond({});
    respond({});
  }
  EXPECT_EQ(sent, 1);
  EXPECT_EQ(abandoned, 0);
}

TEST(Responder, abandons_when_it_dies_unanswered_and_only_then) {
  int abandoned = 0;
  {
    Responder first([](const Response&) {}, [&] { ++abandoned; });
    const Responder second(std::move(first));
    EXPECT_EQ(abandoned, 0) << "moving is not dying";
  }
  EXPECT_EQ(abandoned, 1);
}

TEST(ReasonPhrase, for_what_we_say) {
  EXPECT_EQ(reason_phrase(201), "Created");
  EXPECT_EQ(reason_phrase(429), "Too Many Requests");
  EXPECT_EQ(reason_phrase(507), "Insufficient Storage");
  EXPECT_FALSE(reason_phrase(422).empty());
}

}  // namespace
}  // namespace titip::http
