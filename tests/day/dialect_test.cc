#include "tests/day/dialect.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "tests/sampler/day.h"

namespace titip::day {
namespace {

struct AnswerRow {
  const char* name;
  const char* method;
  int status;
  const char* named;  // Titip-Submission-Id
  const char* receipt_header;
  const char* body;
  Answer answer;
  const char* submission_id;
  const char* receipt;
  bool national;
};

TEST(Dialect, ReadsAnAnswerAsADeployedClientDoes) {
  const std::vector<AnswerRow> rows{
      {"receipt", "POST", 201, "S1", "R1",
       R"({"response":{"receipt":"R1","id":"S1"},"metaData":{"message":"m","code":201}})", Answer::ok, "S1", "R1",
       false},
      {"receipt in the body alone", "POST", 201, "S1", "", R"({"response":{"receipt":"R1"},"metaData":{"code":201}})",
       Answer::ok, "S1", "R1", false},
      {"two receipts: what the app keeps counts", "POST", 201, "S1", "R1",
       R"({"response":{"receipt":"R2"},"metaData":{"code":201}})", Answer::ok, "S1", "R2", false},
      {"code as text", "POST", 201, "S1", "R1",
       R"({"response":{"receipt":"R1"},"metaData":{"message":"m","code":"201"}})", Answer::ok, "S1", "R1", false},
      {"update", "PUT", 200, "S1", "R1", R"({"response":{"receipt":"R1"},"metaData":{"message":"m","code":200}})",
       Answer::ok, "S1", "R1", false},
      {"a POST answered 200 is not sent", "POST", 200, "S1", "R1",
       R"({"response":{"receipt":"R1"},"metaData":{"code":200}})", Answer::refused, "S1", "R1", false},
      {"national", "POST", 201, "S1", "R1",
       R"({"response":{"noTiket":"A-1"},"metaData":{"message":"CREATED","code":201}})", Answer::ok, "S1", "R1", true},
      {"national refusal", "POST", 412, "S1", "R1",
       R"({"response":[{"field":"nik"}],"metaData":{"message":"x","code":412}})", Answer::refused, "S1", "R1", true},
      {"another submission stands in the way", "POST", 409, "S1", "", R"({"response":null,"metaData":{"code":409}})",
       Answer::refused, "", "", false},
      {"full", "POST", 503, "", "", R"({"response":null,"metaData":{"message":"x","code":503}})", Answer::refused, "",
       "", false},
      {"page", "POST", 502, "", "", "<html>", Answer::refused, "", "", false},
      {"201 without an envelope", "POST", 201, "", "", "{}", Answer::refused, "", "", false},
  };
  for (const AnswerRow& row : rows) {
    SCOPED_TRACE(row.name);
    HttpReply reply{.status = row.status, .headers = {}, .body = row.body};
    if (*row.named != '\0') reply.headers["titip-submission-id"] = row.named;
    if (*row.receipt_header != '\0') reply.headers["titip-receipt"] = row.receipt_header;
    Try attempt;
    read_answer(reply, row.method, attempt);
    EXPECT_EQ(attempt.answer, row.answer);
    EXPECT_EQ(attempt.receipt, row.receipt);
    EXPECT_EQ(attempt.national_answer, row.national);
    EXPECT_EQ(attempt.submission_id, row.submission_id);
    EXPECT_FALSE(attempt.replayed);
  }
  Try attempt;
  read_answer({.status = 201, .headers = {{"idempotency-replayed", "true"}}, .body = "{}"}, "POST", attempt);
  EXPECT_TRUE(attempt.replayed);
}

TEST(Dialect, ReadsTimes) {
  EXPECT_EQ(unix_ms("1970-01-01T00:00:00.000Z"), 0);
  EXPECT_EQ(unix_ms("2021-08-16T17:00:00.250Z"), 1'629'133'200'250);
  EXPECT_EQ(unix_ms("2021-08-17T00:00:00.250+07:00"), 0);
  EXPECT_EQ(unix_ms("null"), 0);
}

TEST(Dialect, AReasonPatchedInLeavesTheValuesEqualAndHasAKnownHash) {
  const std::string sent = R"({"nik":"1","dosis":1,"alasan":""})";
  const std::string patched = R"({"nik":"1","dosis":1,"alasan":"1"})";
  EXPECT_EQ(canonical_values(sent), canonical_values(patched));
  EXPECT_NE(canonical_values(sent), canonical_values(R"({"nik":"1","dosis":2,"alasan":""})"));
  const auto hashes = patched_hashes(sent, "1");
  EXPECT_NE(std::find(hashes.begin(), hashes.end(), sha256_hex(patched)), hashes.end());
  EXPECT_TRUE(patched_hashes(patched, "1").empty()) << "a reason that is there is never replaced";
  EXPECT_EQ(sha256_hex("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

TEST(Dialect, TheLedgerAndTheClinicsNameOneEntityAlike) {
  const auto day = sampler::make_day({.people = 3, .sites = {"0905R001"}, .business_date = "2021-08-16"});
  ASSERT_TRUE(day);
  for (const sampler::Call& call : day->calls) {
    const std::string nik = day->people[call.person].nik;
    const bool person = call.path.starts_with("/sasaran/");
    const std::string key =
        person ? R"("kind":"person","kdPpk":"0905R001","nik":")" + nik + "\""
               : R"("kind":"dose","kdPpk":"0905R001","nik":")" + nik + R"(","dosis":"1","tglVaksin":"2021-08-16")";
    const std::string page = "{\"entries\":[{" + key + R"(,"count":1,"effects":[{"seq":7,"time":"t","route":")" +
                             call.path.substr(1) + R"(","body_sha256":")" + sha256_hex(call.body) +
                             R"(","idempotency_key":"\"S1\"","late":true,"reply_lost":false}],"values":)" + call.body +
                             R"(}],"more":false,"next_after":7})";
    if (call.kind == sampler::CallKind::impossible_date || call.body.find("\"dosis\":1") == std::string::npos) {
      if (!person) continue;
    }
    Evidence evidence;
    const auto next = read_ledger_page(page, evidence);
    ASSERT_TRUE(next) << next.error();
    EXPECT_FALSE(next->has_value());
    ASSERT_EQ(evidence.effects.size(), 1U);
    EXPECT_EQ(evidence.effects[0].entity, entity_of("0905R001", call.path.substr(1), call.body));
    EXPECT_EQ(evidence.effects[0].idempotency_key, "S1");
    EXPECT_EQ(evidence.effects[0].order, 7U);
    EXPECT_EQ(evidence.final_values[evidence.effects[0].entity], canonical_values(call.body));
  }
}

TEST(Dialect, ALedgerThatLacksSomethingIsNoEmptyLedger) {
  Evidence evidence;
  EXPECT_FALSE(read_ledger_page("{}", evidence));
  EXPECT_FALSE(read_ledger_page("<html>", evidence));
  EXPECT_FALSE(read_ledger_page(R"({"entries":[{"kind":"person","effects":[{"seq":1}]}],"more":false})", evidence));
  const auto more = read_ledger_page(R"({"entries":[],"more":true,"next_after":9})", evidence);
  ASSERT_TRUE(more);
  EXPECT_EQ(*more, 9);
}

}  // namespace
}  // namespace titip::day
