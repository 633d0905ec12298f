#include "gateway/delivery/callback_rules.h"

#include <gtest/gtest.h>

#include "tests/gateway/receiver.h"

namespace titip::delivery {
namespace {

using namespace std::chrono_literals;
using rules::Failure;
using storage::Event;
using tests::status;

constexpr storage::WallTime noon{std::chrono::hours(438'000)};

storage::Submission callback() {
  storage::Submission record;
  record.id = storage::SubmissionId::make(noon);
  record.version = 3;
  record.accepted_at = noon;
  return record;
}

TEST(CallbackRules, every_answer_has_its_meaning) {
  using enum CallbackResult;
  const struct {
    rules::Exchange exchange;
    CallbackResult result;
    const char* rule;
    bool served;
  } rows[] = {
      {status(200), delivered, "http_200", true},
      {status(204), delivered, "http_204", true},
      {status(299), delivered, "http_299", true},
      {status(301), deferred, "http_301", true},  // not followed
      {status(400), deferred, "http_400", true},
      {status(401), deferred, "http_401", true},
      {status(404), deferred, "http_404", true},
      {status(410), gone, "http_410", true},
      {status(429), deferred, "http_429", false},
      {status(500), deferred, "http_500", false},
      {status(503), deferred, "http_503", false},
      {Failure::connect_refused, deferred, "connect_refused", false},
      {Failure::tls_failed, deferred, "tls_failed", false},
      {Failure::response_timeout, deferred, "response_timeout", false},
      {Failure::address_refused, address_refused, "address_refused", false},
      {Failure::not_admitted, not_sent, "not_admitted", false},
  };
  for (const auto& row : rows) {
    const auto answer = read_callback_answer(row.exchange);
    EXPECT_EQ(answer.result, row.result) << row.rule;
    EXPECT_EQ(answer.rule, row.rule);
    EXPECT_EQ(answer.served, row.served) << row.rule;
  }
}

TEST(CallbackRules, what_becomes_of_a_callback) {
  const CallbackPolicy policy;
  const struct {
    rules::Exchange exchange;
    bool host_is_up;
    Event event;
    bool counts;
    std::uint32_t steps;
  } rows[] = {
      {status(200), true, Event::delivered, true, 2},
      {status(200), false, Event::delivered, true, 2},
      {status(500), true, Event::deferred, true, 3},
      {Failure::response_timeout, true, Event::deferred, true, 3},   // known by its id, so never in doubt
      {Failure::connect_refused, false, Event::returned, false, 2},  // an outage burns no attempts
      {status(410), true, Event::returned, false, 2},
      {Failure::not_admitted, true, Event::returned, false, 2},
  };
  for (const auto& row : rows) {
    auto record = callback();
    record.backoff_steps = 2;
    const auto answer = read_callback_answer(row.exchange);
    const auto made = settle_callback(record, answer, {noon, noon + 1s, row.host_is_up, 0.5}, policy);
    EXPECT_EQ(made.event, row.event) << answer.rule;
    EXPECT_EQ(made.counts_as_attempt, row.counts) << answer.rule;
    EXPECT_EQ(made.backoff_steps, row.steps) << answer.rule;
    EXPECT_EQ(made.expected_version, 3U);
    EXPECT_EQ(made.attempt.ended_at, noon + 1s);
    if (row.event == Event::deferred) EXPECT_EQ(made.due_at, noon + 1s + 10s) << "half of 5 s, doubled twice";
  }
}

TEST(CallbackRules, what_the_receiver_asks_for_is_waited_for_but_not_beyond_its_age) {
  CallbackPolicy policy;
  auto busy = status(503);
  busy.retry_after = 600s;
  const auto answer = read_callback_answer(busy);
  EXPECT_EQ(settle_callback(callback(), answer, {noon, noon + 1s, true, 0.5}, policy).due_at, noon + 601s);
  policy.maximum_age = 60s;
  EXPECT_EQ(settle_callback(callback(), answer, {noon, noon + 1s, true, 0.5}, policy).due_at, noon + 60s);
  EXPECT_EQ(settle_callback(callback(), answer, {noon, noon + 90s, true, 0.5}, policy).due_at, noon + 90s);
  auto taken = status(200);
  taken.retry_after = 600s;
  EXPECT_EQ(read_callback_answer(taken).retry_after, 0s) << "there is nothing to wait for";
}

TEST(CallbackRules, is_given_up_by_age_and_by_number) {
  CallbackPolicy policy;
  policy.maximum_age = 1h;
  policy.maximum_attempts = 3;
  auto record = callback();
  EXPECT_FALSE(is_given_up(record, noon + 1h - 1ms, policy));
  EXPECT_TRUE(is_given_up(record, noon + 1h, policy));
  record.attempts = 2;
  EXPECT_FALSE(is_given_up(record, noon, policy));
  record.attempts = 3;
  EXPECT_TRUE(is_given_up(record, noon, policy));
}

}  // namespace
}  // namespace titip::delivery
