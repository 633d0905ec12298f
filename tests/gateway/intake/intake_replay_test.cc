// What a repeated request is answered with: the current truth, and what differs.
#include "tests/gateway/intake/intake_fixture.h"

namespace titip::intake {
namespace {

TEST_F(IntakeTest, replays_by_natural_key_and_by_idempotency_key) {
  const auto first = custody(take(dose, "key-1"));
  struct Row {
    const char* name;
    std::string_view key;
  };
  for (const auto& row : {Row{"same key", "key-1"}, Row{"same key, quoted", "\"key-1\""}, Row{"no key", ""},
                          Row{"another key", "key-2"}, Row{"that key again", "key-2"}}) {
    const auto again = custody(take(dose, row.key));
    EXPECT_TRUE(again.replayed) << row.name;
    EXPECT_EQ(again.submission.id, first.submission.id) << row.name;
    EXPECT_EQ(again.submission.receipt, first.submission.receipt) << row.name;
    EXPECT_FALSE(again.national) << row.name;
  }
  EXPECT_EQ(accepted(), 1U);
  EXPECT_TRUE(counted("replayed", 5));
}

TEST_F(IntakeTest, without_a_natural_key_only_the_idempotency_key_replays) {
  const auto edit = [](std::string_view key) { return arrival(dose, key, "vaksin/ubah"); };
  const auto first = custody(take(edit("key-1")));
  EXPECT_TRUE(custody(take(edit("key-1"))).replayed);
  EXPECT_FALSE(custody(take(edit("key-2"))).replayed);
  EXPECT_FALSE(custody(take(edit(""))).replayed);
  EXPECT_EQ(accepted(), 3U);
}

TEST_F(IntakeTest, keys_of_other_facilities_are_other_keys) {
  custody(take(dose, "key-1"));
  auto elsewhere = arrival(dose, "key-1");
  elsewhere.facility = "0905R003";
  EXPECT_FALSE(custody(take(std::move(elsewhere))).replayed);
  EXPECT_EQ(accepted(), 2U);
}

TEST_F(IntakeTest, a_reused_key_is_told_what_differs_and_no_values) {
  const auto first = custody(take(dose, "key-1"));
  const auto refused = refusal(take(other_dose, "key-1"));
  EXPECT_EQ(refused.status, 422);
  EXPECT_EQ(refused.type, "idempotency-key-reused");
  EXPECT_EQ(refused.submission, first.submission.id.text());
  ASSERT_EQ(refused.errors.size(), 1U);
  EXPECT_EQ(refused.errors[0].pointer, "/jenisVaksin");
  EXPECT_FALSE(refused.errors[0].sentence.english().contains("MODERNA"));
  EXPECT_FALSE(refused.errors[0].sentence.english().contains("SINOVAC"));
  EXPECT_EQ(accepted(), 1U);
  EXPECT_TRUE(counted("conflict", 1));
}

TEST_F(IntakeTest, a_key_reused_on_another_route_is_told_the_route) {
  custody(take(dose, "key-1"));
  const auto refused = refusal(take(arrival(dose, "key-1", "vaksin/ubah")));
  EXPECT_EQ(refused.status, 422);
  ASSERT_EQ(refused.errors.size(), 1U);
  EXPECT_TRUE(refused.errors[0].sentence.english().contains("vaksin/simpan"));
}

TEST_F(IntakeTest, a_replay_after_the_end_tells_the_national_answer) {
  const auto first = custody(take(dose));
  settle(first.submission, storage::Event::delivered, storage::KeptReply{201, "application/json", R"({"x":1})"});
  const auto again = custody(take(dose));
  EXPECT_TRUE(again.replayed);
  ASSERT_TRUE(again.national);
  EXPECT_EQ(again.national->http_status, 201);
  EXPECT_EQ(again.national->body, R"({"x":1})");
}

// A probe found it: there is no national answer to repeat, so the receipt it is.
TEST_F(IntakeTest, a_replay_after_the_end_without_a_national_answer_tells_the_receipt) {
  const auto first = custody(take(dose));
  settle(first.submission, storage::Event::delivered, std::nullopt);
  const auto again = custody(take(dose));
  EXPECT_TRUE(again.replayed);
  EXPECT_FALSE(again.national);
  EXPECT_EQ(again.submission.receipt, first.submission.receipt);
}

TEST_F(IntakeTest, a_replay_of_what_was_erased_says_so) {
  const auto first = custody(take(dose, "key-1"));
  settle(first.submission, storage::Event::delivered, storage::KeptReply{201, "application/json", R"({"x":1})"});
  erase(first.submission.id);
  for (const auto* key : {"key-1", ""}) {
    const auto again = custody(take(dose, key));
    EXPECT_TRUE(again.replayed);
    EXPECT_FALSE(again.national);
    EXPECT_EQ(again.submission.receipt, first.submission.receipt);
    EXPECT_TRUE(again.note.english().contains("delivered")) << again.note.english();
    EXPECT_TRUE(again.note.english().contains("erased")) << again.note.english();
  }
  EXPECT_EQ(accepted(), 1U);
}

TEST_F(IntakeTest, a_replay_of_what_was_erased_before_it_was_sent_says_so) {
  const auto first = custody(take(dose, "key-1"));
  erase(first.submission.id);
  const auto again = custody(take(dose, "key-1"));
  EXPECT_TRUE(again.replayed);
  EXPECT_EQ(again.submission.state, storage::State::cancelled);
  EXPECT_TRUE(again.note.english().contains("cancelled")) << again.note.english();
}

TEST_F(IntakeTest, what_differs_from_an_erased_record_cannot_be_told) {
  const auto first = custody(take(dose, "key-1"));
  erase(first.submission.id);
  const auto refused = refusal(take(other_dose, "key-1"));
  EXPECT_EQ(refused.status, 422);
  EXPECT_EQ(refused.submission, first.submission.id.text());
  ASSERT_EQ(refused.errors.size(), 1U);
  EXPECT_TRUE(refused.errors[0].sentence.english().contains("erased"));
}

}  // namespace
}  // namespace titip::intake
