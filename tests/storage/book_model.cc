#include "tests/storage/book_model.h"

#include <algorithm>

#include "storage/state_table.h"

namespace titip::storage {
namespace {

bool ended(State state) {
  return state == State::delivered || state == State::rejected || state == State::cancelled || state == State::expired;
}

Changed stale(const Model::Row* row) {
  return row == nullptr ? Changed{} : Changed{Applied::stale, row->s.version, row->s.state, {}};
}

bool has(const std::vector<Digest>& keys, const Digest& key) {
  return std::ranges::find(keys, key) != keys.end();
}

// Somebody sent it, nobody knows what came of it, and no probe has missed it since.
bool may_be_there(const Submission& s) {
  return s.unknown_since.has_value() || (s.state == State::held && s.hold_reason == HoldReason::unknown);
}

void add(std::vector<Digest>& keys, const Digest& key) {
  if (!has(keys, key)) keys.push_back(key);
}

std::vector<Digest> without_doubles(const std::vector<Digest>& keys) {
  std::vector<Digest> once;
  for (const Digest& key : keys) add(once, key);
  return once;
}

}  // namespace

const Model::Row* Model::find(const SubmissionId& id) const {
  const auto found = std::ranges::find(rows_, id, [](const Row& row) { return row.s.id; });
  return found == rows_.end() ? nullptr : &*found;
}

Model::Row* Model::find(const SubmissionId& id) {
  return const_cast<Row*>(std::as_const(*this).find(id));
}

std::vector<Model::Row*> Model::natural_chain(const Digest& natural_key) {
  std::vector<Row*> chain;
  for (Row& row : rows_) {
    if (row.s.natural_key == natural_key && row.keeps_natural_key) chain.push_back(&row);
  }
  return chain;
}

std::optional<Verdict> Model::refuse(const NewSubmission& incoming, bool& correction) {
  const Submission& in = incoming.submission;
  if (const Row* same = find(in.id)) return Verdict{VerdictKind::replayed, same->s};
  const auto& key = incoming.idempotency_key;
  if (key && keys_.contains(*key)) {
    const Row* known = find(keys_.at(*key));
    const bool same = known->s.fingerprint == in.fingerprint;
    return Verdict{same ? VerdictKind::replayed : VerdictKind::key_reused, known->s};
  }
  if (incoming.replaces) {
    const Row* old = find(*incoming.replaces);
    if (old == nullptr) return Verdict{VerdictKind::not_replaceable, {}};
    const bool may = (old->s.state == State::rejected || old->s.state == State::expired) && !old->s.replaced_by &&
                     old->s.destination == in.destination && old->s.facility == in.facility;
    if (!may) return Verdict{VerdictKind::not_replaceable, old->s};
  }
  if (!in.natural_key) return std::nullopt;
  auto chain = natural_chain(*in.natural_key);
  std::erase_if(chain, [&](const Row* row) { return row->s.id == incoming.replaces; });
  if (chain.empty()) return std::nullopt;
  Row& last = *chain.back();
  const Row* old = incoming.replaces ? find(*incoming.replaces) : nullptr;
  if (old != nullptr && old->s.position < last.s.position) return Verdict{VerdictKind::conflict, last.s};
  if (last.s.fingerprint == in.fingerprint) {
    if (key) keys_[*key] = last.s.id;
    return Verdict{VerdictKind::replayed, last.s};
  }
  for (std::size_t i = chain.size(); !key && old == nullptr && i-- > 0;) {
    if (chain[i]->s.fingerprint == in.fingerprint) return Verdict{VerdictKind::replayed, chain[i]->s};
  }
  if (incoming.on_conflict == OnConflict::refuse) return Verdict{VerdictKind::conflict, last.s};
  correction = true;
  return std::nullopt;
}

Verdict Model::accept(const NewSubmission& incoming, WallTime now) {
  begin();
  bool correction = false;
  if (auto refused = refuse(incoming, correction)) return *refused;
  const bool taken_back = incoming.takes_back && take_back(incoming.submission, *incoming.takes_back, now);

  Row row;
  row.s = incoming.submission;
  Submission& s = row.s;
  s.replaces.reset();
  s.takes_back = incoming.takes_back;
  if (incoming.replaces) {
    Row& old = *find(*incoming.replaces);
    old.s.replaced_by = s.id;
    old.keeps_natural_key = false;
    ++old.s.version;
    s.replaces = old.s.id;
    for (const Digest& key : old.s.provides) add(s.provides, key);
    for (const Digest& key : old.s.references) add(s.references, key);
    if (!s.takes_back) s.takes_back = old.s.takes_back;
  }
  s.position = rows_.size() + 1;
  s.version = 1;
  s.correction = correction;
  s.provides = without_doubles(s.provides);
  s.references = without_doubles(s.references);
  std::erase_if(s.provides, [&](const Digest& key) { return has(s.references, key); });
  s.requirements = without_doubles(s.requirements);
  std::erase_if(s.requirements, [&](const Digest& key) { return has(s.provides, key) || has(s.references, key); });
  row.payload_bytes = incoming.payload.bytes.size();
  if (incoming.idempotency_key) keys_[*incoming.idempotency_key] = s.id;
  if (taken_back) {
    s.state = State::cancelled;
    s.settled_at = now;
    s.outcome_rule = "taken_back";
    row.keeps_natural_key = false;
  } else {
    const Standing needs = ask(s);
    if (needs == Standing::met) {
      s.state = State::queued;
      s.due_at = s.accepted_at;
    } else if (needs == Standing::pending) {
      s.state = State::blocked;
    } else if (has_nothing_to_take_back(s)) {
      s.state = State::cancelled;
      s.settled_at = now;
      s.outcome_rule = "nothing_to_take_back";
      row.keeps_natural_key = false;
    } else {
      s.state = State::held;
      s.held_from = State::blocked;
      s.hold_reason = HoldReason::requirement;
    }
  }
  if (!ended(s.state)) {
    const bool is_first = std::ranges::none_of(
        rows_, [&](const Row& each) { return each.s.ordering_key == s.ordering_key && !ended(each.s.state); });
    WallTime& newest = newest_[s.ordering_key];
    newest = is_first ? s.accepted_at : std::max(newest, s.accepted_at);
  }
  rows_.push_back(row);
  const SubmissionId id = s.id;
  follow(now);
  return {VerdictKind::accepted, find(id)->s, cancelled_, front_of(find(id)->s.ordering_key) == find(id)};
}

void Model::move_to(Row& row, State to, HoldReason reason, std::optional<WallTime> due_at, WallTime when) {
  Submission& s = row.s;
  const bool stays_bound = to != State::rejected && may_be_there(s);
  State from = s.state;
  const bool was_absent = s.state == State::unknown && to == State::deferred;
  if (to == State::queued || to == State::blocked || was_absent) {
    const Standing needs = ask(s);
    if (needs == Standing::met && !was_absent) to = State::queued;
    if (needs == Standing::pending) to = State::blocked;
    if (needs == Standing::failed) {
      to = State::held;
      from = State::blocked;
      reason = HoldReason::requirement;
    }
  }
  if (to == State::held) {
    s.held_from = from;
    s.hold_reason = reason;
  } else if (!ended(to)) {
    s.hold_reason = HoldReason::none;
  }
  if (ended(to) && to != State::delivered && !stays_bound) row.keeps_natural_key = false;
  const bool is_due = to == State::queued || to == State::deferred || to == State::unknown;
  s.due_at = is_due ? std::optional(due_at.value_or(when)) : std::nullopt;
  if (to == State::delivered && lacks_a_number(s)) s.due_at = due_at;
  if (ended(to)) s.settled_at = when;
  s.state = to;
  ++s.version;
  if (ended(to)) ended_as(row);
}

// What is left for those who wait for it.
void Model::ended_as(Row& row) {
  Submission& s = row.s;
  if (s.erase_when_settled) {
    destroy(row);
    s.due_at.reset();
  } else {
    drop(row);
  }
  if (s.state == State::delivered) {
    for (const Digest& key : s.provides) met_[key] = s.id;
    if (!s.due_at) {  // else its numbers are read back
      for (const Digest& key : s.references) ended_[key] = {Standing::failed, s.id};
    }
    if (s.takes_back) free_what_was_taken_back(row);
    return;
  }
  const Standing how = s.state == State::cancelled ? Standing::cancelled : Standing::failed;
  for (const Digest& key : s.provides) ended_[key] = {how, s.id};
  for (const Digest& key : s.references) ended_[key] = {how, s.id};
}

// With retention zero, unless a number is still read back.
void Model::drop(Row& row) {
  if (row.s.state != State::delivered || !erases_delivered_ || row.s.due_at || row.s.content_erased) return;
  row.s.content_erased = true;
  if (row.s.references.empty()) row.s.wrapped_key.clear();
}

void Model::destroy(Row& row) {
  row.s.content_erased = true;
  row.s.wrapped_key.clear();
}

bool Model::lacks_a_number(const Submission& s) const {
  return std::ranges::any_of(s.references, [&](const Digest& key) { return !met_.contains(key); });
}

void Model::resolve(Row& row, const std::vector<Resolved>& numbers) {
  for (const Resolved& number : numbers) {
    met_[number.reference] = row.s.id;
    add(row.s.references, number.reference);
    if (!number.alias) continue;
    met_[*number.alias] = row.s.id;
    add(row.s.references, *number.alias);
  }
}

Changed Model::finished(const Row& row) {
  return {Applied::yes, row.s.version, row.s.state, cancelled_};
}

Changed Model::open_attempt(const OpenAttempt& open, WallTime now) {
  begin();
  Row* row = find(open.id);
  if (row == nullptr || row->s.version != open.expected_version) return stale(row);
  const bool may = row->s.state == State::queued || row->s.state == State::deferred;
  if (!may || front_of(row->s.ordering_key) != row) return stale(row);
  move_to(*row, State::in_flight, HoldReason::none, {}, now);
  row->open = true;
  ++row->lines;
  follow(now);
  return finished(*row);
}

Changed Model::settle(const Settlement& settlement, WallTime now) {
  begin();
  Row* row = find(settlement.id);
  if (row == nullptr || row->s.version != settlement.expected_version) return stale(row);
  if (row->s.state != State::in_flight && row->s.state != State::unknown) return stale(row);
  if (!next_state(row->s.state, settlement.event)) return stale(row);
  Event event = settlement.event;
  if (event == Event::blocked && ask(row->s) == Standing::met) {
    event = ++row->s.blocked_replies == 3 ? Event::rejected : Event::deferred;
  }
  const auto to = next_state(row->s.state, event);
  const WallTime when = settlement.attempt.ended_at.value_or(now);
  const bool was_sent = row->s.state == State::in_flight;
  if (!was_sent && settlement.attempt.ended_at) ++row->lines;
  if (!was_sent && settlement.attempt.probe) ++row->s.probes;
  row->open = false;
  if (settlement.counts_as_attempt) ++row->s.attempts;
  row->s.backoff_steps = settlement.backoff_steps;
  if (event == Event::went_unknown) {
    ++row->s.unknown_attempts;
    row->s.unknown_since = when;
  }
  row->s.outcome_rule = settlement.attempt.rule;
  if (event == Event::not_found) row->s.unknown_since.reset();
  HoldReason reason = settlement.hold_reason;
  if (reason == HoldReason::none) reason = event == Event::found_other ? HoldReason::conflict : HoldReason::unknown;
  const bool lands = to == State::delivered;
  if (lands) resolve(*row, settlement.resolved);
  move_to(*row, *to, reason, lands ? settlement.read_back_at : settlement.due_at, when);
  erase_if_asked(*row, now);
  follow(now);
  return finished(*row);
}

Changed Model::read_back(const ReadBack& read, WallTime now) {
  begin();
  Row* row = find(read.id);
  if (row == nullptr || row->s.version != read.expected_version || row->s.state != State::delivered) return stale(row);
  const bool was_reading = row->s.due_at.has_value();
  resolve(*row, read.resolved);
  row->s.due_at = lacks_a_number(row->s) ? read.again_at : std::nullopt;
  ++row->s.version;
  drop(*row);
  if (was_reading && !row->s.due_at) {
    for (const Digest& key : row->s.references) ended_[key] = {Standing::failed, row->s.id};
  }
  follow(now);
  return finished(*row);
}

Changed Model::transition(const Transition& transition, WallTime now) {
  begin();
  Row* row = find(transition.id);
  if (row == nullptr || row->s.version != transition.expected_version || row->s.state != transition.expected_state) {
    return stale(row);
  }
  const auto to = next_state(row->s.state, transition.event, row->s.hold_reason, row->s.held_from);
  const bool is_the_stores = name(transition.event).starts_with("requirement_");
  if (!to || row->open || transition.event == Event::attempt_opened || is_the_stores) return stale(row);
  const bool released = row->s.state == State::held && (to == State::queued || to == State::blocked);
  if (released && row->s.hold_reason == HoldReason::requirement && ask(row->s) == Standing::failed) return stale(row);
  if (to == State::delivered) {
    row->s.outcome_rule = "person";
    resolve(*row, transition.resolved);
  }
  if (transition.event == Event::not_found) row->s.unknown_since.reset();
  HoldReason reason = transition.hold_reason;
  if (reason == HoldReason::none) {
    reason = HoldReason::person;
    if (transition.event == Event::gave_up_probing) reason = HoldReason::unknown;
    if (transition.event == Event::found_other) reason = HoldReason::conflict;
  }
  move_to(*row, *to, reason, transition.due_at, now);
  erase_if_asked(*row, now);
  follow(now);
  return finished(*row);
}

void Model::erase_if_asked(Row& row, WallTime now) {
  const State state = row.s.state;
  const bool lets_go =
      state == State::queued || state == State::deferred || state == State::blocked || state == State::held;
  if (!row.s.erase_when_settled || !lets_go) return;
  row.s.outcome_rule = "erased";
  move_to(row, State::cancelled, HoldReason::none, {}, now);
}

Erased::Kind Model::erase(const SubmissionId& id, WallTime now) {
  begin();
  Row* row = find(id);
  if (row == nullptr) return Erased::Kind::not_there;
  const bool is_gone = row->s.content_erased && row->s.wrapped_key.empty();
  if (ended(row->s.state) && is_gone) return Erased::Kind::erased;
  row->s.erase_when_settled = true;
  if (ended(row->s.state)) {
    destroy(*row);
    if (row->s.due_at) {
      row->s.due_at.reset();
      ++row->s.version;
      for (const Digest& key : row->s.references) ended_[key] = {Standing::failed, row->s.id};
    }
    follow(now);
    return Erased::Kind::erased;
  }
  erase_if_asked(*row, now);
  follow(now);
  return ended(row->s.state) ? Erased::Kind::cancelled_and_erased : Erased::Kind::when_settled;
}

void Model::restart(WallTime now) {
  for (Row& row : rows_) {
    if (!row.open) continue;
    begin();
    row.open = false;
    ++row.s.attempts;
    ++row.s.unknown_attempts;
    row.s.unknown_since = now;
    row.s.outcome_rule = "restart";
    move_to(row, State::unknown, HoldReason::none, now, now);
    follow(now);
  }
}

}  // namespace titip::storage
