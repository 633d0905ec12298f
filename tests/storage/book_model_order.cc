// The model's view of who waits for what and who may go.
#include <algorithm>
#include <set>

#include "tests/storage/book_model.h"

namespace titip::storage {
namespace {

bool ended(State state) {
  return state == State::delivered || state == State::rejected || state == State::cancelled || state == State::expired;
}

bool has(const std::vector<Digest>& keys, const Digest& key) {
  return std::ranges::find(keys, key) != keys.end();
}

bool waits(const Submission& s) {
  return s.state == State::blocked || (s.state == State::held && s.hold_reason == HoldReason::requirement);
}

bool may_go(const Submission& s) {
  return s.state == State::queued || s.state == State::deferred || s.state == State::unknown ||
         s.state == State::in_flight;
}

}  // namespace

// Whether it may still meet the key.
bool Model::provides(const Row& row, const Digest& key) {
  if (has(row.s.references, key) && row.s.state == State::delivered) return row.s.due_at.has_value();
  return !ended(row.s.state) && (has(row.s.provides, key) || has(row.s.references, key));
}

Model::Standing Model::standing(const Digest& key) const {
  if (met_.contains(key)) return Standing::met;
  if (std::ranges::any_of(rows_, [&](const Row& row) { return provides(row, key); })) return Standing::pending;
  const auto last = ended_.find(key);
  return last == ended_.end() ? Standing::absent : last->second.how;
}

Model::Standing Model::ask(const Submission& s) const {
  bool waits_on = false;
  for (const Digest& key : s.requirements) {
    const Standing stands = standing(key);
    if (stands == Standing::failed || stands == Standing::cancelled) return Standing::failed;
    waits_on = waits_on || stands == Standing::pending;
  }
  return waits_on ? Standing::pending : Standing::met;
}

bool Model::is_number(const Digest& key) const {
  return std::ranges::any_of(rows_, [&](const Row& any) { return has(any.s.references, key); });
}

Model::Standings Model::standings() const {
  Standings all;
  for (const Row& row : rows_) {
    for (const auto* keys : {&row.s.requirements, &row.s.provides, &row.s.references}) {
      for (const Digest& key : *keys) all[key] = standing(key);
    }
  }
  return all;
}

void Model::begin() {
  before_ = standings();
  cancelled_.clear();
  gone_.clear();
}

void Model::follow(WallTime now) {
  while (true) {
    const Standings after = standings();
    std::vector<Digest> moved;
    for (const auto& [key, stands] : after) {
      const auto before = before_.find(key);
      const bool was_there = before != before_.end() && before->second != Standing::absent;
      if (was_there && before->second != stands) moved.push_back(key);
    }
    before_ = after;
    if (moved.empty() && !let_go()) break;
    for (const Digest& key : moved) {
      const bool is_cancelled = standing(key) == Standing::cancelled;
      for (Row& row : rows_) {
        if (waits(row.s) && has(row.s.requirements, key)) look_again(row, is_cancelled, now);
      }
    }
  }
  place_fronts();
}

void Model::look_again(Row& row, bool is_cancelled, WallTime now) {
  const Standing needs = ask(row.s);
  const bool has_failed = is_cancelled || needs == Standing::failed;
  const bool has_nothing = has_failed && has_nothing_to_take_back(row.s);
  if (is_cancelled || has_nothing) {
    row.s.outcome_rule = has_nothing ? "nothing_to_take_back" : "requirement_cancelled";
    cancelled_.push_back(row.s.id);
    return move_to(row, State::cancelled, HoldReason::none, {}, now);
  }
  if (needs == Standing::met) return move_to(row, State::queued, HoldReason::none, row.s.accepted_at, now);
  const bool is_blocked = row.s.state == State::blocked;
  if (is_blocked != (needs == Standing::pending)) move_to(row, State::blocked, HoldReason::none, {}, now);
}

const Model::Row* Model::front_of(const Digest& ordering_key) const {
  const auto known = fronts_.find(ordering_key);
  return known == fronts_.end() ? nullptr : find(known->second);
}

void Model::place_fronts() {
  std::map<Digest, const Row*> heads;
  for (const Row& row : rows_) {
    if (!ended(row.s.state)) heads.try_emplace(row.s.ordering_key, &row);
  }
  std::map<Digest, SubmissionId> fronts;
  for (const auto& [key, head] : heads) {
    const Row* front = front_of(key);
    if (front == nullptr || (front->s.state != State::in_flight && front->s.state != State::unknown)) {
      front = may_go(head->s) ? head : nullptr;
      if (waits(head->s)) {
        std::set<const Row*> seen;
        std::vector<const Row*> found;
        candidates(*head, seen, found);
        for (const Row* each : found) {
          if (front == nullptr || each->s.position < front->s.position) front = each;
        }
      }
    }
    if (front != nullptr) fronts[key] = front->s.id;
  }
  fronts_ = fronts;
}

// Those of the same line that `waiting` needs, or that they need in their turn, and that may go.
void Model::candidates(const Row& waiting, std::set<const Row*>& seen, std::vector<const Row*>& found) const {
  if (!seen.insert(&waiting).second) return;
  for (const Digest& key : waiting.s.requirements) {
    if (standing(key) == Standing::met) continue;
    for (const Row& row : rows_) {
      if (row.s.ordering_key != waiting.s.ordering_key || ended(row.s.state) || !provides(row, key)) continue;
      if (may_go(row.s)) found.push_back(&row);
      if (waits(row.s)) candidates(row, seen, found);
    }
  }
}

std::vector<Model::DueRow> Model::due(const Lane& lane, DueClass due_class) const {
  std::vector<DueRow> found;
  for (const Row& row : rows_) {
    const Submission& s = row.s;
    if (s.destination != lane.destination || s.facility != lane.facility || !s.due_at) continue;
    const bool is_front = front_of(s.ordering_key) == &row;
    const bool is_sent = is_front && (s.state == State::queued || s.state == State::deferred);
    const auto add = [&](WallTime time) { found.emplace_back(time, s.position, s.id); };
    if (due_class == DueClass::send && is_sent) add(*s.due_at);
    if (due_class == DueClass::probe && is_front && s.state == State::unknown) add(*s.due_at);
    if (due_class == DueClass::fresh && is_sent && newest_.at(s.ordering_key) > s.accepted_at) {
      add(newest_.at(s.ordering_key));
    }
    if (due_class == DueClass::deadline && is_sent && s.deadline) add(*s.deadline);
    if (due_class == DueClass::read_back && s.state == State::delivered) add(*s.due_at);
  }
  std::ranges::sort(found);
  return found;
}

std::uint64_t Model::due_in(const Lane& lane) const {
  return due(lane, DueClass::send).size() + due(lane, DueClass::probe).size() + due(lane, DueClass::read_back).size();
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
