#include "gateway/reads/own_submission.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "gateway/reads/submission_view.h"
#include "tests/gateway/fakes.h"
#include "tests/gateway/faulty_store.h"

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

class OwnSubmissionTest : public testing::Test {
 protected:
  OwnSubmissionTest() {
    storage::StoreOptions options;
    options.now = [this] { return clock_.wall(); };
    options.on_fatal = [](const std::string& why) { ADD_FAILURE() << why; };
    store_ = storage::open_memory_store(std::move(options), storage::Pumping::by_hand);
    faulty_.emplace(*store_);
    storage::NewSubmission made;
    made.submission.id = id_;
    made.submission.destination = "pcare-vaksin";
    made.submission.facility = "0905R002";
    made.submission.route = "vaksin/simpan";
    made.payload.bytes = "sealed";
    std::vector<storage::NewSubmission> batch;
    batch.push_back(std::move(made));
    store_->accept(std::move(batch), home_, [](const auto& verdicts) { ASSERT_TRUE(verdicts.has_value()); });
    run();
  }
  void run() {
    while (store_->pump() || home_.run()) {
    }
  }
  std::expected<std::string, OwnSubmissionFault> ask(const storage::SubmissionId& id, const std::string& facility) {
    std::optional<std::expected<std::string, OwnSubmissionFault>> answer;
    own_submission(*faulty_, home_, *sealer_, id, facility, [&](auto found) { answer = std::move(found); });
    run();
    if (!answer) ADD_FAILURE() << "no answer";
    return answer.value_or(std::unexpected(OwnSubmissionFault::absent));
  }

  tests::FakeClock clock_;
  tests::FakeHome home_;
  tests::TestSealer sealer_;
  storage::SubmissionId id_ = storage::SubmissionId::make(tests::morning);
  std::unique_ptr<storage::MemoryStore> store_;
  std::optional<tests::FaultyStore> faulty_;
};

TEST_F(OwnSubmissionTest, a_facility_sees_its_own) {
  const auto found = ask(id_, "0905R002");
  ASSERT_TRUE(found);
  EXPECT_EQ(json::parse(*found).at("id"), id_.text());
}

TEST_F(OwnSubmissionTest, somebody_elses_is_as_absent_as_one_that_never_was) {
  const auto foreign = ask(id_, "0905R003");
  ASSERT_FALSE(foreign);
  EXPECT_EQ(foreign.error(), OwnSubmissionFault::absent);
  const auto nothing = ask(storage::SubmissionId::make(tests::morning), "0905R002");
  ASSERT_FALSE(nothing);
  EXPECT_EQ(nothing.error(), OwnSubmissionFault::absent);
}

TEST_F(OwnSubmissionTest, a_store_that_cannot_read_is_not_an_absent_submission) {
  faulty_->load_error = storage::Error::overloaded;
  const auto found = ask(id_, "0905R002");
  ASSERT_FALSE(found);
  EXPECT_EQ(found.error(), OwnSubmissionFault::store_unavailable);
}

}  // namespace
}  // namespace titip::reads
