// The judge must find every lie it is told.
#include "tests/simulation/records.h"

#include <gtest/gtest.h>

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
    storage::Submission s;
    s.id = id;
    s.state = to;
    s.hold_reason = reason;
    s.version = ++versions_[id];
    records.committed(id, s);
  }
  void deliver(const storage::SubmissionId& id) {
    move(id, State::in_flight);
    records.sending(*records.find(id));
    records.applied(*records.find(id)->form);
    move(id, State::delivered);
  }
  std::string broken() const { return findings.first() ? findings.first()->promise : ""; }

  tests::FakeClock clock;
  Findings findings{clock, false};
  Records records{findings};

 private:
  std::uint8_t last_ = 0;
  std::map<storage::SubmissionId, std::uint32_t> versions_;
};

TEST_F(Judge, an_honest_day_breaks_nothing) {
  auto& first = form("T1");
  auto& second = form("T2");
  const auto a = accept(first);
  const auto b = accept(second);
  deliver(a);
  deliver(b);
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
  move(a, State::in_flight);
  move(a, State::unknown);
  move(a, State::deferred);  // said not to be there, and then it comes after all
  move(a, State::cancelled);
  deliver(b);
  records.applied(first);
  EXPECT_EQ(broken(), "order");
}

TEST_F(Judge, delivered_and_never_seen) {
  const auto id = accept(form("T1"));
  move(id, State::in_flight);
  move(id, State::delivered);
  records.judge_the_end();
  EXPECT_EQ(broken(), "P6");
}

TEST_F(Judge, rejected_and_there) {
  auto& one = form("T1");
  const auto id = accept(one);
  move(id, State::in_flight);
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

}  // namespace
}  // namespace titip::simulation
