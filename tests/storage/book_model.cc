#include "tests/storage/book_model.h"

#include <algorithm>

namespace titip::storage {
namespace {

bool ended(State state) {
  return state == State::delivered || state == State::rejected || state == State::cancelled || state == State::expired;
}

std::optional<DueClass> class_of(State state) {
  if (state == State::queued || state == State::deferred) return DueClass::send;
  if (state == State::unknown) return DueClass::probe;
  return std::nullopt;
}

Changed stale(const Model::Row* row) {
  return row == nullptr ? Changed{} : Changed{Applied::stale, row->s.version, row->s.state};
}

Changed done(const Model::Row& row) {
  return {Applied::yes, row.s.version, row.s.state};
}

}  // namespace

Model::Row* Model::find(const SubmissionId& id) {
  const auto found = std::ranges::find(rows_, id, [](const Row& row) { return row.s.id; });
  return found == rows_.end() ? nullptr : &*found;
}

const Model::Row* Model::head_of(const Digest& ordering_key) const {
  for (const Row& row : rows_) {
    if (row.s.ordering_key == ordering_key && !ended(row.s.state)) return &row;
  }
  return nullptr;
}

std::vector<Model::Row*> Model::natural_chain(const Digest& natural_key) {
  std::vector<Row*> chain;
  for (Row& row : rows_) {
    if (row.s.natural_key == natural_key && row.keeps_natural_key) chain.push_back(&row);
  }
  return chain;
}

Verdict Model::accept(const NewSubmission& incoming) {
  const Submission& in = incoming.submission;
  if (const Row* same = find(in.id)) return {VerdictKind::replayed, same->s};
  const auto& key = incoming.idempotency_key;
  if (key) {
    const auto known = std::ranges::find(keys_, *key, &Key::digest);
    if (known != keys_.end()) {
      const bool same = known->fingerprint == in.fingerprint;
      return {same ? VerdictKind::replayed : VerdictKind::key_reused, find(known->id)->s};
    }
  }
  bool correction = false;
  if (in.natural_key) {
    const auto chain = natural_chain(*in.natural_key);
    if (!chain.empty()) {
      if (chain.back()->s.fingerprint == in.fingerprint) {
        if (key) keys_.push_back({*key, chain.back()->s.id, in.fingerprint});
        return {VerdictKind::replayed, chain.back()->s};
      }
      for (std::size_t i = chain.size(); !key && i-- > 0;) {
        if (chain[i]->s.fingerprint == in.fingerprint) return {VerdictKind::replayed, chain[i]->s};
      }
      if (incoming.on_conflict == OnConflict::refuse) return {VerdictKind::conflict, chain.back()->s};
      correction = true;
    }
  }
  Row row;
  row.s = in;
  row.s.position = rows_.size() + 1;
  row.s.version = 1;
  row.s.state = State::queued;
  row.s.correction = correction;
  row.s.due_at = in.accepted_at;
  row.payload_bytes = incoming.payload.bytes.size();
  rows_.push_back(row);
  if (key) keys_.push_back({*key, in.id, in.fingerprint});
  return {VerdictKind::accepted, row.s};
}

void Model::move_to(Row& row, State to, HoldReason reason, std::optional<WallTime> due_at, WallTime when) {
  const bool may_have_landed = row.s.state == State::held && row.s.hold_reason == HoldReason::unknown;
  if (to == State::held) {
    row.s.held_from = row.s.state;
    row.s.hold_reason = reason;
  } else if (!ended(to)) {
    row.s.hold_reason = HoldReason::none;
  }
  if (ended(to) && to != State::delivered && !may_have_landed) row.keeps_natural_key = false;
  row.s.due_at = class_of(to) ? std::optional(due_at.value_or(when)) : std::nullopt;
  if (ended(to)) row.s.settled_at = when;
  row.s.state = to;
  ++row.s.version;
}

Changed Model::open_attempt(const OpenAttempt& open, WallTime now) {
  Row* row = find(open.id);
  if (row == nullptr || row->s.version != open.expected_version) return stale(row);
  const bool may = row->s.state == State::queued || row->s.state == State::deferred;
  if (!may || head_of(row->s.ordering_key) != row) return stale(row);
  move_to(*row, State::in_flight, HoldReason::none, {}, now);
  row->open = true;
  ++row->lines;
  return done(*row);
}

Changed Model::settle(const Settlement& settlement, WallTime now) {
  Row* row = find(settlement.id);
  if (row == nullptr || row->s.version != settlement.expected_version) return stale(row);
  if (row->s.state != State::in_flight && row->s.state != State::unknown) return stale(row);
  const auto to = next_state(row->s.state, settlement.event);
  if (!to) return stale(row);
  const WallTime when = settlement.attempt.ended_at.value_or(now);
  const bool was_sent = row->s.state == State::in_flight;
  if (!was_sent && settlement.attempt.ended_at) ++row->lines;
  if (!was_sent && settlement.attempt.probe) ++row->s.probes;
  row->open = false;
  if (settlement.counts_as_attempt) ++row->s.attempts;
  row->s.backoff_steps = settlement.backoff_steps;
  if (settlement.event == Event::went_unknown) {
    ++row->s.unknown_attempts;
    row->s.unknown_since = when;
  }
  row->s.outcome_rule = settlement.attempt.rule;
  HoldReason reason = settlement.hold_reason;
  if (reason == HoldReason::none) {
    reason = settlement.event == Event::found_other ? HoldReason::conflict : HoldReason::unknown;
  }
  move_to(*row, *to, reason, settlement.due_at, when);
  return done(*row);
}

Changed Model::transition(const Transition& transition, WallTime now) {
  Row* row = find(transition.id);
  if (row == nullptr || row->s.version != transition.expected_version || row->s.state != transition.expected_state) {
    return stale(row);
  }
  const auto to = next_state(row->s.state, transition.event, row->s.hold_reason, row->s.held_from);
  if (!to || row->open || transition.event == Event::attempt_opened) return stale(row);
  if (transition.event == Event::delivered) row->s.outcome_rule = "person";
  HoldReason reason = transition.hold_reason;
  if (reason == HoldReason::none) {
    reason = HoldReason::person;
    if (transition.event == Event::requirement_failed) reason = HoldReason::requirement;
    if (transition.event == Event::gave_up_probing) reason = HoldReason::unknown;
    if (transition.event == Event::found_other) reason = HoldReason::conflict;
  }
  move_to(*row, *to, reason, transition.due_at, now);
  return done(*row);
}

void Model::restart(WallTime now) {
  for (Row& row : rows_) {
    if (!row.open) continue;
    row.open = false;
    ++row.s.attempts;
    ++row.s.unknown_attempts;
    row.s.unknown_since = now;
    row.s.outcome_rule = "restart";
    move_to(row, State::unknown, HoldReason::none, now, now);
  }
}

std::vector<SubmissionId> Model::due(const Lane& lane, DueClass due_class) const {
  std::vector<const Row*> found;
  for (const Row& row : rows_) {
    const bool here = row.s.destination == lane.destination && row.s.facility == lane.facility;
    if (here && class_of(row.s.state) == due_class && head_of(row.s.ordering_key) == &row) found.push_back(&row);
  }
  std::ranges::sort(found, [](const Row* a, const Row* b) {
    return std::pair(*a->s.due_at, a->s.position) < std::pair(*b->s.due_at, b->s.position);
  });
  std::vector<SubmissionId> ids;
  for (const Row* row : found) ids.push_back(row->s.id);
  return ids;
}

std::uint64_t Model::due_in(const Lane& lane) const {
  return due(lane, DueClass::send).size() + due(lane, DueClass::probe).size();
}

DestinationCounts Model::counts(const std::string& destination) const {
  DestinationCounts counts;
  for (const Row& row : rows_) {
    if (row.s.destination != destination) continue;
    ++counts.accepted;
    ++counts.by_state[static_cast<std::size_t>(row.s.state)];
    if (!ended(row.s.state)) counts.payload_bytes_pending += row.payload_bytes;
  }
  return counts;
}

}  // namespace titip::storage
