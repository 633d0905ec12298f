// The judge must find every lie it is told.
#include "tests/simulation/records.h"

#include <gtest/gtest.h>

#include "tests/simulation/waits.h"

namespace titip::simulation {
namespace {

using storage::HoldReason;
using storage::State;

class Judge : public testing::Test {
 protected:
  Form& form(const std::string& token, const std::string& nik = "33") {
    Form made;
    made.token = token;
    made.nik = nik;
    return records.add(std::move(made));
  }
  storage::SubmissionId accept(Form& form, State state = State::queued) {
    storage::SubmissionId id;
    id.bytes[15] = ++last_;
    records.expect(id, form);
    versions_[id] = 0;
    move(id, state, state == State::held ? HoldReason::requirement : HoldReason::none);
    return id;
  }
  void move(const storage::SubmissionId& id, State to, HoldReason reason = HoldReason::none) {
    move(id, to, reason, attempts_of(id, to));
  }
  void move(const storage::SubmissionId& id, State to, HoldReason reason, std::uint32_t attempts) {
    storage::Submission s;
    s.attempts = attempts;
    s.id = id;
    s.position = id.bytes[15];
    s.state = to;
    s.hold_reason = reason;
    s.version = ++versions_[id];
    records.committed(id, s);
  }
  void deliver(const storage::SubmissionId& id) {
    move(id, State::in_flight);
    records.sending(*records.find(id));
    records.applied(*records.find(id)->form);
    records.answered(*records.find(id), Told::taken, false);
    move(id, State::delivered);
  }
  // As the table has it: an attempt that ends is counted, unless it is given back.
  std::uint32_t attempts_of(const storage::SubmissionId& id, State to) const {
    const auto* known = records.find(id);
    const bool ends_one = known && known->standing.state == State::in_flight && to != State::queued;
    return known ? known->attempts + (ends_one ? 1U : 0U) : 0U;
  }
  void send(const storage::SubmissionId& id, Told told) {
    move(id, State::in_flight);
    records.sending(*records.find(id));
    records.answered(*records.find(id), told, failing);
  }
  std::string broken() const { return findings.first() ? findings.first()->promise : ""; }

  tests::FakeClock clock;
  Findings findings{clock, false};
  bool failing = false;
  bool may_repeat = false;
  Age::Served served{0};
  Records records{findings,
                  {.may_repeat = [this](const Form&) { return may_repeat; },
                   .maximum_age = std::chrono::hours(2),
                   .served = [this](const std::string&) { return served; }}};

 private:
  std::uint8_t last_ = 0;
  std::map<storage::SubmissionId, std::uint32_t> versions_;
};

TEST_F(Judge, an_honest_day_breaks_nothing) {
  auto& first = form("T1");
  auto& second = form("T2");
  const auto a = accept(first);
  const auto b = accept(second);
  for (const auto& id : {a, b}) deliver(id);
  first.acknowledged = second.acknowledged = true;
  records.judge_the_end();
  EXPECT_EQ(broken(), "");
  EXPECT_EQ(records.pending(), 0U);
  EXPECT_EQ(records.count(), 2U);
}

TEST_F(Judge, a_move_that_the_table_lacks) {
  const auto id = accept(form("T1"));
  move(id, State::delivered);
  EXPECT_EQ(broken(), "P8");
}

TEST_F(Judge, two_submissions_of_one_form) {
  auto& one = form("T1");
  accept(one);
  accept(one);
  EXPECT_EQ(broken(), "P4");
}

TEST_F(Judge, a_form_whose_record_ended_without_an_effect_may_come_again) {
  auto& one = form("T1");
  move(accept(one), State::cancelled);
  deliver(accept(one));
  records.judge_the_end();
  EXPECT_EQ(broken(), "");
}

TEST_F(Judge, two_effects) {
  auto& one = form("T1");
  deliver(accept(one));
  records.applied(one);
  EXPECT_EQ(broken(), "P5");
}

TEST_F(Judge, a_later_record_of_the_person_goes_first) {
  accept(form("T1"));
  const auto later = accept(form("T2"));
  move(later, State::in_flight);
  records.sending(*records.find(later));
  EXPECT_EQ(broken(), "order");
}

TEST_F(Judge, what_a_blocked_record_waits_for_passes_it) {
  auto& dose = form("T1");
  auto& person = form("T2");
  dose.requirements = person.provides = {"person"};
  const auto blocked = accept(dose, State::blocked);
  deliver(accept(person));
  move(blocked, State::queued);
  deliver(blocked);
  EXPECT_EQ(broken(), "");
}

TEST_F(Judge, nothing_else_passes_a_blocked_record) {
  accept(form("T1"), State::blocked);
  const auto later = accept(form("T2"));
  move(later, State::in_flight);
  records.sending(*records.find(later));
  EXPECT_EQ(broken(), "order");
}

TEST_F(Judge, an_effect_out_of_order) {
  auto& first = form("T1");
  auto& second = form("T2");
  const auto a = accept(first);
  const auto b = accept(second);
  send(a, Told::nothing);
  move(a, State::unknown);
  clock.advance(latest_effect);
  records.looked("33", false);
  move(a, State::deferred);  // said not to be there, and then it comes after all
  move(a, State::cancelled);
  deliver(b);
  records.applied(first);
  EXPECT_EQ(broken(), "order");
}

TEST_F(Judge, delivered_and_never_seen) {
  const auto id = accept(form("T1"));
  send(id, Told::taken);
  move(id, State::delivered);
  records.judge_the_end();
  EXPECT_EQ(broken(), "P6");
}

TEST_F(Judge, rejected_and_there) {
  auto& one = form("T1");
  const auto id = accept(one);
  send(id, Told::not_taken);
  records.applied(one);
  move(id, State::rejected);
  records.judge_the_end();
  EXPECT_EQ(broken(), "P6");
}

TEST_F(Judge, still_waiting_at_the_end) {
  accept(form("T1"));
  records.judge_the_end();
  EXPECT_EQ(broken(), "P6");
}

TEST_F(Judge, acknowledged_and_not_in_custody) {
  form("T1").acknowledged = true;
  records.judge_the_end();
  EXPECT_EQ(broken(), "P2");
}

TEST_F(Judge, who_waits_for_nobody_is_forgotten) {
  accept(form("T1"));
  clock.advance(std::chrono::hours(2));
  records.judge_rest([](const Form&) { return false; }, std::chrono::hours(1));
  EXPECT_EQ(broken(), "liveness");
}

TEST_F(Judge, who_waits_behind_a_held_record_is_not_forgotten) {
  move(accept(form("T1")), State::held, HoldReason::person);
  accept(form("T2"));
  clock.advance(std::chrono::hours(2));
  records.judge_rest([](const Form&) { return false; }, std::chrono::hours(1));
  EXPECT_EQ(broken(), "");
}

TEST_F(Judge, sent_again_without_a_look) {
  const auto id = accept(form("T1"));
  send(id, Told::nothing);
  move(id, State::unknown);
  move(id, State::deferred);
  EXPECT_EQ(broken(), "P5");
}

TEST_F(Judge, sent_again_after_a_look_that_came_too_early) {
  const auto id = accept(form("T1"));
  send(id, Told::nothing);
  move(id, State::unknown);
  clock.advance(latest_effect - std::chrono::milliseconds(1));
  records.looked("33", false);
  move(id, State::deferred);
  EXPECT_EQ(broken(), "P5");
}

TEST_F(Judge, a_look_after_the_wait_gives_a_right_to_send_again) {
  const auto id = accept(form("T1"));
  send(id, Told::nothing);
  move(id, State::unknown);
  clock.advance(latest_effect);
  records.looked("33", false);
  move(id, State::deferred);
  deliver(id);
  EXPECT_EQ(broken(), "");
}

TEST_F(Judge, a_look_at_something_else_gives_none) {
  const auto id = accept(form("T1"));
  send(id, Told::nothing);
  move(id, State::unknown);
  clock.advance(latest_effect);
  records.looked("33", true);
  move(id, State::deferred);
  EXPECT_EQ(broken(), "P5");
}

TEST_F(Judge, only_a_route_that_may_repeats_without_a_look) {
  const auto id = accept(form("T1"));
  send(id, Told::nothing);
  move(id, State::unknown);
  may_repeat = true;
  move(id, State::queued);
  EXPECT_EQ(broken(), "");
  send(id, Told::nothing);
  move(id, State::unknown);
  may_repeat = false;
  move(id, State::queued);
  EXPECT_EQ(broken(), "P5");
}

TEST_F(Judge, deferred_though_it_may_have_landed) {
  const auto id = accept(form("T1"));
  send(id, Told::nothing);
  move(id, State::deferred);
  send(id, Told::taken);
  EXPECT_EQ(broken(), "P5");
}

TEST_F(Judge, a_person_says_that_it_is_not_there) {
  const auto id = accept(form("T1"));
  send(id, Told::nothing);
  move(id, State::unknown);
  move(id, State::held, HoldReason::unknown);
  records.said(id, storage::Event::not_found);
  move(id, State::queued);
  EXPECT_EQ(broken(), "");
}

TEST_F(Judge, nobody_said_that_it_is_not_there) {
  const auto id = accept(form("T1"));
  send(id, Told::nothing);
  move(id, State::unknown);
  move(id, State::held, HoldReason::unknown);
  move(id, State::queued);
  EXPECT_EQ(broken(), "P5");
}

TEST_F(Judge, an_attempt_is_counted_that_was_given_back) {
  const auto id = accept(form("T1"));
  send(id, Told::not_taken);
  move(id, State::queued, HoldReason::none, 1);
  EXPECT_EQ(broken(), "attempts");
}

TEST_F(Judge, an_attempt_is_counted_that_was_refused_for_its_credentials) {
  const auto id = accept(form("T1"));
  send(id, Told::credentials_refused);
  move(id, State::deferred);
  EXPECT_EQ(broken(), "attempts");
}

TEST_F(Judge, an_attempt_is_counted_that_never_left) {
  const auto id = accept(form("T1"));
  move(id, State::in_flight);
  move(id, State::deferred);
  EXPECT_EQ(broken(), "attempts");
}

TEST_F(Judge, an_attempt_is_counted_while_the_server_fails_everybody) {
  failing = true;
  const auto id = accept(form("T1"));
  send(id, Told::not_taken);
  move(id, State::deferred);
  EXPECT_EQ(broken(), "attempts");
}

TEST_F(Judge, an_attempt_that_ended_is_not_counted) {
  const auto id = accept(form("T1"));
  send(id, Told::not_taken);
  move(id, State::deferred, HoldReason::none, 0);
  EXPECT_EQ(broken(), "attempts");
}

TEST_F(Judge, who_was_tried_often_for_long_may_expire) {
  const auto id = accept(form("T1"));
  for (int i = 0; i < 5; ++i) {
    send(id, Told::not_taken);
    move(id, State::deferred);
  }
  served = std::chrono::hours(3);
  move(id, State::expired);
  EXPECT_EQ(broken(), "");
}

TEST_F(Judge, expired_while_it_could_not_be_sent) {
  const auto id = accept(form("T1"));
  for (int i = 0; i < 5; ++i) {
    send(id, Told::not_taken);
    move(id, State::deferred);
  }
  clock.advance(std::chrono::hours(3));
  move(id, State::expired);
  EXPECT_EQ(broken(), "age");
}

TEST_F(Judge, expired_and_hardly_ever_tried) {
  const auto id = accept(form("T1"));
  send(id, Told::not_taken);
  move(id, State::deferred);
  served = std::chrono::hours(3);
  move(id, State::expired);
  EXPECT_EQ(broken(), "age");
}

TEST_F(Judge, what_waits_for_whom) {
  auto& dose = form("T1");
  auto& person = form("T2");
  dose.requirements = person.provides = {"person"};
  const auto blocked = accept(dose, State::blocked);
  const auto giver = accept(person);
  const auto behind = accept(form("T3"));
  const auto other = accept(form("T4", "34"));
  const auto fault = [&](const storage::SubmissionId& of, std::optional<storage::SubmissionId> whom, bool needs) {
    return fault_of(records, {whom, needs}, *records.find(of));
  };
  EXPECT_EQ(fault(blocked, giver, true), "");
  EXPECT_EQ(fault(giver, std::nullopt, false), "") << "it passes the one that needs it";
  EXPECT_EQ(fault(behind, blocked, false), "");
  EXPECT_EQ(fault(other, std::nullopt, false), "");
  EXPECT_NE(fault(blocked, std::nullopt, false), "");
  EXPECT_NE(fault(blocked, other, true), "");
  for (const bool needs : {false, true}) EXPECT_NE(fault(behind, giver, needs), "");
  for (const auto& whom : {behind, giver}) EXPECT_NE(fault(other, whom, false), "");
  const auto last = accept(form("T5", "34"));
  EXPECT_NE(fault(last, std::nullopt, false), "");
  move(last, State::in_flight);
  EXPECT_EQ(fault(last, std::nullopt, false), "") << "it is on its way";
}

TEST_F(Judge, a_restore_excuses_only_what_it_forgot) {
  auto& one = form("T1");
  auto& late = form("T2", "34");
  const auto in_backup = accept(one);
  const auto after_it = accept(late);
  deliver(after_it);
  storage::Submission s;
  s.id = in_backup;
  s.state = State::unknown;
  s.version = 9;
  records.begin_restore();
  records.restored(in_backup, s);
  records.end_restore();
  EXPECT_TRUE(records.find(in_backup)->from_backup);
  EXPECT_TRUE(records.find(after_it)->lost);
  EXPECT_EQ(broken(), "");
  for (int i = 0; i < 2; ++i) records.applied(one);
  EXPECT_EQ(broken(), "P5");
}

}  // namespace
}  // namespace titip::simulation
