// The model's view of what is taken back, and of what is there to be taken back at all.
#include <algorithm>
#include <utility>

#include "tests/storage/book_model.h"

namespace titip::storage {
namespace {

bool has(const std::vector<Digest>& keys, const Digest& key) {
  return std::ranges::find(keys, key) != keys.end();
}

// Somebody sent it, nobody knows what came of it, and no probe has missed it since: other values in its place may be
// its own, written over.
bool may_be_there(const Submission& s) {
  return s.unknown_since.has_value() || s.hold_reason == HoldReason::unknown;
}

}  // namespace

bool Model::take_back(const Submission& by, const Digest& key, WallTime now) {
  if (standing(key) != Standing::pending) return false;
  std::vector<Row*> targets;
  for (Row& row : rows_) {
    if (provides(row, key)) targets.push_back(&row);
  }
  for (const Row* row : targets) {
    const State state = row->s.state;
    const bool is_ours =
        state == State::queued || state == State::deferred || state == State::blocked || state == State::held;
    if (!is_ours || may_be_there(row->s) || row->s.destination != by.destination || row->s.facility != by.facility)
      return false;
  }
  for (Row* row : targets) {
    row->s.outcome_rule = "taken_back";
    cancelled_.push_back(row->s.id);
    move_to(*row, State::cancelled, HoldReason::none, {}, now);
  }
  follow(now);
  return true;
}

// The server never had it, nor what it repeats, and it will not have it.
bool Model::never_landed(const SubmissionId& id, const Submission& by) const {
  const Submission& s = find(id)->s;
  const bool given_up = s.state == State::cancelled || s.state == State::expired;
  const bool never = s.state == State::rejected || (given_up && !may_be_there(s));
  if (!never || s.destination != by.destination || s.facility != by.facility) return false;
  return !s.replaces || never_landed(*s.replaces, by);
}

bool Model::has_nothing_to_take_back(const Submission& by) {
  if (!by.takes_back) return false;
  for (const Digest& key : by.requirements) {
    const Standing stands = standing(key);
    if (stands != Standing::failed && stands != Standing::cancelled) continue;
    if (!is_number(key) || !never_landed(ended_.at(key).who, by)) continue;
    gone_.emplace_back(*by.takes_back, by.id);
    return true;
  }
  return false;
}

// What others still hope for from those that are gone.
bool Model::let_go() {
  if (gone_.empty()) return false;
  for (const auto& [key, by] : std::exchange(gone_, {})) {
    if (standing(key) != Standing::failed) continue;
    const SubmissionId who = ended_.at(key).who;
    if (!never_landed(who, find(by)->s)) continue;
    for (auto& [each, end] : ended_) {
      if (end.who == who && standing(each) == Standing::failed) end.how = Standing::cancelled;
    }
  }
  return true;
}

const Model::Row* Model::act_that_is_missed() const {
  for (const Row& row : rows_) {
    if (row.s.state != State::held || row.s.hold_reason != HoldReason::requirement) continue;
    for (const Row& act : rows_) {
      const bool is_missed = std::ranges::any_of(row.s.requirements, [&](const Digest& key) {
        return has(act.s.provides, key) || has(act.s.references, key);
      });
      if (is_missed && act.s.state == State::rejected && !act.s.references.empty()) return &act;
    }
  }
  return nullptr;
}

// Of those who were delivered under the key, and came before it, none holds its natural key any more, nor meets
// anything but by its number.
void Model::free_what_was_taken_back(const Row& by) {
  const Digest& key = *by.s.takes_back;
  if (!met_.contains(key)) return;
  const Submission meant = find(met_.at(key))->s;
  for (Row& row : rows_) {
    const bool is_meant = row.s.id == meant.id || (meant.natural_key && row.s.natural_key == meant.natural_key);
    const bool names_it = has(row.s.provides, key) || has(row.s.references, key);
    if (!is_meant || !names_it || row.s.state != State::delivered || row.s.position >= by.s.position) continue;
    if (row.s.destination != by.s.destination || row.s.facility != by.s.facility) continue;
    row.keeps_natural_key = false;
    for (const Digest& each : row.s.provides) {
      if (is_number(each) || !met_.contains(each) || met_.at(each) != row.s.id) continue;
      met_.erase(each);
      ended_.erase(each);
    }
  }
}

}  // namespace titip::storage
