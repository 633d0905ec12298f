#include "upstream/scheme/facility_login.h"

#include <gtest/gtest.h>

#include <ostream>
#include <string>

#include "tests/upstream/shipped_profile.h"

namespace titip::scheme {

static void PrintTo(LoginVerdict verdict, std::ostream* out) {
  constexpr const char* names[] = {"accepted", "refused", "inconclusive"};
  *out << names[static_cast<int>(verdict)];
}

namespace {

using enum LoginVerdict;

TEST(FacilityLogin, BodyThereAndBack) {
  profile::Scheme scheme = tests::pcare_vaksin().scheme;
  EXPECT_EQ(login_body(scheme, "petugas", "x\"y\\z"), R"({"password":"x\"y\\z","username":"petugas"})");
  scheme.username_pointer = "/auth/user";
  scheme.password_pointer = "/auth/secret";
  const std::string body = login_body(scheme, "petugas", "rahasia é");
  EXPECT_EQ(body, R"({"auth":{"secret":"rahasia é","user":"petugas"}})");
  const auto login = read_login_request(scheme, body);
  ASSERT_TRUE(login.has_value());
  EXPECT_EQ(login->username, "petugas");
  EXPECT_EQ(login->password, "rahasia é");
}

TEST(FacilityLogin, ReadRequest) {
  const struct {
    const char* name;
    std::string body;
    std::optional<std::string> username_and_password;
  } rows[] = {
      {"plain", R"({"username":"a","password":"b"})", "a b"},
      {"more members", R"({"username":"a","password":"b","captcha":"c"})", "a b"},
      {"digits as a number", R"({"username":"a","password":1234})", "a 1234"},
      {"white space is part of a password", R"({"username":"a","password":" b "})", "a  b "},
      {"no password", R"({"username":"a"})", std::nullopt},
      {"empty password", R"({"username":"a","password":""})", std::nullopt},
      {"null password", R"({"username":"a","password":null})", std::nullopt},
      {"password true", R"({"username":"a","password":true})", std::nullopt},
      {"password object", R"({"username":"a","password":{"x":1}})", std::nullopt},
      {"no user name", R"({"password":"b"})", std::nullopt},
      {"array", R"(["a","b"])", std::nullopt},
      {"form", "username=a&password=b", std::nullopt},
      {"empty", "", std::nullopt},
      {"as long as allowed", R"({"username":"a","password":")" + std::string(256, 'b') + "\"}",
       "a " + std::string(256, 'b')},
      {"too long", R"({"username":"a","password":")" + std::string(257, 'b') + "\"}", std::nullopt},
  };
  for (const auto& row : rows) {
    const auto login = read_login_request(tests::pcare_vaksin().scheme, row.body);
    EXPECT_EQ(login ? std::optional(login->username + " " + login->password) : std::nullopt, row.username_and_password)
        << row.name;
  }
}

TEST(FacilityLogin, ReadReply) {
  const struct {
    const char* name;
    std::optional<int> status;
    const char* body;
    LoginVerdict verdict;
    const char* facility;
  } rows[] = {
      {"let in", 200,
       R"({"response":{"kdPpk":"0905R002","nmPpk":"x","email":"y"},"metaData":{"message":"OK","code":200}})", accepted,
       "0905R002"},
      {"let in with 201 and a code in quotes", 201,
       R"({"response":{"kdPpk":"0905R002"},"metaData":{"message":"OK","code":"200"}})", accepted, "0905R002"},
      {"let in, as nobody", 200, R"({"response":{},"metaData":{"message":"OK","code":200}})", inconclusive, ""},
      {"let in, response null", 200, R"({"response":null,"metaData":{"message":"OK","code":200}})", inconclusive, ""},
      {"a code that would break a header", 200,
       "{\"response\":{\"kdPpk\":\"09\\r\\nX: y\"},\"metaData\":{\"message\":\"OK\",\"code\":200}}", inconclusive, ""},
      {"code as a number", 200, R"({"response":{"kdPpk":905},"metaData":{"message":"OK","code":200}})", inconclusive,
       ""},
      {"refused", 401, R"({"response":null,"metaData":{"message":"Username atau password salah","code":401}})", refused,
       ""},
      {"refused inside a 200", 200, R"({"response":null,"metaData":{"message":"salah","code":401}})", refused, ""},
      {"refused as a validation", 412, R"({"response":[],"metaData":{"message":"PRECONDITION_FAILED","code":412}})",
       refused, ""},
      {"refused inside a 500", 500, R"({"response":null,"metaData":{"message":"salah","code":401}})", inconclusive, ""},
      {"401 page", 401, "<html>401</html>", inconclusive, ""},
      {"success around a 500", 500, R"({"response":{"kdPpk":"0905R002"},"metaData":{"message":"OK","code":200}})",
       inconclusive, ""},
      {"500 inside a 200", 200, R"({"response":null,"metaData":{"message":"x","code":500}})", inconclusive, ""},
      {"too many requests", 429, R"({"response":null,"metaData":{"message":"x","code":429}})", inconclusive, ""},
      {"too many requests, code 400", 429, R"({"response":null,"metaData":{"message":"x","code":400}})", inconclusive,
       ""},
      {"maintenance page", 200, "<html></html>", inconclusive, ""},
      {"empty", 200, "", inconclusive, ""},
      {"no reply", std::nullopt, "", inconclusive, ""},
      {"no reply, whatever the body", std::nullopt,
       R"({"response":{"kdPpk":"0905R002"},"metaData":{"message":"OK","code":200}})", inconclusive, ""},
  };
  for (const auto& row : rows) {
    const LoginReply reply = read_login_reply(tests::pcare_vaksin(), row.status, row.body);
    EXPECT_EQ(reply.verdict, row.verdict) << row.name;
    EXPECT_EQ(reply.facility, row.facility) << row.name;
  }
}

TEST(FacilityLogin, HeaderNamesTheFacility) {
  const auto header = facility_header(tests::pcare_vaksin().scheme, "0905R002");
  ASSERT_TRUE(header.has_value());
  EXPECT_EQ(header->name, "x-kdppk");
  EXPECT_EQ(header->value, "0905R002");
  for (const char* bad : {"", "09 05", "a\r\nb", "a/b", "..", ".", "123456789012345678901234567890123"}) {
    EXPECT_FALSE(facility_header(tests::pcare_vaksin().scheme, bad).has_value()) << bad;
  }
  EXPECT_FALSE(facility_header({}, "0905R002").has_value());
}

}  // namespace
}  // namespace titip::scheme
