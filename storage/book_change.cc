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

// What requirements do is the store's own to say.
bool is_of_a_requirement(Event event) {
  return event == Event::requirement_delivered || event == Event::requirement_failed ||
         event == Event::requirement_cancelled || event == Event::requirement_pending_again;
}

Changed stale(const std::optional<Record>& record) {
  if (!record) return {};
  return {Applied::stale, record->submission.version, record->submission.state, {}};
}

Changed fenced(const std::optional<Record>& record) {
  Changed changed = stale(record);
  changed.applied = Applied::fenced;
  return changed;
}

HoldReason reason_of(Event event, HoldReason given) {
  if (given != HoldReason::none && given != HoldReason::requirement) return given;  // that is the store's own to say
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

}  // namespace

void Book::foresee(const SubmissionId& id) {
  staging_.want(Family::meta, keys::of(id));
  staging_.want(Family::open, keys::of(id));
}

void Book::foresee_behind(const SubmissionId& id) {
  const std::string key = keys::of(id);
  const std::string* bytes = staging_.get(Family::meta, key);
  const auto record = bytes != nullptr ? decode_record({Family::meta, key}, *bytes) : std::nullopt;
  if (!record) return;
  const Submission& s = record->submission;
  staging_.want(Family::head, keys::of(s.ordering_key));
  staging_.want(due_.count_of(lane_of(s)));
  for (const auto* all : {&s.requirements, &s.provides, &s.references}) {
    for (const Digest& each : *all) staging_.want(Family::requirement, keys::of(each));
  }
  if (s.takes_back) staging_.want(Family::requirement, keys::of(*s.takes_back));
  tally_.foresee(s);
}

Changed Book::open_attempt(const OpenAttempt& open) {
  begin();
  auto record = read_record(staging_, open.id);
  if (is_fenced(open.epoch)) return fenced(record);
  if (!record || record->submission.version != open.expected_version) return stale(record);
  const Submission before = record->submission;
  const auto next = next_state(before.state, Event::attempt_opened);
  // One at a time per key: only the front may go, whatever the caller believes.
  if (!next || !line_.is_front(before)) return stale(record);
  Attempt mark = open.attempt;
  mark.number = ++record->lines;
  mark.probe = false;
  mark.ended_at.reset();
  mark.outcome = Outcome::unsettled;
  write(staging_, Family::open, keys::of(open.id), mark);
  enter_state(*record, {.state = *next, .event = Event::attempt_opened, .due_at = {}, .at = now_});
  commit_change(before, *record);
  return finished(*record);
}

Changed Book::settle(const Settlement& settlement) {
  begin();
  auto record = read_record(staging_, settlement.id);
  if (is_fenced(settlement.epoch)) return fenced(record);
  if (!record || record->submission.version != settlement.expected_version) return stale(record);
  const Submission before = record->submission;
  Submission& s = record->submission;
  if (!ends_an_attempt_or_probe(before.state) || !next_state(before.state, settlement.event)) return stale(record);
  const Event event = settlement.event == Event::blocked ? answer_to_blocked(s) : settlement.event;
  const State next = next_state(before.state, event).value_or(before.state);

  Attempt attempt = settlement.attempt;
  const WallTime at = attempt.ended_at.value_or(now_);
  std::optional<Attempt> mark;
  if (before.state == State::in_flight) {
    mark = read(staging_, Family::open, keys::of(s.id), decode_attempt);
    if (!mark) {
      staging_.fail(Error::corrupt);  // in flight without a mark
      return stale(record);
    }
    staging_.erase(Family::open, keys::of(s.id));
    attempt.ended_at = at;
    attempt.probe = false;
  }
  if (settlement.counts_as_attempt) ++s.attempts;
  if (attempt.probe) ++s.probes;
  s.backoff_steps = settlement.backoff_steps;
  s.aging_since = settlement.aging_since;
  if (event == Event::went_unknown) {
    ++s.unknown_attempts;
    s.unknown_since = at;
  }
  if (!attempt.rule.empty()) s.outcome_rule = attempt.rule;
  std::optional<WallTime> due_at = settlement.due_at;
  if (next == State::delivered) {
    take_numbers(s, settlement.resolved);
    due_at = requirements_.lacks_a_number(s) ? settlement.read_back_at : std::nullopt;
  }
  // What would be dropped by the same commit is not written first.
  const bool goes_at_once = next == State::delivered && settings_.erase_delivered_at_once && !due_at.has_value();
  if (goes_at_once) attempt.note = {};
  if (!settlement.reply.empty() && !goes_at_once) {
    write(staging_, Family::reply, keys::of(s.id), settlement.reply);
  }
  // A decision without an attempt or probe of its own (repeat_allowed) leaves no line.
  if (attempt.ended_at) append_line(*record, std::move(attempt), mark);
  enter_state(*record, {next, event, settlement.hold_reason, due_at, at});
  commit_change(before, *record);
  erase_if_asked(*record);
  return take_in_news(settlement.news, finished(*record));
}

// The server says that something is missing which this record declares to need.
Event Book::answer_to_blocked(Submission& s) {
  switch (requirements_.ask(s)) {
    case Requirements::Answer::failed:
      return Event::blocked;
    case Requirements::Answer::pending:
      return requirements_.crowded(s) ? Event::deferred : Event::blocked;
    case Requirements::Answer::clear:
      break;
  }
  return ++s.blocked_replies < most_blocked_replies ? Event::deferred : Event::rejected;
}

void Book::take_numbers(Submission& s, const std::vector<Resolved>& resolved) {
  const auto keep = [&](const Digest& reference) {
    if (std::ranges::find(s.references, reference) == s.references.end() &&
        s.references.size() < most_keys_of_a_record) {
      s.references.push_back(reference);
    }
  };
  for (const Resolved& number : resolved) {
    requirements_.resolve(s, number);
    keep(number.reference);
    if (number.alias) keep(*number.alias);  // so that the record names all it stands behind
  }
}

Changed Book::read_back(const ReadBack& read) {
  begin();
  auto record = read_record(staging_, read.id);
  if (is_fenced(read.epoch)) return fenced(record);
  if (!record || record->submission.version != read.expected_version || record->submission.state != State::delivered) {
    return stale(record);
  }
  const Submission before = record->submission;
  Submission& s = record->submission;
  take_numbers(s, read.resolved);
  s.due_at.reset();
  if (requirements_.lacks_a_number(s)) s.due_at = read.again_at;
  ++s.version;
  commit_change(before, *record);
  return finished(*record);
}

Changed Book::transition(const Transition& transition) {
  begin();
  auto record = read_record(staging_, transition.id);
  if (!record || record->submission.version != transition.expected_version ||
      record->submission.state != transition.expected_state) {
    return stale(record);
  }
  const Submission before = record->submission;
  const auto next = next_state(before.state, transition.event, before.hold_reason, before.held_from);
  // Attempts are opened and ended by their own calls, which keep the open mark.
  const bool is_an_attempt = before.state == State::in_flight || transition.event == Event::attempt_opened;
  if (!next || is_an_attempt || is_of_a_requirement(transition.event)) return stale(record);
  if (transition.event == Event::delivered) {
    record->submission.outcome_rule = "person";  // somebody says it landed
    take_numbers(record->submission, transition.resolved);
  }
  // Whoever releases it wants it to be sent all the same.
  const bool gives_up_deadline = transition.event == Event::release && before.hold_reason == HoldReason::deadline;
  if (gives_up_deadline) record->submission.deadline.reset();
  enter_state(*record, {*next, transition.event, transition.hold_reason, transition.due_at, now_});
  // A release that leads nowhere: what it requires is still not to be had.
  const Submission& s = record->submission;
  const bool stays = before.state == State::held && s.state == State::held && before.hold_reason == s.hold_reason;
  if (stays) return {Applied::stale, before.version, before.state, {}};
  commit_change(before, *record);
  erase_if_asked(*record);
  return take_in_news(transition.news, finished(*record));
}

bool Book::lost_attempt(const SubmissionId& id, Attempt mark) {
  begin();
  auto record = read_record(staging_, id);
  if (!record) return false;
  staging_.erase(Family::open, keys::of(id));
  if (record->submission.state != State::in_flight) return true;
  const Submission before = record->submission;
  ++record->submission.attempts;
  ++record->submission.unknown_attempts;
  record->submission.unknown_since = now_;
  record->submission.aging_since.reset();
  record->submission.outcome_rule = "restart";
  if (mark.number == 0) mark.number = record->lines;  // a damaged mark: the line that is open is the last
  Attempt line = mark;
  line.ended_at = now_;
  line.outcome = Outcome::unknown;
  line.rule = "restart";
  append_line(*record, std::move(line), mark);
  enter_state(*record, {.state = State::unknown, .event = Event::went_unknown, .due_at = now_, .at = now_});
  commit_change(before, *record);
  finish();
  return true;
}

Changed Book::finished(const Record& record) {
  Changed changed{Applied::yes, record.submission.version, record.submission.state, {}};
  finish();
  changed.cancelled = std::exchange(cancelled_, {});
  return changed;
}

void Book::enter_state(Record& record, const Entering& entering) {
  Submission& s = record.submission;
  State to = entering.state;
  std::optional<WallTime> due_at = entering.due_at;
  s.held_from = to == State::held ? s.state : s.held_from;
  HoldReason reason = reason_of(entering.event, entering.hold_reason);
  // Whoever enters the queue, or waits on, is asked what he needs; one that was never applied may never have been asked
  // (after a restore).
  const bool was_absent = to == State::deferred && entering.event == Event::not_found;
  if (to == State::queued || to == State::blocked || was_absent) {
    switch (requirements_.ask(s)) {
      case Requirements::Answer::clear:
        to = was_absent ? State::deferred : State::queued;
        break;
      case Requirements::Answer::pending:
        to = State::blocked;
        break;
      case Requirements::Answer::failed:
        to = State::held;
        s.held_from = State::blocked;
        reason = HoldReason::requirement;
        break;
    }
  }
  if (to == State::held) {
    s.hold_reason = reason;
  } else if (!is_terminal(to)) {
    s.hold_reason = HoldReason::none;  // a terminal record still tells what it was held for
  }
  if (entering.event == Event::not_found) s.unknown_since.reset();
  // Whoever comes back to the queue from elsewhere begins to wait anew.
  if (!due_class_of(to) && to != State::in_flight) s.aging_since.reset();
  s.due_at.reset();
  if (due_class_of(to)) s.due_at = due_at.value_or(entering.at);
  if (to == State::delivered && requirements_.lacks_a_number(s)) s.due_at = due_at;
  if (is_terminal(to)) s.settled_at = entering.at;
  s.state = to;
  ++s.version;
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
  write(staging_, Family::attempt, keys::attempt(id, attempt.number), attempt);
  if (attempt.number > timeline_first_lines + timeline_last_lines) {
    staging_.erase(Family::attempt, keys::attempt(id, attempt.number - timeline_last_lines));
  }
}

}  // namespace titip::storage
