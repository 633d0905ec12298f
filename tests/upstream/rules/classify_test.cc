#include "upstream/rules/classify.h"

#include <gtest/gtest.h>

#include <string>

#include "tests/upstream/shipped_profile.h"

namespace titip::rules {
namespace {

using profile::OutcomeRule;
using profile::RuleOutcome;

TEST(Classify, OutcomesOfTheShippedProfile) {
  const struct {
    const char* name;
    int status;
    const char* body;
    OutcomeKind outcome;
    bool served;
  } rows[] = {
      {"created", 201, R"({"response":{},"metaData":{"message":"CREATED","code":201}})", OutcomeKind::delivered, true},
      {"duplicate", 428, R"({"response":null,"metaData":{"message":"Peserta sudah di-entri","code":428}})",
       OutcomeKind::duplicate, true},
      {"429", 429, "", OutcomeKind::deferred, false},
      {"expired", 401, R"({"metaData":{"message":"Sesi login telah berakhir, silakan login kembali","code":401}})",
       OutcomeKind::login_expired, true},
      {"refused", 401, R"({"metaData":{"message":"tidak dikenal","code":401}})", OutcomeKind::credentials_refused,
       true},
      {"bare 401", 401, "<html>", OutcomeKind::credentials_refused, false},
      {"validation", 412, R"({"response":[],"metaData":{"message":"PRECONDITION_FAILED","code":412}})",
       OutcomeKind::rejected, true},
      {"reference", 500, R"({"metaData":{"message":"Tidak sesuai dengan referensi sistem","code":500}})",
       OutcomeKind::rejected, true},
      {"bare 500", 500, "", OutcomeKind::unknown, false},
      {"503 page", 503, "<html></html>", OutcomeKind::unknown, false},
      {"500 envelope", 500, R"({"metaData":{"message":"?","code":500}})", OutcomeKind::unknown, false},
      {"200 around 500", 200, R"({"metaData":{"message":"?","code":500}})", OutcomeKind::unknown, false},
      {"maintenance page", 200, "<html>OK 200 CREATED</html>", OutcomeKind::unknown, false},
      {"empty 201", 201, "", OutcomeKind::unknown, false},
      {"strange 403", 403, R"({"metaData":{"message":"?","code":403}})", OutcomeKind::unknown, true},
  };
  for (const auto& row : rows) {
    SCOPED_TRACE(row.name);
    const Classified result =
        classify(tests::pcare_vaksin(), "vaksin/simpan", Reply{.http_status = row.status, .body = row.body});
    EXPECT_EQ(result.outcome, row.outcome) << result.rule;
    EXPECT_EQ(result.served, row.served) << result.rule;
  }
}

// Whatever the status, the code and the words: without an envelope nothing is delivered or rejected, and a 5xx is
// delivered only by the words of a duplicate.
TEST(Classify, DeliveredOnlyByPositiveMatch) {
  for (int status = 100; status < 600; ++status) {
    for (const char* body : {"", "<html>Peserta sudah di-entri</html>", "null", "[]", "{}",
                             R"({"code":201,"message":"CREATED"})", R"("Peserta sudah di-entri")"}) {
      const auto outcome =
          classify(tests::pcare_vaksin(), "vaksin/simpan", Reply{.http_status = status, .body = body}).outcome;
      EXPECT_NE(outcome, OutcomeKind::delivered) << status << ' ' << body;
      EXPECT_NE(outcome, OutcomeKind::duplicate) << status << ' ' << body;
      EXPECT_NE(outcome, OutcomeKind::rejected) << status << ' ' << body;
    }
    for (const int code : {0, 1, 100, 199, 200, 201, 202, 204, 299, 302, 400, 401, 404, 409, 412, 429, 500, 503, 599}) {
      const std::string body =
          R"({"response":null,"metaData":{"message":"words","code":)" + std::to_string(code) + "}}";
      const auto outcome =
          classify(tests::pcare_vaksin(), "vaksin/simpan", Reply{.http_status = status, .body = body}).outcome;
      const bool success = status / 100 == 2 && (code == 200 || code == 201);
      ASSERT_EQ(outcome == OutcomeKind::delivered, success) << status << ' ' << code;
    }
  }
}

TEST(Classify, Failures) {
  const struct {
    Failure failure;
    OutcomeKind outcome;
  } rows[] = {
      {Failure::resolve_failed, OutcomeKind::deferred},    {Failure::resolve_timeout, OutcomeKind::deferred},
      {Failure::connect_refused, OutcomeKind::deferred},   {Failure::connect_failed, OutcomeKind::deferred},
      {Failure::connect_timeout, OutcomeKind::deferred},   {Failure::tls_failed, OutcomeKind::deferred},
      {Failure::proxy_unreachable, OutcomeKind::deferred}, {Failure::proxy_credentials, OutcomeKind::deferred},
      {Failure::proxy_refused, OutcomeKind::deferred},     {Failure::proxy_cannot_reach, OutcomeKind::deferred},
      {Failure::proxy_timeout, OutcomeKind::deferred},     {Failure::proxy_malformed, OutcomeKind::deferred},
      {Failure::not_admitted, OutcomeKind::deferred},      {Failure::write_failed, OutcomeKind::unknown},
      {Failure::write_timeout, OutcomeKind::unknown},      {Failure::response_timeout, OutcomeKind::unknown},
      {Failure::connection_reset, OutcomeKind::unknown},   {Failure::reply_too_large, OutcomeKind::unknown},
      {Failure::reply_malformed, OutcomeKind::unknown},
  };
  for (const auto& row : rows) {
    const Classified result = classify(tests::pcare_vaksin(), "vaksin/simpan", row.failure);
    EXPECT_EQ(result.outcome, row.outcome) << name(row.failure);
    EXPECT_EQ(result.rule, name(row.failure));
    EXPECT_FALSE(result.served) << name(row.failure);
    EXPECT_TRUE(result.words.empty());
  }
}

// One rule at a time, before a catch-all, against one reply.
TEST(Classify, ConditionsOfARule) {
  const std::string body =
      R"({"response":[{"field":"nik","message":"NIK salah"}],"metaData":{"message":"Gagal Simpan","code":412}})";
  const struct {
    const char* name;
    OutcomeRule rule;
    int status;
    bool matches;
  } rows[] = {
      {"no condition", {.id = "r"}, 412, true},
      {"the status", {.id = "r", .http_status = {200, 412}}, 412, true},
      {"another status", {.id = "r", .http_status = {200}}, 412, false},
      {"the class", {.id = "r", .http_status = {4}}, 412, true},
      {"another class", {.id = "r", .http_status = {2, 5}}, 412, false},
      {"the code", {.id = "r", .code = {200, 412}}, 500, true},
      {"another code", {.id = "r", .code = {4}}, 500, false},
      {"the message in another case", {.id = "r", .text = "gagal simpan"}, 200, true},
      {"the response's message", {.id = "r", .text = "nik SALAH"}, 200, true},
      {"another text", {.id = "r", .text = "berhasil"}, 200, false},
      {"across two messages", {.id = "r", .text = "simpannik"}, 200, false},
      {"an envelope", {.id = "r", .envelope = true}, 200, true},
      {"no envelope", {.id = "r", .envelope = false}, 200, false},
      {"the route", {.id = "r", .routes = {"a", "vaksin/simpan"}}, 200, true},
      {"another route", {.id = "r", .routes = {"vaksin"}}, 200, false},
      {"all but one hold", {.id = "r", .http_status = {4}, .code = {412}, .text = "Berhasil"}, 412, false},
  };
  for (const auto& row : rows) {
    profile::Profile profile;
    profile.envelope = tests::pcare_vaksin().envelope;
    profile.rules = {row.rule, {.id = "else"}};
    const Classified result = classify(profile, "vaksin/simpan", Reply{.http_status = row.status, .body = body});
    EXPECT_EQ(result.rule, row.matches ? "r" : "else") << row.name;
  }
}

TEST(Classify, WithoutAnyRuleItIsUnknown) {
  const Classified result = classify({}, "x", Reply{.http_status = 200, .body = "{}"});
  EXPECT_EQ(result.outcome, OutcomeKind::unknown);
  EXPECT_FALSE(result.served);
}

TEST(Classify, Words) {
  const auto words = [](int status, std::string body) {
    return classify(tests::pcare_vaksin(), "vaksin/simpan", Reply{.http_status = status, .body = std::move(body)})
        .words;
  };
  EXPECT_EQ(words(412, R"({"response":[{"message":"b"}],"metaData":{"message":"a","code":412}})"), "a\nb");
  EXPECT_EQ(words(503, "<html>secret</html>"), "HTTP 503 with 19 bytes that is not the service's envelope");
  EXPECT_EQ(words(200, ""), "HTTP 200 with an empty body that is not the service's envelope");
  std::string accents;
  for (int i = 0; i < 1'000; ++i) {
    accents += "\xC3\xA9";
  }
  EXPECT_EQ(words(412, R"({"metaData":{"message":"x)" + accents + R"(","code":412}})").size(), 999U);  // no half letter
}

TEST(ReadWasServed, Table) {
  const struct {
    const char* name;
    Exchange exchange;
    bool served;
  } rows[] = {
      {"ok", Reply{.http_status = 200, .body = R"({"response":[],"metaData":{"message":"OK","code":200}})"}, true},
      {"nothing there", Reply{.http_status = 404, .body = R"({"metaData":{"message":"x","code":404}})"}, true},
      {"refused", Reply{.http_status = 401, .body = R"({"metaData":{"message":"x","code":401}})"}, true},
      {"500 in an envelope", Reply{.http_status = 500, .body = R"({"metaData":{"message":"x","code":500}})"}, false},
      {"200 around 500", Reply{.http_status = 200, .body = R"({"metaData":{"message":"x","code":500}})"}, false},
      {"maintenance page", Reply{.http_status = 200, .body = "<html></html>"}, false},
      {"no data", Reply{.http_status = 204, .body = ""}, true},
      {"204 with a page", Reply{.http_status = 204, .body = "<html></html>"}, false},
      {"empty", Reply{.http_status = 200, .body = ""}, false},
      {"no status", Reply{.http_status = 0, .body = R"({"metaData":{"message":"x","code":200}})"}, false},
      {"time-out", Failure::response_timeout, false},
      {"refused connection", Failure::connect_refused, false},
  };
  for (const auto& row : rows) {
    EXPECT_EQ(read_was_served(tests::pcare_vaksin(), row.exchange), row.served) << row.name;
  }
}

TEST(JudgeRead, WhoseTroubleItIs) {
  const auto enveloped = [](int http, int code) {
    return Reply{.http_status = http, .body = R"({"metaData":{"message":"x","code":)" + std::to_string(code) + "}}"};
  };
  const struct {
    const char* name;
    Exchange exchange;
    ReadVerdict verdict;
  } rows[] = {
      {"answered", enveloped(200, 200), ReadVerdict::served},
      {"refused by the service itself", enveloped(401, 401), ReadVerdict::served},
      {"a bare 401", Reply{.http_status = 401, .body = "<html>"}, ReadVerdict::refused},
      {"a bare 403", Reply{.http_status = 403, .body = ""}, ReadVerdict::refused},
      {"a page of a gateway", Reply{.http_status = 200, .body = "<html>"}, ReadVerdict::not_served},
      {"a bare 404", Reply{.http_status = 404, .body = "<html>"}, ReadVerdict::not_served},
      {"a bare 502", Reply{.http_status = 502, .body = "<html>"}, ReadVerdict::not_served},
      {"500 in an envelope", enveloped(500, 500), ReadVerdict::not_served},
      {"401 around a 500", enveloped(401, 500), ReadVerdict::not_served},
      {"no reply", Failure::response_timeout, ReadVerdict::not_served},
  };
  for (const auto& row : rows) EXPECT_EQ(judge_read(tests::pcare_vaksin(), row.exchange), row.verdict) << row.name;
}

TEST(JudgeHealthRead, ARefusalIsASignOfLifeOnlyByTheRules) {
  profile::Profile profile;
  profile.envelope = tests::pcare_vaksin().envelope;
  const auto refusal = [](std::string id, std::string text, bool served) {
    profile::OutcomeRule rule{.id = std::move(id), .http_status = {4}, .text = std::move(text)};
    rule.outcome = profile::RuleOutcome::credentials_refused;
    rule.served = served;
    return rule;
  };
  profile.rules = {
      refusal("by the gateway before it", "gateway", false), refusal("by itself", "sandi", true), {.id = "else"}};
  const auto says = [](const char* text) {
    return Reply{.http_status = 401, .body = R"({"metaData":{"message":")" + std::string(text) + R"(","code":401}})"};
  };
  const struct {
    const char* name;
    Exchange exchange;
    bool served;
    bool refused;
  } rows[] = {
      {"refused by the service", says("kata sandi salah"), true, true},
      {"refused by what stands before it, in the service's envelope", says("gateway: no such key"), false, true},
      {"some other fault", says("lain"), true, false},
      {"a bare 401", Reply{.http_status = 401, .body = "<html>"}, false, false},
      {"answered", Reply{.http_status = 200, .body = R"({"metaData":{"message":"OK","code":200}})"}, true, false},
      {"no reply", Failure::connect_refused, false, false},
  };
  for (const auto& row : rows) {
    const auto verdict = judge_health_read(profile, row.exchange);
    EXPECT_EQ(verdict.served, row.served) << row.name;
    EXPECT_EQ(verdict.refused, row.refused) << row.name;
  }
}

}  // namespace
}  // namespace titip::rules
