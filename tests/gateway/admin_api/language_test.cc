// In which language the admin API answers: the one that is asked for, and whoever asks for none hears what they always
// heard, byte for byte.
#include <fmt/format.h>

#include "tests/gateway/admin_api/api_fixture.h"

namespace titip::admin_api {
namespace {

using nlohmann::json;
using namespace std::chrono_literals;

class AdminApiLanguage : public ApiFixture {
 protected:
  struct Row {
    const char* role;  // empty: no token
    const char* method;
    std::string target;
    json body;
    int status;
    std::string english;
    std::string indonesian;
  };

  http::Response ask(const Row& row, const std::string& language) {
    const auto secret = *row.role == '\0' ? std::string() : secrets_.at(row.role);
    return call(row.method, row.target, secret, row.body, "127.0.0.1", language);
  }
  static std::string sentence_of(const http::Response& response) {
    const auto body = body_of(response);
    return body.value(body.contains("title") ? "title" : "sentence", "");
  }
};

TEST_F(AdminApiLanguage, each_answer_is_in_the_language_that_is_asked_for) {
  const auto id = put({}).id.text();
  const auto record = "/admin/v1/submissions/" + id;
  const std::vector<Row> rows{
      {"", "GET", "/admin/v1/status", nullptr, 401, "Send a token that is valid: Authorization: Bearer titip_…",
       "Kirim token yang berlaku: Authorization: Bearer titip_…"},
      {"viewer", "GET", "/admin/v1/nothing", nullptr, 404, "Nothing is here; /admin/v1/openapi.json says what is.",
       "Tidak ada apa-apa di sini; yang ada tercantum di /admin/v1/openapi.json."},
      {"viewer", "PUT", "/admin/v1/status", nullptr, 405, "This is not done here with that method.",
       "Metode itu tidak dilayani di sini."},
      {"viewer", "GET", "/admin/v1/tokens", nullptr, 403,
       "This needs the role admin; the token viewer has the role viewer.",
       "Ini memerlukan peran admin; token viewer berperan viewer."},
      {"viewer", "GET", "/admin/v1/submissions?nik=1", nullptr, 400,
       "the query holds a parameter that is not known here; it may hold: state, destination, facility, rule, day, "
       "from_ms, before_ms, older_than_s, newer_than_s, limit, after.",
       "query memuat parameter yang tidak dikenal di sini; yang boleh: state, destination, facility, rule, day, "
       "from_ms, before_ms, older_than_s, newer_than_s, limit, after."},
      {"operator", "POST", record + "/hold", nullptr, 400, "hold changes what is in custody: say why, with --reason.",
       "hold mengubah yang tersimpan: sebutkan alasannya, dengan --reason."},
      {"viewer", "GET", record, nullptr, 200, id + " is queued.", id + " antre."},
      {"viewer", "GET", "/admin/v1/submissions", nullptr, 200, "1 record.", "1 laporan."},
      {"operator",
       "POST",
       record + "/requeue",
       {{"reason", "a"}},
       409,
       id + " cannot be sent again: it is queued.",
       id + " tidak dapat dikirim ulang: keadaannya antre."},
      {"operator",
       "POST",
       "/admin/v1/bulk",
       {{"action", "hold"}, {"filter", {{"facility", "P0001"}}}, {"reason", "a"}, {"at_most", 0}},
       409,
       "1 fit by now, more than 0: look again. Nothing was done.",
       "Kini 1 cocok, lebih dari 0: periksa lagi. Tidak ada yang dikerjakan."},
  };
  for (const auto& row : rows) {
    const auto what = fmt::format("{} {}", row.method, row.target);
    const auto plain = ask(row, "");
    EXPECT_EQ(plain.status, row.status) << what << plain.body;
    EXPECT_EQ(sentence_of(plain), row.english) << what;
    EXPECT_EQ(header(plain, "Content-Language"), "") << what;
    EXPECT_EQ(header(plain, "Vary"), "Accept-Language") << what;
    const auto english = ask(row, "en-GB, id;q=0.5");
    EXPECT_EQ(english.body, plain.body) << what;
    EXPECT_EQ(header(english, "Content-Language"), "en") << what;
    for (const auto* language : {"id", "id-ID,id;q=0.9,en;q=0.8", "fr, in;q=0.2"}) {
      const auto indonesian = ask(row, language);
      EXPECT_EQ(indonesian.status, row.status) << what;
      EXPECT_EQ(sentence_of(indonesian), row.indonesian) << what << " in " << language;
      EXPECT_EQ(header(indonesian, "Content-Language"), "id") << what;
      EXPECT_EQ(header(indonesian, "Vary"), "Accept-Language") << what;
      EXPECT_EQ(body_of(indonesian)["result"], body_of(plain)["result"]) << what << ": facts are no words";
    }
    EXPECT_EQ(ask(row, "fr").body, plain.body) << what << ": who asks for what there is not hears English";
    clock_.advance(60s);  // or whoever has no token would be told to wait
  }
}

TEST_F(AdminApiLanguage, whoever_guesses_is_told_to_wait_in_their_language) {
  const Row row{"", "GET", "/admin/v1/status", nullptr, 429, "", ""};
  for (int guess = 0; guess < 10; ++guess) ask(row, "id");
  const auto slowed = ask(row, "id");
  EXPECT_EQ(slowed.status, 429);
  EXPECT_EQ(sentence_of(slowed), "Terlalu banyak permintaan tanpa token yang berlaku datang dari sini; tunggulah.");
  EXPECT_EQ(header(slowed, "Content-Language"), "id");
}

TEST_F(AdminApiLanguage, what_goes_on_is_answered_in_the_language_it_was_asked_in) {
  std::shared_ptr<admin::Caller> waiting;
  make_door([&](admin::Request, std::shared_ptr<admin::Caller> caller) { waiting = std::move(caller); });
  http::Request request;
  request.method = "POST";
  request.target = "/admin/v1/bulk/resume";
  request.headers = {{"Authorization", "Bearer " + secrets_["operator"]}, {"Accept-Language", "id"}};
  request.body = R"({"reason":"a"})";
  std::optional<http::Response> answer;
  door_->handle(std::move(request), http::Responder([&](http::Response given) { answer = std::move(given); }, nullptr));
  clock_.advance(2s);
  while (timers_.run_due()) {
  }
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->status, 202);
  EXPECT_EQ(sentence_of(*answer), "Sudah dimulai dan berlanjut; /admin/v1/bulk menunjukkan sejauh mana.");
  EXPECT_EQ(header(*answer, "Content-Language"), "id");
}

// What is kept belongs to no asker: it holds both, whoever asked in whichever language.
TEST_F(AdminApiLanguage, the_audit_log_holds_both) {
  const auto id = put({}).id.text();
  ask({"operator", "POST", "/admin/v1/submissions/" + id + "/hold", {{"reason", "tunggu"}}, 200, "", ""}, "id");
  const auto lines = audited();
  ASSERT_EQ(lines.size(), 2U);
  EXPECT_EQ(json::parse(lines[1]).at("said"), id + " is held.");
  EXPECT_EQ(json::parse(lines[1]).at("said_id"), id + " ditahan.");
  const auto listed = call("GET", "/admin/v1/audit?limit=1", secrets_["viewer"], nullptr, "127.0.0.1", "id");
  EXPECT_EQ(sentence_of(listed), "1 baris.");
  EXPECT_EQ(body_of(listed)["result"]["items"][0]["said"], id + " is held.");
  EXPECT_EQ(body_of(listed)["result"]["items"][0]["said_id"], id + " ditahan.");
}

}  // namespace
}  // namespace titip::admin_api
