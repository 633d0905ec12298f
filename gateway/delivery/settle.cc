#include "gateway/delivery/settle.h"

#include <algorithm>

namespace titip::delivery {
namespace {

using rules::OutcomeKind;
using rules::ProbeResult;
using storage::Event;
using storage::Outcome;
using storage::Settlement;
using storage::Submission;

Settlement begin(const Submission& record, const AttemptEnd& end, bool probe) {
  Settlement settlement;
  settlement.id = record.id;
  settlement.expected_version = record.version;
  settlement.backoff_steps = record.backoff_steps;
  settlement.aging_since = record.aging_since;
  settlement.attempt.probe = probe;
  settlement.attempt.opened_at = end.opened_at;
  settlement.attempt.ended_at = end.ended_at;
  return settlement;
}

void defer(Settlement& settlement, const Submission& record, const AttemptEnd& end, std::chrono::seconds retry_after,
           const SettlePolicy& policy) {
  settlement.backoff_steps = record.backoff_steps + 1;
  if (!settlement.aging_since) settlement.aging_since = end.served;
  settlement.due_at = end.ended_at + rules::backoff(policy.backoff, settlement.backoff_steps, end.uniform, retry_after);
}

// Back to the queue as if nothing had been tried: an outage burns no attempts.
void give_back(Settlement& settlement, Outcome outcome, const AttemptEnd& end) {
  settlement.event = Event::returned;
  settlement.attempt.outcome = outcome;
  settlement.due_at = end.ended_at;
}

}  // namespace

storage::WallTime first_probe_at(storage::WallTime ended_at, const SettlePolicy& policy) {
  return ended_at + std::min(policy.late_apply_wait, policy.backoff.first);
}

bool has_expired(const Submission& record, std::optional<std::chrono::milliseconds> served,
                 const SettlePolicy& policy) {
  return rules::is_too_old(policy.maximum_age, record.aging_since, served, record.attempts);
}

Settlement settle_send(const Submission& record, const rules::Classified& classified, const AttemptEnd& end,
                       int http_status, std::chrono::seconds retry_after, const SettlePolicy& policy) {
  auto settlement = begin(record, end, false);
  settlement.attempt.rule = classified.rule;
  settlement.attempt.http_status = static_cast<std::uint16_t>(http_status);
  settlement.counts_as_attempt = true;
  switch (classified.outcome) {
    case OutcomeKind::delivered:
      settlement.event = Event::delivered;
      settlement.attempt.outcome = Outcome::delivered;
      return settlement;
    case OutcomeKind::blocked:
      if (!record.requirements.empty()) {
        // The store knows whether it is still to come; if it is not, the record is deferred, and the third time
        // rejected.
        settlement.event = Event::blocked;
        settlement.attempt.outcome = Outcome::blocked;
        defer(settlement, record, end, retry_after, policy);
        return settlement;
      }
      [[fallthrough]];  // nothing it waits for can be in our custody, so waiting would never end
    case OutcomeKind::rejected:
      settlement.event = Event::rejected;
      settlement.attempt.outcome = Outcome::rejected;
      return settlement;
    case OutcomeKind::duplicate:
      // It is there already. For a correction or an update that may be the record it changes: compare the fields, where
      // the route can.
      if ((!record.correction && !end.route.update) || end.route.after_unknown != profile::AfterUnknown::probe) {
        settlement.event = Event::delivered;
        settlement.attempt.outcome = Outcome::delivered;
        return settlement;
      }
      [[fallthrough]];
    case OutcomeKind::unknown:
      settlement.event = Event::went_unknown;
      settlement.attempt.outcome = Outcome::unknown;
      settlement.due_at = first_probe_at(end.ended_at, policy);
      settlement.aging_since.reset();  // it waits for an answer now, not for a place
      return settlement;
    case OutcomeKind::credentials_refused:
    case OutcomeKind::login_expired:
      settlement.counts_as_attempt = false;
      give_back(settlement, Outcome::credentials_refused, end);
      // It keeps its place, so that after each wait the same record tries: the others cost the account nothing.
      if (classified.outcome == OutcomeKind::credentials_refused)
        settlement.due_at = std::min(end.ended_at, record.due_at.value_or(end.ended_at));
      return settlement;
    case OutcomeKind::deferred:
      break;
  }
  if (!end.breaker_closed) {
    settlement.counts_as_attempt = false;
    give_back(settlement, Outcome::deferred, end);
    return settlement;
  }
  settlement.event = Event::deferred;
  settlement.attempt.outcome = Outcome::deferred;
  defer(settlement, record, end, retry_after, policy);
  return settlement;
}

Settlement settle_probe(const Submission& record, ProbeResult result, const AttemptEnd& end, bool may_decide,
                        storage::WallTime decides_at, const SettlePolicy& policy) {
  auto settlement = begin(record, end, true);
  const bool is_create = !end.route.update && !record.correction;
  const auto ask_again = [&](storage::WallTime at) {
    settlement.event = Event::probe_inconclusive;
    settlement.due_at = at;
  };
  const auto give_up = [&] {
    settlement.event = Event::gave_up_probing;
    settlement.hold_reason = storage::HoldReason::unknown;
  };
  const auto not_there = [&] {
    if (!may_decide) return ask_again(std::max(decides_at, end.ended_at));
    if (record.unknown_attempts >= policy.maximum_unknown_attempts && end.breaker_closed) {
      return give_up();
    }
    settlement.event = Event::not_found;
    defer(settlement, record, end, {}, policy);
  };
  switch (result) {
    case ProbeResult::found_equal:
      settlement.attempt.outcome = Outcome::found;
      // What an update writes may have stood there before it. If its attempt were applied after the next record's, the
      // server would keep the older value: so the attempt must be over for good first.
      if (!is_create && !may_decide) {
        ask_again(std::max(decides_at, end.ended_at));
      } else {
        settlement.event = Event::delivered;
      }
      break;
    case ProbeResult::found_other:
      settlement.attempt.outcome = Outcome::found_other;
      if (is_create && !may_decide) {
        // Somebody else's values stand there; ours may still be applied over them. Whoever cancelled the conflict
        // before that frees its key for a second submission of what then lands.
        ask_again(std::max(decides_at, end.ended_at));
      } else if (is_create) {
        settlement.event = Event::found_other;
        settlement.hold_reason = storage::HoldReason::conflict;
      } else {
        not_there();
      }
      break;
    case ProbeResult::absent:
      settlement.attempt.outcome = Outcome::not_found;
      not_there();
      break;
    case ProbeResult::inconclusive: {
      settlement.attempt.outcome = Outcome::inconclusive;
      const bool too_old = record.unknown_since && end.ended_at - *record.unknown_since > policy.maximum_unknown_age;
      if (too_old && record.probes + 1 >= policy.minimum_probes) {
        give_up();
      } else {
        ask_again(end.ended_at + rules::backoff(policy.backoff, record.probes + 1, end.uniform));
      }
      break;
    }
  }
  return settlement;
}

}  // namespace titip::delivery
