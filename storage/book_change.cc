#include <algorithm>
#include <utility>

#include "storage/book.h"
#include "storage/keys.h"
#include "storage/tables.h"

namespace titip::storage {
namespace {

// The probe events and the end of an attempt; all else is a transition's.
bool ends_an_attempt_or_probe(State from) {
  return from == State::in_flight || from == State::unknown;
}

Changed stale(const std::optional<Record>& record) {
  if (!record) return {};
  return {Applied::stale, record->submission.version, record->submission.state};
}

Changed applied(const Record& record) {
  return {Applied::yes, record.submission.version, record.submission.state};
}

HoldReason reason_of(Event event, HoldReason given) {
  if (given != HoldReason::none) return given;
  switch (event) {
    case Event::gave_up_probing:
      return HoldReason::unknown;
    case Event::found_other:
      return HoldReason::conflict;
    case Event::requirement_failed:
      return HoldReason::requirement;
    default:
      return HoldReason::person;
  }
}

// It may have landed: what it stands for must not be accepted a second time.
bool stays_bound(const Submission& before) {
  return before.state == State::held && before.hold_reason == HoldReason::unknown;
}

}  // namespace

void Book::foresee(const SubmissionId& id) {
  staging_.want(Family::meta, keys::of(id));
  staging_.want(Family::open, keys::of(id));
}

void Book::foresee_line(const SubmissionId& id) {
  const std::string* bytes = staging_.get(Family::meta, keys::of(id));
  const auto record = bytes != nullptr ? decode_record(*bytes) : std::nullopt;
  if (!record) return;
  const Submission& s = record->submission;
  staging_.want(Family::head, keys::of(s.ordering_key));
  if (s.natural_key) staging_.want(Family::natural, keys::of(*s.natural_key));
  staging_.want(Family::counts, keys::destination_counts(s.destination));
  staging_.want(Family::counts, keys::lane_count(lane_of(s)));
}

Changed Book::open_attempt(const OpenAttempt& open) {
  auto record = read_record(staging_, open.id);
  if (!record || record->submission.version != open.expected_version) return stale(record);
  const Submission before = record->submission;
  const auto next = next_state(before.state, Event::attempt_opened);
  // One at a time per key: only the head may go, whatever the caller believes.
  if (!next || !line_.is_head(before)) return stale(record);
  Attempt mark = open.attempt;
  mark.number = ++record->lines;
  mark.probe = false;
  mark.ended_at.reset();
  mark.outcome = Outcome::unsettled;
  staging_.put(Family::open, keys::of(open.id), encode(mark));
  enter_state(*record, {.state = *next, .event = Event::attempt_opened, .due_at = {}, .at = now_});
  commit_change(before, *record);
  return applied(*record);
}

Changed Book::settle(Settlement settlement) {
  auto record = read_record(staging_, settlement.id);
  if (!record || record->submission.version != settlement.expected_version) return stale(record);
  const Submission before = record->submission;
  const auto next = next_state(before.state, settlement.event);
  if (!next || !ends_an_attempt_or_probe(before.state)) return stale(record);

  const WallTime at = settlement.attempt.ended_at.value_or(now_);
  Submission& s = record->submission;
  std::optional<Attempt> mark;
  if (before.state == State::in_flight) {
    mark = read(staging_, Family::open, keys::of(s.id), decode_attempt);
    if (!mark) {
      staging_.fail(Error::corrupt);  // in flight without a mark
      return stale(record);
    }
    staging_.erase(Family::open, keys::of(s.id));
    settlement.attempt.ended_at = at;
    settlement.attempt.probe = false;
  }
  if (settlement.counts_as_attempt) ++s.attempts;
  if (settlement.attempt.probe) ++s.probes;
  s.backoff_steps = settlement.backoff_steps;
  if (settlement.event == Event::went_unknown) {
    ++s.unknown_attempts;
    s.unknown_since = at;
  }
  if (!settlement.attempt.rule.empty()) s.outcome_rule = settlement.attempt.rule;
  if (!settlement.reply.empty()) staging_.put(Family::reply, keys::of(s.id), encode(settlement.reply));
  // A decision without an attempt or probe of its own (repeat_allowed) leaves no line.
  if (settlement.attempt.ended_at) append_line(*record, std::move(settlement.attempt), mark);
  enter_state(*record, {*next, settlement.event, settlement.hold_reason, settlement.due_at, at});
  commit_change(before, *record);
  return applied(*record);
}

Changed Book::transition(const Transition& transition) {
  auto record = read_record(staging_, transition.id);
  if (!record || record->submission.version != transition.expected_version ||
      record->submission.state != transition.expected_state) {
    return stale(record);
  }
  const Submission before = record->submission;
  const auto next = next_state(before.state, transition.event, before.hold_reason, before.held_from);
  // Attempts are opened and ended by their own calls, which keep the open mark.
  const bool is_an_attempt = before.state == State::in_flight || transition.event == Event::attempt_opened;
  if (!next || is_an_attempt) return stale(record);
  if (transition.event == Event::delivered) record->submission.outcome_rule = "person";  // somebody says it landed
  enter_state(*record, {*next, transition.event, transition.hold_reason, transition.due_at, now_});
  commit_change(before, *record);
  return applied(*record);
}

bool Book::lost_attempt(const SubmissionId& id, Attempt mark) {
  auto record = read_record(staging_, id);
  if (!record) return false;
  staging_.erase(Family::open, keys::of(id));
  if (record->submission.state != State::in_flight) return true;
  const Submission before = record->submission;
  ++record->submission.attempts;
  ++record->submission.unknown_attempts;
  record->submission.unknown_since = now_;
  record->submission.outcome_rule = "restart";
  Attempt line = mark;
  line.ended_at = now_;
  line.outcome = Outcome::unknown;
  line.rule = "restart";
  append_line(*record, std::move(line), mark);
  enter_state(*record, {.state = State::unknown, .event = Event::went_unknown, .due_at = now_, .at = now_});
  commit_change(before, *record);
  return true;
}

void Book::enter_state(Record& record, const Entering& entering) {
  Submission& s = record.submission;
  if (entering.state == State::held) {
    s.held_from = s.state;
    s.hold_reason = reason_of(entering.event, entering.hold_reason);
  } else if (!is_terminal(entering.state)) {
    s.hold_reason = HoldReason::none;  // a terminal record still tells what it was held for
  }
  s.due_at.reset();
  if (due_class_of(entering.state)) s.due_at = entering.due_at.value_or(entering.at);
  if (is_terminal(entering.state)) s.settled_at = entering.at;
  s.state = entering.state;
  ++s.version;
}

void Book::commit_change(const Submission& before, const Record& after) {
  write_record(staging_, after);
  line_.changed(before, after.submission);
  leave_natural_chain(before, after.submission.state);
  count(before, after);
}

void Book::leave_natural_chain(const Submission& before, State to) {
  const bool leaves = to == State::rejected || to == State::cancelled || to == State::expired;
  if (!leaves || !before.natural_key || stays_bound(before)) return;
  std::string key = keys::of(*before.natural_key);
  auto chain = read(staging_, Family::natural, key, decode_chain);
  if (!chain || std::erase_if(*chain, [&](const Bound& member) { return member.id == before.id; }) != 1) {
    return staging_.fail(Error::corrupt);
  }
  if (chain->empty()) {
    staging_.erase(Family::natural, std::move(key));
  } else {
    staging_.put(Family::natural, std::move(key), encode(*chain));
  }
}

void Book::append_line(Record& record, Attempt attempt, const std::optional<Attempt>& mark) {
  const SubmissionId& id = record.submission.id;
  if (mark) {
    attempt.number = mark->number;
    attempt.opened_at = mark->opened_at;
    if (attempt.patched.empty()) attempt.patched = mark->patched;
  } else {
    attempt.number = ++record.lines;
  }
  staging_.put(Family::attempt, keys::attempt(id, attempt.number), encode(attempt));
  if (attempt.number > timeline_first_lines + timeline_last_lines) {
    staging_.erase(Family::attempt, keys::attempt(id, attempt.number - timeline_last_lines));
  }
}

void Book::count(const Submission& before, const Record& after) {
  std::string key = keys::destination_counts(before.destination);
  auto counts = read(staging_, Family::counts, key, decode_counts);
  const State to = after.submission.state;
  const bool settles = is_terminal(to);
  if (!counts || counts->by_state[static_cast<std::size_t>(before.state)] == 0 ||
      (settles && counts->payload_bytes_pending < after.payload_bytes)) {
    return staging_.fail(Error::corrupt);
  }
  --counts->by_state[static_cast<std::size_t>(before.state)];
  ++counts->by_state[static_cast<std::size_t>(to)];
  if (settles) counts->payload_bytes_pending -= after.payload_bytes;
  staging_.put(Family::counts, std::move(key), encode(*counts));
}

}  // namespace titip::storage
