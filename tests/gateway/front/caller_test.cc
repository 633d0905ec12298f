#include "gateway/front/caller.h"

#include <gtest/gtest.h>

#include <functional>

#include "tests/gateway/signing.h"
#include "upstream/profile/envelope.h"

namespace titip::front {
namespace {

using namespace std::chrono_literals;
using scheme::Consumer;
using tests::clinic;
using tests::clinic_headers;
using tests::signing_facility;

constexpr auto now_text = "1629075600";  // tests::morning
const Consumer former{clinic.id, "the secret before it"};
const Consumer other{"10002", "another clinic's secret"};
const Consumer without_secret{"10003", ""};
const Consumer closed{"10004", "a closed clinic's secret"};

class CallerTest : public testing::Test {
 protected:
  CallerTest() {
    auto rotating = signing_facility();
    rotating.former_secret = former.secret;
    add(rotating);
    add(signing_facility("0905R003", other));
    add(signing_facility("0905R004", without_secret));
    auto shut = signing_facility("0905R005", closed);
    shut.disabled = true;
    add(shut);
  }
  void add(const storage::Facility& facility) { ASSERT_TRUE(facilities_.add(facility)); }

  std::string code_of(std::vector<http::Header> headers) {
    const auto caller = find(std::move(headers));
    return caller ? caller->facility->code : "nobody";
  }
  std::optional<Caller> find(std::vector<http::Header> headers) {
    http::Request request;
    request.headers = std::move(headers);
    return find_caller(profile_, facilities_, door_, request, tests::morning);
  }
  static std::vector<http::Header> with(std::string_view name, std::string value) {
    auto headers = clinic_headers(now_text);
    for (auto& each : headers)
      if (each.name == name) each.value = std::move(value);
    return headers;
  }
  static std::vector<http::Header> without(std::string_view name) {
    auto headers = clinic_headers(now_text);
    std::erase_if(headers, [&](const auto& each) { return each.name == name; });
    return headers;
  }

  profile::Profile profile_ = tests::signing_profile();
  storage::Facilities facilities_;
  Door door_ = Door::mount;
};

TEST_F(CallerTest, a_signature_says_who_calls) {
  const auto right = scheme::bpjs_signature(clinic, now_text);
  struct Row {
    const char* name;
    std::vector<http::Header> headers;
    const char* code;
  };
  const Row rows[] = {
      {"signed", clinic_headers(now_text), "0905R002"},
      {"another clinic", clinic_headers(now_text, other), "0905R003"},
      {"with the former secret", clinic_headers(now_text, former), "0905R002"},
      {"a time of yesterday, computed once and used for hours", clinic_headers("1628989200"), "0905R002"},
      {"a time of tomorrow", clinic_headers("1629162000"), "0905R002"},
      {"no user_key", clinic_headers(now_text, clinic, ""), "0905R002"},
      {"no X-authorization: the server's business", without("X-authorization"), "0905R002"},
      {"unknown consumer", clinic_headers(now_text, {"10009", clinic.secret}), "nobody"},
      {"somebody else's secret", clinic_headers(now_text, {clinic.id, other.secret}), "nobody"},
      {"no secret, signed with none", clinic_headers(now_text, without_secret), "nobody"},
      {"no former secret, signed with none", clinic_headers(now_text, {other.id, ""}), "nobody"},
      {"disabled", clinic_headers(now_text, closed), "nobody"},
      {"no consumer", without("x-CONS-id"), "nobody"},
      {"an empty consumer", with("x-CONS-id", ""), "nobody"},
      {"no time", without("X-Timestamp"), "nobody"},
      {"another time than the one signed", with("X-Timestamp", "1629075601"), "nobody"},
      {"a time that is none", clinic_headers("yesterday"), "nobody"},
      {"a time with a sign", clinic_headers("+1629075600"), "nobody"},
      {"milliseconds", clinic_headers("1629075600000"), "nobody"},
      {"no signature", without("X-signature"), "nobody"},
      {"an empty signature", with("X-signature", ""), "nobody"},
      {"truncated Base64", with("X-signature", right.substr(0, right.size() - 2)), "nobody"},
      {"more behind it", with("X-signature", right + "="), "nobody"},
      {"another case", with("X-signature", "0" + right.substr(1)), "nobody"},
      {"the facility's code is not enough", {{"x-kdppk", "0905R002"}}, "nobody"},
      {"nothing at all", {}, "nobody"},
  };
  for (const auto& row : rows) EXPECT_EQ(code_of(row.headers), row.code) << row.name;
}

TEST_F(CallerTest, freshness_counts_where_a_facility_asks_for_it) {
  auto strict = signing_facility();
  strict.signature_age = 300s;
  add(strict);
  struct Row {
    const char* timestamp;
    const char* code;
  };
  for (const auto& row : {Row{"1629075600", "0905R002"}, Row{"1629075300", "0905R002"}, Row{"1629075299", "nobody"},
                          Row{"1629075900", "0905R002"}, Row{"1629075901", "nobody"}})
    EXPECT_EQ(code_of(clinic_headers(row.timestamp)), row.code) << row.timestamp;
}

// A signature covers the consumer and the time alone: one that was caught must not open /v1 for ever.
TEST_F(CallerTest, under_v1_a_time_is_fresh_unless_the_facility_says_otherwise) {
  struct Row {
    const char* name;
    Door door;
    std::optional<std::chrono::seconds> facility;
    const char* timestamp;
    const char* code;
  };
  const Row rows[] = {
      {"now", Door::native, {}, "1629075600", "0905R002"},
      {"ten minutes ago", Door::native, {}, "1629075000", "0905R002"},
      {"longer ago", Door::native, {}, "1629074999", "nobody"},
      {"in ten minutes", Door::native, {}, "1629076200", "0905R002"},
      {"later", Door::native, {}, "1629076201", "nobody"},
      {"caught yesterday", Door::native, {}, "1628989200", "nobody"},
      {"on the mount, computed yesterday", Door::mount, {}, "1628989200", "0905R002"},
      {"a stricter facility", Door::native, 60s, "1629075539", "nobody"},
      {"a more patient one", Door::native, 3600s, "1629072000", "0905R002"},
      {"it holds on the mount too", Door::mount, 60s, "1629075539", "nobody"},
  };
  for (const auto& row : rows) {
    auto facility = signing_facility();
    facility.signature_age = row.facility;
    add(facility);
    door_ = row.door;
    EXPECT_EQ(code_of(clinic_headers(row.timestamp)), row.code) << row.name;
  }
}

TEST_F(CallerTest, what_the_server_is_sent_on_is_kept_as_it_came) {
  const auto caller = find(clinic_headers(now_text));
  ASSERT_TRUE(caller);
  EXPECT_EQ(caller->credentials,
            (scheme::Credentials{std::string(tests::clinic_user_key), tests::clinic_authorization}));
}

TEST_F(CallerTest, whether_replies_are_sealed) {
  using enum profile::EncryptedReplies;
  struct Row {
    const char* name;
    profile::EncryptedReplies profile;
    std::optional<bool> facility;
    std::string_view user_key;
    bool sealed;
  };
  const Row rows[] = {
      {"by user_key, there is one", by_user_key, {}, "k", true},
      {"by user_key, there is none", by_user_key, {}, "", false},
      {"always", always, {}, "", true},
      {"never", never, {}, "k", false},
      {"the facility's own yes", never, true, "", true},
      {"the facility's own yes, and its user_key left out", by_user_key, true, "", true},
      {"the facility's own no", always, false, "k", false},
  };
  for (const auto& row : rows) {
    profile_.scheme.encrypted_replies = row.profile;
    auto facility = signing_facility();
    facility.encrypted_replies = row.facility;
    add(facility);
    const auto caller = find(clinic_headers(now_text, clinic, row.user_key));
    ASSERT_TRUE(caller) << row.name;
    EXPECT_EQ(!caller->dialect.is_plain(), row.sealed) << row.name;
  }
}

TEST_F(CallerTest, answers_are_sealed_with_the_secret_the_clinic_signed_with) {
  for (const auto& by : {clinic, former}) {
    const auto caller = find(clinic_headers(now_text, by));
    ASSERT_TRUE(caller);
    http::Response response;
    response.body = R"({"response":{"field":"noUrut","message":"A1"},"metaData":{"message":"CREATED","code":201}})";
    const auto plain = response.body;
    caller->dialect.say(response);
    EXPECT_NE(response.body, plain);
    EXPECT_EQ(scheme::open_reply(profile_.envelope, by, now_text, response.body), plain) << by.secret;
  }
}

TEST_F(CallerTest, a_header_names_a_facility_where_the_scheme_says_so) {
  profile_ = tests::pcare_vaksin();
  EXPECT_EQ(code_of({{"X-KDPPK", "0905R002"}}), "0905R002");
  EXPECT_EQ(code_of({{"X-KDPPK", "0905R005"}}), "nobody") << "disabled";
  EXPECT_EQ(code_of(clinic_headers(now_text)), "nobody");
  for (const auto* field :
       {"Forwarded", "X-Forwarded-For", "x-forwarded-host", "X-Forwarded-Proto", "X-Real-IP", "Via"})
    EXPECT_EQ(code_of({{"X-KDPPK", "0905R002"}, {field, "x"}}), "nobody")
        << "a proxy here stands for others: " << field;
  profile_.scheme = {};
  EXPECT_EQ(code_of({{"X-KDPPK", "0905R002"}}), "nobody") << "a service without a scheme";
}

TEST(InDialect, an_answer_that_never_comes_is_still_told) {
  bool abandoned = false;
  std::optional<http::Response> answer;
  const auto inner = [&] {
    return http::Responder([&](http::Response given) { answer = std::move(given); }, [&] { abandoned = true; });
  };
  {
    const auto dropped = in_dialect({}, inner());
  }
  EXPECT_TRUE(abandoned);
  abandoned = false;
  {
    auto kept = in_dialect({}, inner());
    kept(http::Response{});
  }
  EXPECT_FALSE(abandoned);
  EXPECT_TRUE(answer);
}

// A long answer is packed elsewhere; whoever asked is answered on the loop, with the same bytes.
TEST(InDialect, a_long_answer_is_sealed_off_the_loop) {
  const auto profile = tests::signing_profile();
  std::vector<std::move_only_function<void()>> elsewhere;
  std::vector<std::move_only_function<void()>> back;
  const OffLoop off_loop = [&](auto work, auto then) {
    elsewhere.push_back(std::move(work));
    back.push_back(std::move(then));
  };
  const auto said = [&](std::size_t bytes, const OffLoop& by) {
    std::optional<http::Response> answer;
    auto respond = in_dialect({profile.envelope, clinic, now_text},
                              {[&](http::Response given) { answer = std::move(given); }, nullptr}, by);
    http::Response response;
    response.body = profile::write_envelope(profile.envelope, 200, "OK", "[\"" + std::string(bytes, 'a') + "\"]");
    respond(std::move(response));
    EXPECT_EQ(answer.has_value(), elsewhere.empty());
    for (auto& work : elsewhere) work();
    EXPECT_EQ(answer.has_value(), back.empty()) << "the work alone answers nobody";
    for (auto& then : back) then();
    EXPECT_TRUE(answer);
    return answer.value_or(http::Response{}).body;
  };
  EXPECT_EQ(said(100, off_loop), said(100, {}));
  EXPECT_TRUE(elsewhere.empty()) << "a short one is sealed at once";
  const auto on_the_loop = said(100'000, {});
  EXPECT_EQ(said(100'000, off_loop), on_the_loop);
  EXPECT_EQ(elsewhere.size(), 1U);
  EXPECT_FALSE(on_the_loop.contains("aaaa")) << "sealed";
}

}  // namespace
}  // namespace titip::front
