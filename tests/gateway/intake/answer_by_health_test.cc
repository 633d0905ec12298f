// The answer by health: who waits for the national answer, for how long, and what it comes to.
#include "tests/gateway/intake/chain_fixture.h"

namespace titip::intake {
namespace {

using storage::State;

class HealthTest : public ChainTest {
 protected:
  HealthTest() { standing_ = Standing::served; }

  // Settled as the server answered.
  void answer(const Asked& asked, const storage::Submission& record, storage::Event event) {
    ASSERT_FALSE(asked->has_value()) << "it did not wait";
    settle(record, event, national);
  }
  storage::Submission newest_record() {
    storage::ScanPage page;
    store_->scan({}, home_, [&](auto found) { page = std::move(*found); });
    run();
    storage::Submission newest;
    for (auto& each : page.items)
      if (each.position > newest.position) newest = std::move(each);
    if (newest.position == 0) ADD_FAILURE() << "nothing is in custody";
    return newest;
  }

  const storage::KeptReply national{201, "text/plain; charset=utf-8", R"({ "response":{"message":"A1"} })"};
};

TEST_F(HealthTest, the_national_answer_is_relayed_as_it_came) {
  for (const auto event : {storage::Event::delivered, storage::Event::rejected}) {
    const auto asked = ask(registration(storage::name(event)));
    EXPECT_FALSE(asked->has_value());
    pass(2'499ms);
    answer(asked, newest_record(), event);
    ASSERT_TRUE(asked->has_value());
    const auto given = custody(std::move(**asked));
    EXPECT_FALSE(given.replayed);
    ASSERT_TRUE(given.national);
    EXPECT_EQ(given.national->http_status, 201);
    EXPECT_EQ(given.national->content_type, national.content_type);
    EXPECT_EQ(given.national->body, national.body);
    EXPECT_EQ(given.submission.state, event == storage::Event::delivered ? State::delivered : State::rejected);
    EXPECT_EQ(timers_.count(), 0U) << "nothing is left behind";
  }
  EXPECT_TRUE(told("relayed", 2));
  EXPECT_TRUE(registry_.expose().contains("titip_relayed_answer_wait_seconds_count 2"));
}

TEST_F(HealthTest, when_time_is_up_it_is_answered_from_custody) {
  const auto asked = ask(registration("0001"));
  pass(2'499ms);
  EXPECT_FALSE(asked->has_value());
  pass(1ms);
  ASSERT_TRUE(asked->has_value());
  const auto given = custody(std::move(**asked));
  EXPECT_FALSE(given.national);
  EXPECT_EQ(given.submission.state, State::queued);
  EXPECT_EQ(given.numbers.size(), 1U);
  EXPECT_TRUE(told("timed_out", 1));
  settle(given.submission, storage::Event::delivered, national);  // nobody waits any more: answering twice would fail
  EXPECT_TRUE(told("relayed", 0));
}

TEST_F(HealthTest, the_wait_begins_with_the_request) {
  std::optional<Answer> given;
  chained_.take(registration("0001"), [&](Answer answer) { given = std::move(answer); });
  clock_.advance(2'000ms);  // the store takes its time
  run();
  pass(499ms);
  EXPECT_FALSE(given);
  pass(1ms);
  EXPECT_TRUE(given);
}

TEST_F(HealthTest, a_clinic_may_prefer_another_wait) {
  struct Row {
    const char* prefer;
    std::chrono::milliseconds wait;
    const char* applied;
  };
  for (const auto& row :
       {Row{"wait=10", 10'000ms, "wait=10"}, Row{"wait=1", 1'000ms, "wait=1"}, Row{"wait=0", 0ms, "wait=0"},
        Row{"respond-async", 0ms, "respond-async"}, Row{"respond-async, wait=4", 4'000ms, "respond-async, wait=4"},
        Row{"wait=soon", 2'500ms, ""}}) {
    auto made = registration(row.prefer);
    made.prefer = row.prefer;
    const auto asked = ask(std::move(made));
    if (row.wait > 0ms) {
      pass(row.wait - 1ms);
      EXPECT_FALSE(asked->has_value()) << row.prefer;
      pass(1ms);
    }
    ASSERT_TRUE(asked->has_value()) << row.prefer;
    EXPECT_EQ(custody(std::move(**asked)).preference, row.applied) << row.prefer;
    settle(newest_record(), storage::Event::delivered, {});  // out of the way of the next
  }
  EXPECT_TRUE(told("not_wanted", 2));
  EXPECT_TRUE(told("timed_out", 4));
}

TEST_F(HealthTest, while_the_server_is_down_or_a_gate_is_shut_it_is_answered_at_once) {
  standing_ = Standing::down;
  EXPECT_FALSE(taken(registration("0001")).national);
  standing_ = Standing::gated;
  EXPECT_FALSE(taken(registration("0002")).national);
  EXPECT_TRUE(told("down", 1));
  EXPECT_TRUE(told("gated", 1));
  EXPECT_EQ(timers_.count(), 0U);
}

TEST_F(HealthTest, behind_another_of_its_key_or_blocked_it_is_answered_at_once) {
  const auto first = ask(registration("0001"));
  EXPECT_FALSE(first->has_value());
  EXPECT_EQ(taken(arrival_at("kunjungan", person("0001"))).submission.state, State::blocked);
  auto other_poli = registration("0001");
  other_poli.body = R"({"noKartu":"0001","tglDaftar":"15-08-2026","kdPoli":"002"})";
  EXPECT_EQ(taken(std::move(other_poli)).submission.state, State::queued) << "behind the first";
  EXPECT_TRUE(told("behind", 2));
  EXPECT_FALSE(first->has_value()) << "whoever is first goes on waiting";
}

TEST_F(HealthTest, only_so_many_wait) {
  const auto first = ask(registration("0001"));
  const auto second = ask(registration("0002"));
  EXPECT_FALSE(taken(registration("0003")).national);
  EXPECT_TRUE(told("crowded", 1));
  settle(newest_record(), storage::Event::delivered, {});
  EXPECT_FALSE(first->has_value() && second->has_value());
}

// What was accepted a moment ago is on its way; what has been due for longer shows that this one would wait in vain.
TEST_F(HealthTest, a_lane_with_work_that_was_not_sent_is_answered_at_once) {
  const auto first = ask(registration("0001"));
  pass(249ms);
  const auto second = ask(registration("0002"));
  EXPECT_FALSE(second->has_value());
  pass(1ms);
  standing_ = Standing::down;  // the third makes room for nobody: it does not wait
  pass(2'500ms);
  standing_ = Standing::served;
  ASSERT_TRUE(first->has_value() && second->has_value());
  EXPECT_FALSE(taken(registration("0003")).national);
  EXPECT_TRUE(told("backlog", 1));
  auto elsewhere = registration("0004");
  elsewhere.facility = "0114A027";
  EXPECT_FALSE(ask(std::move(elsewhere))->has_value()) << "another facility's lane is another lane";
}

TEST_F(HealthTest, what_is_in_flight_or_due_later_is_no_backlog) {
  const auto first = ask(registration("0001"));
  const auto record = newest_record();
  const auto epoch = store_->health().epoch;
  store_->open_attempts({{record.id, record.version, {}, epoch}}, home_, [](const auto&) {});
  pass(10'000ms);
  EXPECT_FALSE(ask(registration("0002"))->has_value());
  storage::Settlement put_off;
  put_off.id = record.id;
  put_off.epoch = epoch;
  put_off.expected_version = record.version + 1;
  put_off.event = storage::Event::deferred;
  put_off.due_at = clock_.wall() + std::chrono::minutes(5);
  store_->settle({put_off}, home_, [](const auto&) {});
  run();
  EXPECT_FALSE(ask(registration("0003"))->has_value());
}

TEST_F(HealthTest, settled_without_a_national_answer_tells_how_it_stands) {
  const auto asked = ask(registration("0001"));
  settle(newest_record(), storage::Event::delivered, {});
  ASSERT_TRUE(asked->has_value());
  const auto given = custody(std::move(**asked));
  EXPECT_EQ(given.submission.state, State::delivered);
  EXPECT_FALSE(given.national);
  EXPECT_EQ(given.numbers.size(), 1U);
  const auto other = ask(registration("0002"));
  const auto record = newest_record();
  store_->transition({{record.id, record.state, record.version, storage::Event::hold, storage::HoldReason::person, {}}},
                     home_, [](const auto&) {});
  run();
  ASSERT_TRUE(other->has_value());
  EXPECT_EQ(custody(std::move(**other)).submission.state, State::held);
  EXPECT_TRUE(told("settled", 2));
}

// "Already entered", said to the second attempt of one whose first was not answered, is about our own first.
TEST_F(HealthTest, an_echo_of_an_own_attempt_is_not_relayed) {
  for (const bool unknown_before : {false, true}) {
    const auto asked = ask(registration(unknown_before ? "0001" : "0002"));
    auto record = newest_record();
    if (unknown_before) {
      storage::Settlement unknown;
      unknown.id = record.id;
      unknown.epoch = store_->health().epoch;
      unknown.expected_version = record.version + 1;
      unknown.event = storage::Event::went_unknown;
      unknown.due_at = clock_.wall();
      store_->open_attempts({{record.id, record.version, {}, unknown.epoch}}, home_, [](const auto&) {});
      store_->settle({unknown}, home_, [](const auto&) {});
      storage::Settlement again;
      again.id = record.id;
      again.epoch = unknown.epoch;
      again.expected_version = record.version + 2;
      again.event = storage::Event::repeat_allowed;
      again.due_at = clock_.wall();
      store_->settle({again}, home_, [](const auto&) {});
      run();
      record = load(record.id).submission;
      ASSERT_EQ(record.state, State::queued);
    }
    const auto key = (*sealer_).unwrap(record.id, record.wrapped_key);
    storage::Settlement there;
    there.id = record.id;
    there.epoch = store_->health().epoch;
    there.expected_version = record.version + 1;
    there.event = storage::Event::delivered;
    there.attempt.rule = "there";
    there.reply = (*sealer_).seal(*key, record.id, "reply", encode(storage::KeptReply{401, "text/plain", "sudah"}));
    store_->open_attempts({{record.id, record.version, {}, there.epoch}}, home_, [](const auto&) {});
    store_->settle({there}, home_, [](const auto&) {});
    run();
    ASSERT_TRUE(asked->has_value());
    const auto given = custody(std::move(**asked));
    EXPECT_EQ(given.submission.state, State::delivered);
    EXPECT_EQ(given.national.has_value(), !unknown_before);
    EXPECT_EQ(taken(registration(unknown_before ? "0001" : "0002")).national.has_value(), !unknown_before);
  }
}

TEST_F(HealthTest, when_the_loop_ends_all_are_answered_from_custody) {
  const auto first = ask(registration("0001"));
  const auto second = ask(registration("0002"));
  chained_.stop_waiting();
  ASSERT_TRUE(first->has_value() && second->has_value());
  EXPECT_FALSE(custody(std::move(**first)).national);
  EXPECT_FALSE(taken(registration("0003")).national) << "nobody waits any more";
  EXPECT_EQ(timers_.count(), 0U);
}

TEST_F(HealthTest, a_reply_that_cannot_be_read_is_answered_from_custody) {
  const auto asked = ask(registration("0001"));
  faulty_.load_error = storage::Error::overloaded;
  settle(newest_record(), storage::Event::delivered, national);
  ASSERT_TRUE(asked->has_value());
  EXPECT_FALSE(custody(std::move(**asked)).national);
  EXPECT_TRUE(told("settled", 1));
}

TEST_F(HealthTest, a_store_that_closes_answers_who_waits) {
  const auto asked = ask(registration("0001"));
  store_->close();
  run();
  ASSERT_TRUE(asked->has_value());
  EXPECT_FALSE(custody(std::move(**asked)).national);
}

}  // namespace
}  // namespace titip::intake
