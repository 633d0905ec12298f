#include "gateway/delivery/settle.h"

#include <gtest/gtest.h>

#include <fmt/format.h>

namespace titip::delivery {
namespace {

using namespace std::chrono_literals;
using rules::OutcomeKind;
using rules::ProbeResult;
using storage::Event;
using storage::HoldReason;
using storage::Outcome;

const storage::WallTime opened{1'629'075'600'000ms};
const storage::WallTime ended = opened + 250ms;

SettlePolicy policy() {
  return {.backoff = {.first = 2s, .max = 900s},
          .late_apply_wait = 120s,
          .maximum_unknown_age = 24h,
          .maximum_unknown_attempts = 5};
}

storage::Submission record() {
  storage::Submission made;
  made.id = storage::SubmissionId::make(opened);
  made.version = 7;
  made.backoff_steps = 2;
  return made;
}

profile::Route route(bool update = false) {
  profile::Route made;
  made.id = "vaksin/simpan";
  made.update = update;
  return made;
}

struct SendRow {
  OutcomeKind outcome;
  bool breaker_closed;
  Event event;
  Outcome line;
  bool counts;
  std::optional<std::chrono::milliseconds> due_after;  // since the end
  std::uint32_t steps;
};

// With uniform 0.5 the third step waits half of 8 s.
const SendRow send_rows[] = {
    {OutcomeKind::delivered, true, Event::delivered, Outcome::delivered, true, std::nullopt, 2},
    {OutcomeKind::delivered, false, Event::delivered, Outcome::delivered, true, std::nullopt, 2},
    {OutcomeKind::duplicate, true, Event::delivered, Outcome::delivered, true, std::nullopt, 2},
    {OutcomeKind::duplicate, false, Event::delivered, Outcome::delivered, true, std::nullopt, 2},
    {OutcomeKind::deferred, true, Event::deferred, Outcome::deferred, true, 4s, 3},
    {OutcomeKind::deferred, false, Event::returned, Outcome::deferred, false, 0s, 2},
    {OutcomeKind::rejected, true, Event::rejected, Outcome::rejected, true, std::nullopt, 2},
    {OutcomeKind::rejected, false, Event::rejected, Outcome::rejected, true, std::nullopt, 2},
    {OutcomeKind::unknown, true, Event::went_unknown, Outcome::unknown, true, 2s, 2},
    {OutcomeKind::unknown, false, Event::went_unknown, Outcome::unknown, true, 2s, 2},
    {OutcomeKind::blocked, true, Event::rejected, Outcome::rejected, true, std::nullopt, 2},
    {OutcomeKind::blocked, false, Event::rejected, Outcome::rejected, true, std::nullopt, 2},
    {OutcomeKind::credentials_refused, true, Event::returned, Outcome::credentials_refused, false, 0s, 2},
    {OutcomeKind::credentials_refused, false, Event::returned, Outcome::credentials_refused, false, 0s, 2},
    {OutcomeKind::login_expired, true, Event::returned, Outcome::credentials_refused, false, 0s, 2},
    {OutcomeKind::login_expired, false, Event::returned, Outcome::credentials_refused, false, 0s, 2},
};

// After each wait the same record tries whether the server lets its user in.
TEST(SettleSend, what_is_refused_for_its_credentials_keeps_its_place) {
  const auto the_route = route();
  auto waiting = record();
  waiting.due_at = opened - 1h;
  const auto due_after = [&](OutcomeKind outcome) {
    return settle_send(waiting, {outcome, "x", true, ""}, {opened, ended, the_route, true, 0.5}, 401, {}, policy())
        .due_at;
  };
  EXPECT_EQ(due_after(OutcomeKind::credentials_refused), opened - 1h);
  EXPECT_EQ(due_after(OutcomeKind::login_expired), ended);
}

// "It is there already" may speak of the record that a correction corrects: only the fields can tell.
TEST(SettleSend, a_duplicate_correction_or_update_is_asked_after) {
  for (const bool update : {false, true}) {
    auto the_route = route(update);
    the_route.after_unknown = profile::AfterUnknown::probe;
    auto changing = record();
    changing.correction = !update;
    const auto settlement = settle_send(changing, {OutcomeKind::duplicate, "duplicate", true, "words"},
                                        {opened, ended, the_route, true, 0.5}, 428, {}, policy());
    EXPECT_EQ(settlement.event, Event::went_unknown) << update;
    EXPECT_EQ(settlement.attempt.outcome, Outcome::unknown) << update;
    the_route.after_unknown = profile::AfterUnknown::repeat;  // nothing can be compared, and it is there
    EXPECT_EQ(settle_send(changing, {OutcomeKind::duplicate, "duplicate", true, "words"},
                          {opened, ended, the_route, true, 0.5}, 428, {}, policy())
                  .event,
              Event::delivered)
        << update;
  }
}

// Only the store knows whether what is missing is still to come.
TEST(SettleSend, what_the_server_misses_is_the_stores_to_judge_where_the_record_requires_something) {
  auto needing = record();
  needing.requirements = {storage::Digest{1}};
  const auto the_route = route();
  const auto settlement = settle_send(needing, {OutcomeKind::blocked, "no-visit", true, "words"},
                                      {opened, ended, the_route, true, 0.5}, 412, {}, policy());
  EXPECT_EQ(settlement.event, Event::blocked);
  EXPECT_EQ(settlement.attempt.outcome, Outcome::blocked);
  EXPECT_TRUE(settlement.counts_as_attempt);
  EXPECT_EQ(settlement.backoff_steps, 3U);
  EXPECT_EQ(settlement.due_at, ended + 4s) << "if it is here already, the server is asked again later";
}

TEST(SettleSend, every_outcome_with_the_breaker_closed_and_open) {
  const auto the_route = route();
  for (const auto& row : send_rows) {
    const auto name = fmt::format("outcome {} breaker_closed {}", static_cast<int>(row.outcome), row.breaker_closed);
    const auto before = record();
    const auto settlement = settle_send(before, {row.outcome, "a-rule", true, "words"},
                                        {opened, ended, the_route, row.breaker_closed, 0.5}, 201, {}, policy());
    EXPECT_EQ(settlement.id, before.id) << name;
    EXPECT_EQ(settlement.expected_version, 7U) << name;
    EXPECT_EQ(settlement.event, row.event) << name;
    EXPECT_EQ(settlement.attempt.outcome, row.line) << name;
    EXPECT_EQ(settlement.attempt.rule, "a-rule") << name;
    EXPECT_EQ(settlement.attempt.http_status, 201) << name;
    EXPECT_EQ(settlement.attempt.opened_at, opened) << name;
    EXPECT_EQ(settlement.attempt.ended_at, ended) << name;
    EXPECT_FALSE(settlement.attempt.probe) << name;
    EXPECT_EQ(settlement.counts_as_attempt, row.counts) << name;
    EXPECT_EQ(settlement.backoff_steps, row.steps) << name;
    EXPECT_EQ(settlement.due_at, row.due_after ? std::optional(ended + *row.due_after) : std::nullopt) << name;
    EXPECT_TRUE(storage::next_state(storage::State::in_flight, settlement.event)) << name << ": not in the state table";
  }
}

// The age of what is put off begins with the first time, and nothing but being held or asked about ends it.
TEST(SettleSend, when_an_age_begins) {
  using Reading = std::optional<std::chrono::milliseconds>;
  const struct {
    const char* name;
    OutcomeKind outcome;
    bool breaker_closed;
    Reading before;
    Reading served;
    Reading after;
  } rows[] = {
      {"put off for the first time", OutcomeKind::deferred, true, {}, 10h, 10h},
      {"again", OutcomeKind::deferred, true, 10h, 20h, 10h},
      {"the clock is not known yet", OutcomeKind::deferred, true, {}, {}, {}},
      {"not known again", OutcomeKind::deferred, true, 10h, {}, 10h},
      {"an outage begins no age", OutcomeKind::deferred, false, {}, 10h, {}},
      {"and ends none", OutcomeKind::deferred, false, 10h, 20h, 10h},
      {"nor do credentials", OutcomeKind::credentials_refused, true, 10h, 20h, 10h},
      {"unknown: it waits for an answer now", OutcomeKind::unknown, true, 10h, 20h, {}},
  };
  const auto the_route = route();
  for (const auto& row : rows) {
    auto before = record();
    before.aging_since = row.before;
    const AttemptEnd end{opened, ended, the_route, row.breaker_closed, 0.5, row.served};
    EXPECT_EQ(settle_send(before, {row.outcome, "r", true, ""}, end, 429, {}, policy()).aging_since, row.after)
        << row.name;
  }
  const auto asked =
      settle_probe(record(), ProbeResult::absent, {opened, ended, the_route, true, 0.5, 30h}, true, ended, policy());
  EXPECT_EQ(asked.aging_since, 30h) << "not there: it waits in the queue again";
}

TEST(HasExpired, goes_by_the_records_own_age_and_tries) {
  auto old = record();
  old.aging_since = 10h;
  old.attempts = 5;
  EXPECT_FALSE(has_expired(old, 10h + 24h * 7, policy()));
  EXPECT_TRUE(has_expired(old, 10h + 24h * 7 + 1ms, policy()));
  EXPECT_FALSE(has_expired(old, std::nullopt, policy()));
  old.attempts = 4;
  EXPECT_FALSE(has_expired(old, 10h + 24h * 70, policy()));
}

TEST(SettleSend, waits_as_long_as_the_server_asks) {
  const auto the_route = route();
  const auto due = [&](std::chrono::seconds retry_after) {
    return *settle_send(record(), {OutcomeKind::deferred, "r", false, ""}, {opened, ended, the_route, true, 0.5}, 429,
                        retry_after, policy())
                .due_at -
           ended;
  };
  EXPECT_EQ(due(0s), 4s);
  EXPECT_EQ(due(1s), 4s) << "the longer of both";
  EXPECT_EQ(due(30s), 30s);
  EXPECT_EQ(due(100'000s), 1h) << "but not for ever";
}

TEST(SettleSend, the_first_question_comes_no_later_than_the_late_apply_wait) {
  auto short_wait = policy();
  short_wait.late_apply_wait = 300ms;
  EXPECT_EQ(first_probe_at(ended, short_wait), ended + 300ms);
  EXPECT_EQ(first_probe_at(ended, policy()), ended + 2s);
}

enum class Kind { create, update, correction };

struct ProbeRow {
  const char* name;
  ProbeResult result;
  std::vector<Kind> kinds;
  bool may_decide;
  bool breaker_closed;
  std::uint32_t unknown_attempts;
  Event event;
  Outcome line;
  HoldReason hold;
  std::optional<std::chrono::milliseconds> due_after;
};

const std::vector<Kind> all{Kind::create, Kind::update, Kind::correction};
const std::vector<Kind> changes{Kind::update, Kind::correction};
constexpr auto decides_after = 90s;

const ProbeRow probe_rows[] = {
    {"a change found at once: it may have stood there before", ProbeResult::found_equal, changes, false, true, 1,
     Event::probe_inconclusive, Outcome::found, HoldReason::none, decides_after},
    {"found at once",
     ProbeResult::found_equal,
     {Kind::create},
     false,
     true,
     1,
     Event::delivered,
     Outcome::found,
     HoldReason::none,
     {}},
    {"found late",
     ProbeResult::found_equal,
     all,
     true,
     true,
     5,
     Event::delivered,
     Outcome::found,
     HoldReason::none,
     {}},
    {"found while the breaker is open",
     ProbeResult::found_equal,
     all,
     true,
     false,
     9,
     Event::delivered,
     Outcome::found,
     HoldReason::none,
     {}},
    {"a create with other values",
     ProbeResult::found_other,
     {Kind::create},
     true,
     true,
     1,
     Event::found_other,
     Outcome::found_other,
     HoldReason::conflict,
     {}},
    {"a create with other values, early",
     ProbeResult::found_other,
     {Kind::create},
     false,
     true,
     1,
     Event::probe_inconclusive,
     Outcome::found_other,
     HoldReason::none,
     decides_after},
    {"a change not there yet, early", ProbeResult::found_other, changes, false, true, 1, Event::probe_inconclusive,
     Outcome::found_other, HoldReason::none, decides_after},
    {"a change never applied", ProbeResult::found_other, changes, true, true, 1, Event::not_found, Outcome::found_other,
     HoldReason::none, 4s},
    {"a change never applied, five times",
     ProbeResult::found_other,
     changes,
     true,
     true,
     5,
     Event::gave_up_probing,
     Outcome::found_other,
     HoldReason::unknown,
     {}},
    {"absent, early", ProbeResult::absent, all, false, true, 1, Event::probe_inconclusive, Outcome::not_found,
     HoldReason::none, decides_after},
    {"absent, early, five times", ProbeResult::absent, all, false, true, 5, Event::probe_inconclusive,
     Outcome::not_found, HoldReason::none, decides_after},
    {"absent", ProbeResult::absent, all, true, true, 1, Event::not_found, Outcome::not_found, HoldReason::none, 4s},
    {"absent, four times", ProbeResult::absent, all, true, true, 4, Event::not_found, Outcome::not_found,
     HoldReason::none, 4s},
    {"absent, five times",
     ProbeResult::absent,
     all,
     true,
     true,
     5,
     Event::gave_up_probing,
     Outcome::not_found,
     HoldReason::unknown,
     {}},
    {"absent, five times, in an outage", ProbeResult::absent, all, true, false, 5, Event::not_found, Outcome::not_found,
     HoldReason::none, 4s},
    {"no clear answer", ProbeResult::inconclusive, all, true, true, 1, Event::probe_inconclusive, Outcome::inconclusive,
     HoldReason::none, 2s},
    {"no clear answer, early", ProbeResult::inconclusive, all, false, true, 9, Event::probe_inconclusive,
     Outcome::inconclusive, HoldReason::none, 2s},
};

TEST(SettleProbe, every_result_for_creates_updates_and_corrections) {
  for (const auto& row : probe_rows) {
    for (const auto kind : row.kinds) {
      const auto name = fmt::format("{} (kind {})", row.name, static_cast<int>(kind));
      const auto the_route = route(kind == Kind::update);
      auto before = record();
      before.correction = kind == Kind::correction;
      before.unknown_attempts = row.unknown_attempts;
      before.unknown_since = opened - 1min;
      before.probes = 1;
      const auto settlement = settle_probe(before, row.result, {opened, ended, the_route, row.breaker_closed, 0.5},
                                           row.may_decide, ended + decides_after, policy());
      EXPECT_EQ(settlement.event, row.event) << name;
      EXPECT_EQ(settlement.attempt.outcome, row.line) << name;
      EXPECT_EQ(settlement.hold_reason, row.hold) << name;
      EXPECT_EQ(settlement.due_at, row.due_after ? std::optional(ended + *row.due_after) : std::nullopt) << name;
      EXPECT_TRUE(settlement.attempt.probe) << name;
      EXPECT_FALSE(settlement.counts_as_attempt) << name;
      EXPECT_EQ(settlement.expected_version, 7U) << name;
      EXPECT_TRUE(storage::next_state(storage::State::unknown, settlement.event)) << name << ": not in the state table";
    }
  }
}

TEST(SettleProbe, gives_up_when_it_was_asked_often_and_long_enough) {
  const auto the_route = route();
  struct Row {
    ProbeResult result;
    bool may_decide;
    std::chrono::milliseconds age;
    std::uint32_t probes_before;
    Event event;
  };
  const Row rows[] = {
      {ProbeResult::inconclusive, true, 24h, 9, Event::probe_inconclusive},
      {ProbeResult::inconclusive, true, 24h + 1ms, 4, Event::gave_up_probing},
      {ProbeResult::inconclusive, true, 24h + 1ms, 3, Event::probe_inconclusive},  // an outage of a day asked nothing
      {ProbeResult::absent, false, 24h + 1ms, 9, Event::probe_inconclusive},
      {ProbeResult::absent, true, 24h + 1ms, 9, Event::not_found},
      {ProbeResult::found_equal, true, 48h, 9, Event::delivered},
  };
  for (const auto& row : rows) {
    auto before = record();
    before.unknown_since = ended - row.age;
    before.probes = row.probes_before;
    const auto settlement =
        settle_probe(before, row.result, {opened, ended, the_route, true, 0.5}, row.may_decide, ended + 1s, policy());
    EXPECT_EQ(settlement.event, row.event) << static_cast<int>(row.result) << " after " << row.age.count();
    if (row.event == Event::gave_up_probing) {
      EXPECT_EQ(settlement.hold_reason, HoldReason::unknown);
      EXPECT_FALSE(settlement.due_at);
    }
  }
}

// The read took longer than what was left of the wait: the next one may start at once, but never in the past.
TEST(SettleProbe, is_never_due_before_its_end) {
  const auto the_route = route();
  const auto settlement =
      settle_probe(record(), ProbeResult::absent, {opened, ended, the_route, true, 0.5}, false, ended - 1s, policy());
  EXPECT_EQ(settlement.due_at, ended);
}

}  // namespace
}  // namespace titip::delivery
