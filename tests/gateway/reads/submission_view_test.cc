#include "gateway/reads/submission_view.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "tests/gateway/fakes.h"

namespace titip::reads {
namespace {

using namespace std::chrono_literals;
using nlohmann::json;

storage::Loaded loaded_with_timeline(const storage::Sealer& sealer) {
  storage::Loaded loaded;
  auto& record = loaded.submission;
  record.id = storage::SubmissionId::make(tests::morning);
  record.receipt = "0123456789ABC";
  record.destination = "pcare-vaksin";
  record.facility = "0905R002";
  record.route = "vaksin/simpan";
  record.state = storage::State::rejected;
  record.position = 17;
  record.accepted_at = tests::morning;
  record.settled_at = tests::morning + 5s;
  record.outcome_rule = "rejected";
  record.attempts = 2;
  record.unknown_attempts = 1;
  record.probes = 1;
  auto key = sealer.new_data_key(record.id);
  record.wrapped_key = key.wrapped;
  const auto note = [&](std::string_view words) { return sealer.seal(key.key, record.id, "note", words); };
  loaded.attempts = {
      {1, false, tests::morning, tests::morning + 1s, storage::Outcome::unknown, "response_timeout", 0, {}, {}},
      {2,
       true,
       tests::morning + 2s,
       tests::morning + 3s,
       storage::Outcome::not_found,
       "",
       404,
       {},
       note("Data tidak ditemukan")},
      {3,
       false,
       tests::morning + 4s,
       tests::morning + 5s,
       storage::Outcome::rejected,
       "rejected",
       412,
       {"/alasan"},
       note("PRECONDITION_FAILED\ntglLahir tidak valid")},
      {4, false, tests::morning + 6s, {}, storage::Outcome::unsettled, "", 0, {}, {}}};
  return loaded;
}

TEST(SubmissionView, tells_the_whole_timeline) {
  const tests::TestSealer sealer;
  const auto loaded = loaded_with_timeline(*sealer);
  const json document = json::parse(submission_json(loaded, *sealer).dump());
  EXPECT_EQ(document.at("id"), loaded.submission.id.text());
  EXPECT_EQ(document.at("receipt"), "0123456789ABC");
  EXPECT_EQ(document.at("state"), "rejected");
  EXPECT_EQ(document.at("accepted_at"), "2021-08-16T01:00:00.000Z");
  EXPECT_EQ(document.at("settled_at"), "2021-08-16T01:00:05.000Z");
  EXPECT_EQ(document.at("due_at"), nullptr);
  EXPECT_EQ(document.at("deadline"), nullptr);
  EXPECT_EQ(document.at("outcome_rule"), "rejected");
  EXPECT_EQ(document.at("attempts_counted"), 2);
  EXPECT_EQ(document.at("server_words"), "PRECONDITION_FAILED\ntglLahir tidak valid") << "a probe's words are not it";
  const auto& attempts = document.at("attempts");
  ASSERT_EQ(attempts.size(), 4U);
  EXPECT_EQ(attempts[0].at("outcome"), "unknown");
  EXPECT_EQ(attempts[0].at("rule"), "response_timeout");
  EXPECT_EQ(attempts[1].at("probe"), true);
  EXPECT_EQ(attempts[1].at("http_status"), 404);
  EXPECT_EQ(attempts[1].at("words"), "Data tidak ditemukan");
  EXPECT_EQ(attempts[2].at("patched"), json::array({"/alasan"}));
  EXPECT_EQ(attempts[3].at("ended_at"), nullptr);
}

TEST(SubmissionView, erased_words_are_left_out) {
  const tests::TestSealer sealer;
  auto loaded = loaded_with_timeline(*sealer);
  loaded.submission.wrapped_key.clear();
  const auto document = submission_json(loaded, *sealer);
  EXPECT_EQ(document.at("server_words"), "");
  EXPECT_EQ(document.at("state"), "rejected");
}

TEST(SubmissionView, says_that_the_content_is_erased_or_will_be) {
  const tests::TestSealer sealer;
  auto loaded = loaded_with_timeline(*sealer);
  auto document = submission_json(loaded, *sealer);
  EXPECT_EQ(document.at("content_erased"), false);
  EXPECT_FALSE(document.contains("note"));
  loaded.submission.erase_when_settled = true;
  document = submission_json(loaded, *sealer);
  EXPECT_TRUE(document.at("note").get<std::string>().contains("will be erased"));
  loaded.submission.content_erased = true;
  loaded.submission.wrapped_key.clear();
  for (auto& attempt : loaded.attempts) attempt.note = {};
  document = submission_json(loaded, *sealer);
  EXPECT_EQ(document.at("content_erased"), true);
  EXPECT_TRUE(document.at("note").get<std::string>().contains("have been erased"));
  EXPECT_EQ(document.at("attempts").size(), 4U);
  EXPECT_EQ(document.at("attempts")[2].at("words"), "");
}

}  // namespace
}  // namespace titip::reads
