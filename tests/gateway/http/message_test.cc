#include "gateway/http/message.h"

#include <gtest/gtest.h>

#include <set>

#include "gateway/http/request_id.h"

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

TEST(Render, an_answer_has_the_requests_name) {
  Response response;
  response.content_type = "text/plain";
  response.body = "ok\n";
  EXPECT_EQ(render(response, {"Mon, 01 Mar 2021 00:00:00 GMT", "01ABC", true, false}),
            "HTTP/1.1 200 OK\r\nDate: Mon, 01 Mar 2021 00:00:00 GMT\r\nX-Request-Id: 01ABC\r\n"
            "Content-Type: text/plain\r\nContent-Length: 3\r\n\r\nok\n");
  EXPECT_TRUE(render(response, {"", "01ABC", false, true}).ends_with("3\r\nConnection: close\r\n\r\n"));
}

TEST(RequestId, what_may_stand_in_a_log_and_a_header) {
  for (const std::string& good : {std::string("a"), std::string("0-9_A.z"), std::string(64, 'x')})
    EXPECT_TRUE(is_request_id(good)) << good;
  for (const std::string& bad : {std::string(), std::string("a b"), std::string("a\"b"), std::string("a\nb"),
                                 std::string("\xc3\xa9"), std::string(65, 'x')})
    EXPECT_FALSE(is_request_id(bad)) << bad;
}

TEST(RequestId, each_is_another) {
  RequestIds ids;
  std::set<std::string> seen;
  for (int each = 0; each < 10'000; ++each) {
    const auto id = ids.next();
    EXPECT_EQ(id.size(), 13U);
    EXPECT_TRUE(is_request_id(id));
    EXPECT_TRUE(seen.insert(id).second) << id;
  }
}

}  // namespace
}  // namespace titip::http
