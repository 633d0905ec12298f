// Which pages may read what is answered, and what OPTIONS tells.
#include "gateway/front/cors.h"

#include "tests/gateway/front/front_fixture.h"

namespace titip::front {
namespace {

constexpr auto page = "https://app.example";
constexpr auto mounted = "/pcare-vaksin/vaksin/simpan";

TEST(CorsOriginTest, an_origin_is_written_as_browsers_say_it) {
  for (const auto* fine : {"https://app.example", "http://localhost:3000", "https://[2001:db8::1]:8443",
                           "http://127.0.0.1", "https://a-b.c:80"})
    EXPECT_EQ(fault_of_origin(fine), "") << fine;
  for (const auto* bad :
       {"*", "null", "app.example", "https://", "https://app.example/", "https://App.example", "https://*.example",
        "https://app.example:443", "http://app.example:80", "https://app.example:", "https://:8443", "ftp://a",
        "https://user@a", "https://a,https://b", "https://a b", "HTTPS://a", ""})
    EXPECT_NE(fault_of_origin(bad), "") << bad;
}

class CorsTest : public FrontTest {
 protected:
  CorsTest() { allow({.origins = {page, "https://other.example"}, .max_age_s = 77}); }
  void allow(CorsOptions options) {
    auto with = doors();
    with.cors = std::make_shared<const CorsOptions>(std::move(options));
    front_.emplace(std::move(with));
  }
  http::Response options(std::string target, std::string_view origin, std::string_view method) {
    std::vector<http::Header> headers;
    if (!origin.empty()) headers.push_back({"Origin", std::string(origin)});
    if (!method.empty()) headers.push_back({"Access-Control-Request-Method", std::string(method)});
    return answer(request("OPTIONS", std::move(target), {}, std::move(headers)));
  }
  static std::string all(const http::Response& response, std::string_view name) {
    std::string said;
    for (const auto& each : response.headers)
      if (each.name == name) said += (said.empty() ? "" : ", ") + each.value;
    return said;
  }
};

TEST_F(CorsTest, a_preflight_is_answered_to_whoever_asks_by_the_table_of_routes) {
  const auto response = options(mounted, page, "POST");
  EXPECT_EQ(response.status, 204);
  EXPECT_EQ(response.body, "");
  EXPECT_EQ(header(response, "Access-Control-Allow-Origin"), page);
  EXPECT_EQ(header(response, "Access-Control-Allow-Methods"), "POST, OPTIONS");
  EXPECT_EQ(header(response, "Access-Control-Allow-Headers"),
            "Accept, Content-Type, Idempotency-Key, Prefer, x-kdppk, X-Api-Key");
  EXPECT_EQ(header(response, "Access-Control-Max-Age"), "77");
  EXPECT_EQ(header(response, "Access-Control-Allow-Credentials"), "");
  EXPECT_TRUE(header(response, "Vary").starts_with("Origin"));
  EXPECT_EQ(header(options("/v1/status", page, "GET"), "Access-Control-Allow-Methods"), "GET, HEAD, OPTIONS");
  EXPECT_EQ(header(options("/pcare-vaksin/referensi/keluhan", page, "GET"), "Access-Control-Allow-Methods"),
            "GET, HEAD, OPTIONS");
  EXPECT_EQ(accepted(), 0U);
}

TEST_F(CorsTest, another_page_is_told_what_is_served_and_no_more) {
  for (const auto* stranger : {"https://evil.example", "null", "*", "https://app.example.evil.example",
                               "http://app.example", "https://app.example:8443", "HTTPS://APP.EXAMPLE"}) {
    const auto preflight = options(mounted, stranger, "POST");
    EXPECT_EQ(preflight.status, 204);
    EXPECT_EQ(header(preflight, "Allow"), "POST, OPTIONS");
    const auto read = answer(request("GET", "/v1/status", {}, {{"Origin", stranger}}));
    EXPECT_EQ(read.status, 200);
    for (const auto& response : {preflight, read}) {
      for (const auto& each : response.headers) EXPECT_FALSE(each.name.starts_with("Access-Control")) << each.name;
      EXPECT_TRUE(all(response, "Vary").contains("Origin")) << stranger;
    }
  }
}

TEST_F(CorsTest, options_without_a_page_tells_the_methods) {
  for (const auto& response : {options(mounted, "", ""), options(mounted, page, ""), options(mounted, "", "POST")}) {
    EXPECT_EQ(response.status, 204);
    EXPECT_EQ(header(response, "Allow"), "POST, OPTIONS");
    EXPECT_EQ(header(response, "Access-Control-Allow-Methods"), "");
  }
  EXPECT_EQ(options("/nothing", page, "GET").status, 404);
  EXPECT_EQ(options("/pcare-vaksin/nothing", page, "GET").status, 404);
}

TEST_F(CorsTest, every_answer_says_whether_the_page_may_read_it) {
  const std::vector<http::Header> known{{"x-kdppk", "0905R002"}, {"Origin", page}};
  const std::vector<http::Header> nobody{{"Origin", page}};
  for (const auto& [asked, status] : {std::pair{request("POST", mounted, std::string(dose), known), 201},
                                      {request("POST", mounted, std::string(dose), nobody), 401},
                                      {request("POST", mounted, "{}", known), 422},
                                      {request("DELETE", mounted, {}, known), 405},
                                      {request("GET", "/nothing", {}, known), 404},
                                      {request("GET", "/livez", {}, nobody), 200}}) {
    const auto response = answer(asked);
    EXPECT_EQ(response.status == 201 || response.status == status, true) << response.status << response.body;
    EXPECT_EQ(header(response, "Access-Control-Allow-Origin"), page) << asked.method << asked.target;
    EXPECT_TRUE(header(response, "Access-Control-Expose-Headers").contains("Retry-After"));
    EXPECT_TRUE(all(response, "Vary").contains("Origin"));
  }
  EXPECT_EQ(all(answer(request("GET", "/livez")), "Vary"), "Origin") << "what is kept on the way is not another's";
}

TEST_F(CorsTest, credentials_are_let_by_the_config_alone) {
  allow({.origins = {page}, .credentials = true});
  EXPECT_EQ(header(options(mounted, page, "POST"), "Access-Control-Allow-Credentials"), "true");
  EXPECT_EQ(header(answer(request("GET", "/livez", {}, {{"Origin", page}})), "Access-Control-Allow-Credentials"),
            "true");
  EXPECT_EQ(header(options(mounted, "https://other.example", "POST"), "Access-Control-Allow-Credentials"), "");
}

class NoCorsTest : public FrontTest {};

TEST_F(NoCorsTest, nothing_is_said_of_pages_and_options_is_not_served) {
  for (const auto* target : {mounted, "/v1/status", "/livez", "/v1/submissions"}) {
    const auto response = answer(request(
        "OPTIONS", target, {}, {{"x-kdppk", "0905R002"}, {"Origin", page}, {"Access-Control-Request-Method", "POST"}}));
    EXPECT_EQ(response.status, 405) << target;
    EXPECT_FALSE(header(response, "Allow").empty()) << target;
    EXPECT_FALSE(header(response, "Allow").contains("OPTIONS")) << target;
    for (const auto& each : response.headers) EXPECT_FALSE(each.name.starts_with("Access-Control")) << each.name;
    EXPECT_FALSE(header(response, "Vary").contains("Origin")) << target;
  }
}

TEST_F(NoCorsTest, head_is_a_get_wherever_there_is_one) {
  const auto got = answer(request("GET", "/pcare-vaksin/referensi/keluhan"));
  const auto head = answer(request("HEAD", "/pcare-vaksin/referensi/keluhan"));
  EXPECT_EQ(head.status, got.status);
  EXPECT_EQ(head.content_type, got.content_type);
  EXPECT_EQ(head.body, got.body) << "the listener leaves it out";
  EXPECT_EQ(head.route, got.route);
  const auto none = answer(request("HEAD", mounted, std::string(dose)));
  EXPECT_EQ(none.status, 405);
  EXPECT_EQ(header(none, "Allow"), "POST");
  EXPECT_EQ(header(answer(request("PUT", "/pcare-vaksin/referensi/keluhan")), "Allow"), "GET, HEAD");
  EXPECT_EQ(accepted(), 0U);
}

}  // namespace
}  // namespace titip::front
