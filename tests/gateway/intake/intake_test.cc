// The accept flow over the store in memory, and over stores that refuse.
#include "gateway/intake/intake.h"
#include "gateway/intake/body_hash.h"

#include <algorithm>

#include "storage/veil.h"
#include "tests/gateway/intake/intake_fixture.h"

namespace titip::intake {
namespace {

TEST_F(IntakeTest, accepts_and_keeps_every_byte) {
  const std::string odd =
      "  {\"nik\" : \"3300000000000001\",\r\n\"noTiket\":\"A-1\", \"dosis\":1.0,"
      "\"tglVaksin\":\"2021-08-16\", \"nama\":\"\\u0041\xc3\xa9\"}\n";
  const auto taken = custody(take(odd));
  EXPECT_FALSE(taken.replayed);
  EXPECT_FALSE(taken.national);
  EXPECT_EQ(taken.submission.state, storage::State::queued);
  EXPECT_EQ(taken.submission.receipt, storage::veil(*sealer_, storage::receipt_domain, taken.submission.id).text());
  EXPECT_EQ(taken.submission.accepted_at, tests::morning);
  EXPECT_EQ(taken.submission.channel, "mount");
  EXPECT_EQ(taken.submission.profile_version, pcare_vaksin().version);
  EXPECT_EQ(taken.body, odd);

  const auto loaded = load(taken.submission.id);
  EXPECT_FALSE(loaded.payload.bytes.contains("3300000000000001")) << "a payload must be sealed";
  const auto key = (*sealer_).unwrap(loaded.submission.id, loaded.submission.wrapped_key);
  ASSERT_TRUE(key);
  const auto plain = (*sealer_).open(*key, loaded.submission.id, "payload", loaded.payload);
  ASSERT_TRUE(plain);
  const auto payload = storage::decode_payload(*plain);
  ASSERT_TRUE(payload);
  EXPECT_EQ(payload->body, odd);
  EXPECT_EQ(payload->content_type, "text/plain");
  EXPECT_EQ(payload->method, "POST");
  EXPECT_EQ(payload->target, "/vaksin/simpan");
  EXPECT_TRUE(counted("accepted", 1));
}

TEST_F(IntakeTest, the_sha256_is_of_the_body) {
  EXPECT_EQ(body_sha256(custody(take(R"({"nik":"1","noTiket":"A","dosis":1,"tglVaksin":"2021-08-16"})")).body),
            "84b4830b0f34c37f65499dd7973dbcc273f98801e859c3c172161892073c322a");
}

TEST_F(IntakeTest, no_answer_before_the_commit) {
  bool answered = false;
  intake_.take(arrival(dose), [&](const Answer&) { answered = true; });
  while (home_.run()) {
  }
  EXPECT_FALSE(answered);
  run();
  EXPECT_TRUE(answered);
}

TEST_F(IntakeTest, another_body_for_the_same_record_queues_behind_it) {
  const auto first = custody(take(dose));
  const auto second = custody(take(other_dose));
  EXPECT_FALSE(second.replayed);
  EXPECT_NE(second.submission.id, first.submission.id);
  EXPECT_TRUE(second.submission.correction);
  EXPECT_GT(second.submission.position, first.submission.position);
  EXPECT_EQ(second.submission.ordering_key, first.submission.ordering_key);
}

TEST_F(IntakeTest, where_the_route_refuses_a_conflict_is_told_what_differs) {
  auto route = *profile::find_route(pcare_vaksin(), "vaksin/simpan");
  route.on_conflict = profile::OnConflict::refuse;
  const auto strict = [&](std::string_view body) {
    auto made = arrival(body);
    made.route = &route;
    return made;
  };
  const auto first = custody(take(strict(dose)));
  const auto refused = refusal(take(strict(other_dose)));
  EXPECT_EQ(refused.status, 409);
  EXPECT_EQ(refused.type, "record-exists");
  EXPECT_EQ(refused.submission, first.submission.id.text());
  ASSERT_EQ(refused.errors.size(), 1U);
  EXPECT_EQ(refused.errors[0].pointer, "/jenisVaksin");
  EXPECT_EQ(accepted(), 1U);
}

TEST_F(IntakeTest, another_day_or_dose_is_another_record) {
  for (const auto* body : {R"({"nik":"1","noTiket":"A","dosis":1,"tglVaksin":"2021-08-16"})",
                           R"({"nik":"1","noTiket":"A","dosis":2,"tglVaksin":"2021-08-16"})",
                           R"({"nik":"1","noTiket":"A","dosis":1,"tglVaksin":"2021-08-17"})"}) {
    const auto taken = custody(take(body));
    EXPECT_FALSE(taken.replayed) << body;
    EXPECT_FALSE(taken.submission.correction) << body;
  }
}

TEST_F(IntakeTest, a_damaged_record_is_not_called_a_broken_store) {
  faulty_.accept_error = storage::Error::corrupt;
  const auto refused = refusal(take(dose));
  EXPECT_EQ(refused.status, 503);
  EXPECT_EQ(refused.type, "record-damaged");
  EXPECT_TRUE(refused.title.english().contains("nothing was stored"));
}

TEST_F(IntakeTest, what_cannot_be_taken_is_refused_and_not_stored) {
  struct Row {
    const char* name;
    std::string body;
    std::string_view key;
    int status;
    const char* type;
    std::size_t errors;
  };
  const Row rows[] = {
      {"not JSON", "{", "", 400, "malformed-json", 0},
      {"a number that is too large", R"({"nik":1e999})", "", 400, "malformed-json", 0},
      {"fields missing", R"({"nik":"1"})", "", 422, "invalid-submission", 3},
      {"no object", "[]", "", 422, "invalid-submission", 1},
      {"too large", std::string((256U << 10U) + 1, ' '), "", 413, "body-too-large", 0},
      {"bad key", std::string(dose), "\"half", 400, "idempotency-key", 0},
  };
  for (const auto& row : rows) {
    const auto refused = refusal(take(row.body, row.key));
    EXPECT_EQ(refused.status, row.status) << row.name;
    EXPECT_EQ(refused.type, row.type) << row.name;
    EXPECT_EQ(refused.errors.size(), row.errors) << row.name;
  }
  EXPECT_EQ(accepted(), 0U);
  EXPECT_TRUE(counted("invalid", static_cast<int>(std::size(rows))));
}

TEST_F(IntakeTest, too_many_at_once_are_told_to_come_again) {
  std::vector<Answer> answers;
  for (int i = 0; i < 6; ++i)
    intake_.take(arrival(R"({"noTiket":"A","dosis":1,"tglVaksin":"2021-08-16","nik":")" + std::to_string(i) + "\"}"),
                 [&](Answer answer) { answers.push_back(std::move(answer)); });
  run();
  ASSERT_EQ(answers.size(), 6U);
  EXPECT_EQ(std::ranges::count_if(answers, [](const auto& a) { return std::holds_alternative<InCustody>(a); }), 4);
  for (auto& answer : answers) {
    if (auto* refused = std::get_if<Refused>(&answer)) {
      EXPECT_EQ(refused->status, 503);
      EXPECT_EQ(refused->type, "overloaded");
      EXPECT_GT(refused->retry_after_s, 0);
    }
  }
  EXPECT_EQ(accepted(), 4U);
  EXPECT_TRUE(counted("overloaded", 2));
}

// The store was busy for longer than the clinic waits. Nothing is stored behind its back, so that it can send again.
TEST_F(IntakeTest, what_comes_too_late_is_not_stored) {
  std::vector<Answer> answers;
  const auto note = [&](Answer answer) { answers.push_back(std::move(answer)); };
  intake_.take(arrival(dose, "key-1"), note);
  clock_.advance(std::chrono::milliseconds(1));
  intake_.take(arrival(R"({"nik":"2","noTiket":"A","dosis":1,"tglVaksin":"2021-08-16"})"), note);
  clock_.advance(std::chrono::milliseconds(2'499));
  run();
  ASSERT_EQ(answers.size(), 2U);
  const auto refused = refusal(std::move(answers[0]));
  EXPECT_EQ(refused.status, 503);
  EXPECT_EQ(refused.type, "too-late");
  EXPECT_GT(refused.retry_after_s, 0);
  EXPECT_TRUE(refused.title.english().contains("nothing was stored"));
  custody(std::move(answers[1]));  // a millisecond is left
  EXPECT_EQ(accepted(), 1U);
  EXPECT_TRUE(counted("too_late", 1));
  EXPECT_TRUE(counted("refused", 0));
  EXPECT_FALSE(custody(take(other_dose, "key-1")).submission.correction) << "neither of its keys is taken";
  EXPECT_EQ(accepted(), 2U);
}

TEST_F(IntakeTest, a_facility_with_too_much_pending_is_given_no_more) {
  const auto limited = [](std::string_view body, std::string_view key) {
    auto made = arrival(body, key);
    made.most_pending = 2;
    return made;
  };
  const auto of = [](int dose) {
    return R"({"nik":"9901011501900001","noTiket":"A-1","dosis":)" + std::to_string(dose) +
           R"(,"tglVaksin":"2026-08-15","jenisVaksin":"1"})";
  };
  for (const int dose : {1, 2})
    EXPECT_FALSE(custody(take(limited(of(dose), "\"" + std::to_string(dose) + "\""))).replayed);
  const auto refused = refusal(take(limited(of(3), "\"3\"")));
  EXPECT_EQ(refused.status, 429);
  EXPECT_EQ(refused.type, "too-many-pending");
  EXPECT_GT(refused.retry_after_s, 0);
  EXPECT_TRUE(refused.title.in(words::Language::id).contains("Kirim lagi nanti")) << refused.title.english();
  EXPECT_TRUE(registry_.expose().contains("outcome=\"over_quota\"} 1"));
  EXPECT_TRUE(custody(take(limited(of(1), "\"1\""))).replayed) << "what is in custody is told of as ever";
  auto other = limited(of(4), {});
  other.facility = "0905R003";
  EXPECT_FALSE(custody(take(std::move(other))).replayed) << "another facility has a quota of its own";
  EXPECT_FALSE(custody(take(arrival(of(3), "\"3\""))).replayed) << "where there is no limit, the same is taken";
}

TEST_F(IntakeTest, how_long_the_clinic_waits_is_configured) {
  Intake patient{{faulty_, home_, *sealer_, clock_, probes_, std::chrono::seconds(10)}};
  std::optional<Answer> answer;
  patient.take(arrival(dose), [&](Answer given) { answer = std::move(given); });
  clock_.advance(std::chrono::milliseconds(9'999));
  run();
  ASSERT_TRUE(answer);
  custody(std::move(*answer));
}

TEST_F(IntakeTest, a_store_that_takes_nothing_is_said_in_its_words) {
  struct Row {
    const char* name;
    bool disk_low;
    int status;
    const char* type;
  };
  for (const auto& row : {Row{"closing or broken", false, 503, "store-unavailable"},
                          Row{"disk nearly full", true, 507, "storage-full"}}) {
    storage::Health health;
    health.writable = row.disk_low;
    health.disk_low = row.disk_low;
    faulty_.health_now = health;
    const auto refused = refusal(take(dose));
    EXPECT_EQ(refused.status, row.status) << row.name;
    EXPECT_EQ(refused.type, row.type) << row.name;
    EXPECT_GT(refused.retry_after_s, 0) << row.name;
  }
  EXPECT_EQ(accepted(), 0U);
  EXPECT_TRUE(counted("refused", 2));
}

TEST_F(IntakeTest, a_commit_refused_on_the_way_is_told_so) {
  faulty_.accept_error = storage::Error::unavailable;
  EXPECT_EQ(refusal(take(dose)).status, 503);
  EXPECT_EQ(accepted(), 0U);
}

TEST_F(IntakeTest, a_commit_in_doubt_is_not_answered) {
  faulty_.accept_error = storage::Error::in_doubt;
  EXPECT_TRUE(std::holds_alternative<InDoubt>(take(dose)));
}

}  // namespace
}  // namespace titip::intake
