#include "upstream/scheme/bpjs_calls.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "upstream/scheme/base64.h"

namespace titip::scheme {
namespace {

const Consumer consumer{"titip-tests", "a secret of nobody"};
const Consumer stranger{"titip-tests", "another secret"};
constexpr std::string_view timestamp = "1630000000";
const profile::Envelope shape{"/response", "/metaData/code", "/metaData/message"};

std::string sealed(std::string_view json, const Consumer& by = consumer, std::string_view at = timestamp) {
  return bpjs_encrypt(by, at, json).value_or("it could not be sealed");
}
std::string basic(std::string_view text) {
  return "Basic " + to_base64(text);
}
std::string header(const SignedCall& call, std::string_view name) {
  for (const auto& [known, value] : call.headers)
    if (known == name) return value;
  return "none";
}

TEST(Credentials, come_back_byte_for_byte) {
  const Credentials rows[] = {
      {},
      {"0123456789abcdef", ""},
      {"", basic("user:password:095")},
      {"0123456789abcdef", basic("user:password:095")},
      {" key with\tspaces ", "bAsIc not even Base64 \xff\x01"},
      {std::string("\0\x01\0\0\0\0", 6), std::string("\0", 1)},
      {std::string(70'000, 'k'), std::string(70'000, 'a')},
  };
  for (const auto& row : rows) EXPECT_EQ(decode_credentials(encode(row)), row) << row.user_key.substr(0, 40);
  EXPECT_EQ(encode(Credentials{}), "");
}

TEST(Credentials, other_bytes_are_refused) {
  const auto bytes = encode(Credentials{"key", "Basic x"});
  for (std::size_t size = 1; size < 1 + 4 + 3; ++size)
    EXPECT_EQ(decode_credentials(bytes.substr(0, size)), std::nullopt) << size;
  EXPECT_EQ(decode_credentials("\x02" + bytes.substr(1)), std::nullopt) << "another version";
  EXPECT_EQ(decode_credentials(std::string("\x01\xff\xff\xff\xff", 5) + "abc"), std::nullopt) << "a length too long";
}

TEST(Credentials, whose_they_are) {
  const struct {
    const char* name;
    std::string header;
    std::optional<std::string> user;
  } rows[] = {
      {"as sent", basic("petugas.1:password:095"), "petugas.1"},
      {"a password with colons", basic("petugas:a:b:c:095"), "petugas"},
      {"any case of the scheme", "bAsIc " + to_base64("petugas:x:095"), "petugas"},
      {"no application code", basic("petugas:password"), "petugas"},
      {"no colon", basic("petugas"), std::nullopt},
      {"no user", basic(":password:095"), std::nullopt},
      {"another scheme", "Bearer " + to_base64("petugas:x:095"), std::nullopt},
      {"truncated Base64", basic("petugas:x:095").substr(0, 16), std::nullopt},
      {"no Base64", "Basic <html>", std::nullopt},
      {"nothing behind it", "Basic ", std::nullopt},
      {"no space", "Basic", std::nullopt},
      {"empty", "", std::nullopt},
  };
  for (const auto& row : rows) EXPECT_EQ(authorization_user(row.header), row.user) << row.name;
}

TEST(SignedCall, carries_what_the_service_asks_for) {
  const std::chrono::sys_seconds at{std::chrono::seconds(1'630'000'000)};
  const Credentials credentials{"key-1", basic("user:password:095")};
  const auto call = sign_call(shape, consumer, credentials, at);
  EXPECT_EQ(header(call, "X-cons-id"), "titip-tests");
  EXPECT_EQ(header(call, "X-timestamp"), "1630000000");
  EXPECT_TRUE(bpjs_signature_is(consumer, "1630000000", header(call, "X-signature")));
  EXPECT_EQ(header(call, "X-authorization"), credentials.authorization);
  EXPECT_EQ(header(call, "user_key"), "key-1");
  EXPECT_EQ(call.headers.size(), 5U);
  for (const auto& [name, value] : call.headers) EXPECT_FALSE(value.contains(consumer.secret)) << name;

  const auto later = sign_call(shape, consumer, {}, at + std::chrono::seconds(1));
  EXPECT_NE(header(later, "X-signature"), header(call, "X-signature"));
  EXPECT_EQ(header(later, "user_key"), "none");
  EXPECT_EQ(header(later, "X-authorization"), "none");

  const auto reply = R"({"response":")" + sealed("{\"a\":1}") + R"(","metaData":{"code":200}})";
  EXPECT_EQ(call.open(reply), R"({"response":{"a":1},"metaData":{"code":200}})");
  EXPECT_EQ(later.open(reply), reply) << "another request's reply";
}

TEST(OpenReply, only_the_sealed_part_changes) {
  const std::string inner = R"([ {"field" : "noKunjungan","message":"0114A0260815Y000003 \u00e9 é 😀"} ])";
  const struct {
    const char* name;
    std::string before, after;  // around the string of `response`
  } rows[] = {
      {"plainly", R"({"response":)", R"(,"metaData":{"message":"CREATED","code":201}})"},
      {"in another order", R"({"metaData":{"message":"CREATED","code":201},"response":)", "}"},
      {"odd spaces and members", "\r\n { \"x\":[1.50, 1e3],\"response\" :\t", " , \"metaData\":{\"code\":\"201\"}}\n"},
      {"without an envelope's code", R"({"response":)", "}"},
  };
  for (const auto& row : rows) {
    const auto string = '"' + sealed(inner) + '"';
    EXPECT_EQ(open_reply(shape, consumer, timestamp, row.before + string + row.after), row.before + inner + row.after)
        << row.name;
  }
  std::string escaped;  // as PHP writes a slash
  for (const char c : sealed(inner)) escaped += c == '/' ? std::string("\\/") : std::string(1, c);
  EXPECT_EQ(open_reply(shape, consumer, timestamp, R"({"response":")" + escaped + "\"}"),
            R"({"response":)" + inner + "}");
  const profile::Envelope deeper{"/data/response", "/metadata/code", "/metadata/message"};
  EXPECT_EQ(open_reply(deeper, consumer, timestamp, R"({"data":{"response":")" + sealed("1") + "\"}}"),
            R"({"data":{"response":1}})");
}

TEST(OpenReply, what_is_not_sealed_json_stays_as_it_is) {
  const auto with = [](const std::string& response) {
    return R"({"response":)" + response + R"(,"metaData":{"message":"m","code":412}})";
  };
  const std::string long_text = sealed("\"" + std::string(5'000, 'a') + "\"");
  const struct {
    const char* name;
    std::string body;
  } rows[] = {
      {"a plain array of faults", with(R"([{"field":"noKartu","message":"wajib diisi"}])")},
      {"a plain object", with(R"({"field":"noUrut","message":"A1"})")},
      {"null", with("null")},
      {"an empty string", with("\"\"")},
      {"a number", with("12")},
      {"words", with("\"Peserta tidak ditemukan\"")},
      {"sealed with another secret", with('"' + sealed("{}", stranger) + '"')},
      {"sealed for another time", with('"' + sealed("{}", consumer, "1630000001") + '"')},
      {"truncated", with('"' + sealed("{\"a\":\"something longer\"}").substr(0, 24) + '"')},
      {"Base64 cut inside a group", with('"' + sealed("{\"a\":1}").substr(0, 21) + '"')},
      {"sealed, but no JSON", with('"' + sealed("not JSON") + '"')},
      {"sealed, and nested without end", with('"' + sealed(std::string(100'000, '[')) + '"')},
      {"larger than allowed", with('"' + long_text + '"')},
      {"no response", R"({"metaData":{"message":"m","code":200}})"},
      {"an error page", "<html><body>502 Bad Gateway</body></html>"},
      {"nothing", ""},
      {"a list", R"(["x"])"},
      {"JSON that ends too soon", R"({"response":"abc)"},
      {"nested without end", std::string(100'000, '[')},
      {"bytes that are no text", "{\"response\":\"\xff\xfe\"}"},
  };
  for (const auto& row : rows) EXPECT_EQ(open_reply(shape, consumer, timestamp, row.body, 4'096), row.body) << row.name;
  EXPECT_NE(open_reply(shape, consumer, timestamp, with('"' + long_text + '"'), 8'192), with('"' + long_text + '"'));
}

TEST(SealReply, what_the_service_seals_is_sealed_and_nothing_else_changes) {
  const std::vector<std::string> responses = {
      R"({"field":"noUrut","message":"A1"})",
      R"([{"field":"noKunjungan","message":"0114A0260815Y000003"}])",
      R"({ "count":1.50 , "list":[ {"a":"\u00e9 é 😀"} ] })",
      "{}",
      "[]",
      "7",
      "\"words\"",
  };
  for (const auto& response : responses) {
    const std::string before = "{ \"response\" : ";
    const std::string after = R"( ,"metaData":{"message":"CREATED","code":"201"}, "x":1.0})";
    const auto answer = seal_reply(shape, consumer, timestamp, before + response + after);
    ASSERT_TRUE(answer.starts_with(before + '"')) << answer;
    ASSERT_TRUE(answer.ends_with('"' + after)) << answer;
    const auto string = answer.substr(before.size() + 1, answer.size() - before.size() - after.size() - 2);
    EXPECT_EQ(bpjs_decrypt(consumer, timestamp, string, 4'096), response);
    EXPECT_EQ(open_reply(shape, consumer, timestamp, answer), before + response + after);
  }
}

TEST(SealReply, what_the_service_never_seals_stays_plain) {
  const auto with = [](const std::string& response, const std::string& code) {
    return R"({"response":)" + response + R"(,"metaData":{"message":"m","code":)" + code + "}}";
  };
  const std::string faults = R"([{"field":"noKartu","message":"wajib diisi"}])";
  const struct {
    const char* name;
    std::string body;
    bool sealed;
  } rows[] = {
      {"null", with("null", "401"), false},
      {"null of a success", with("null", "201"), false},
      {"empty", with("\"\"", "200"), false},
      {"a 412's faults", with(faults, "412"), false},
      {"the same, the code a string", with(faults, "\"412\""), false},
      {"faults with another code", with(faults, "422"), false},
      {"an array that is no fault", with(faults, "201"), true},
      {"an object with a fault's code", with(R"({"field":"x"})", "412"), true},
      {"no response", R"({"metaData":{"message":"m","code":200}})", false},
      {"no envelope", R"({"response":{"a":1}})", false},
      {"an error page", "<html></html>", false},
      {"nothing", "", false},
  };
  for (const auto& row : rows)
    EXPECT_EQ(seal_reply(shape, consumer, timestamp, row.body) != row.body, row.sealed) << row.name;
}

}  // namespace
}  // namespace titip::scheme
