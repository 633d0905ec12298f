#include "storage/due_index.h"

#include <algorithm>

#include "storage/keys.h"
#include "storage/tables.h"

namespace titip::storage {
namespace {

DueEntry entry_of(const Submission& s) {
  return {s.id, *s.due_at, s.accepted_at, shard_of(s.ordering_key)};
}

}  // namespace

std::optional<DueClass> due_class_of(State state) {
  switch (state) {
    case State::queued:
    case State::deferred:
      return DueClass::send;
    case State::unknown:
      return DueClass::probe;
    default:
      return std::nullopt;
  }
}

DueRows rows_of_front(const Submission& front, WallTime newest_of_line) {
  DueRows made{lane_of(front), {}};
  const auto due_class = due_class_of(front.state);
  if (!due_class || !front.due_at) return made;
  const DueEntry entry = entry_of(front);
  made.rows.emplace_back(keys::due(made.lane, *due_class, *front.due_at, front.position), entry);
  if (*due_class != DueClass::send) return made;
  if (newest_of_line > front.accepted_at) {
    made.rows.emplace_back(keys::due(made.lane, DueClass::fresh, newest_of_line, front.position), entry);
  }
  if (front.deadline) {
    made.rows.emplace_back(keys::due(made.lane, DueClass::deadline, *front.deadline, front.position), entry);
  }
  return made;
}

DueRows rows_of_read_back(const Submission& submission) {
  DueRows made{lane_of(submission), {}};
  if (submission.state != State::delivered || !submission.due_at) return made;
  made.rows.emplace_back(keys::due(made.lane, DueClass::read_back, *submission.due_at, submission.position),
                         entry_of(submission));
  return made;
}

void DueIndex::replace(const DueRows& before, const DueRows& after) {
  if (before.rows == after.rows) return;
  for (const auto& [key, entry] : before.rows) {
    if (std::ranges::find(after.rows, key, &std::pair<std::string, DueEntry>::first) == after.rows.end()) {
      staging_.erase(Family::due, key);
    }
  }
  for (const auto& row : after.rows) {
    if (std::ranges::find(before.rows, row) == before.rows.end()) write(staging_, Family::due, row.first, row.second);
  }
  if (!after.rows.empty() && (woken_.empty() || woken_.back() != after.lane)) woken_.push_back(after.lane);
  if (before.rows.empty() == after.rows.empty() && before.lane == after.lane) return;
  if (!before.rows.empty()) step(staging_, count_of(before.lane), false);
  if (!after.rows.empty()) step(staging_, count_of(after.lane), true);
}

void DueIndex::strike(const std::string& key) {
  const auto parsed = keys::parse_due(key);
  if (!parsed || staging_.get(Family::due, key) == nullptr) return;
  staging_.erase(Family::due, key);
  // Fresh and deadline are second rows of a record that stands in send.
  const bool is_second = parsed->due_class == DueClass::fresh || parsed->due_class == DueClass::deadline;
  if (!is_second) step(staging_, count_of(parsed->lane), false);
}

Staging::Row DueIndex::count_of(const Lane& lane) {
  if (!of_lane_ || of_lane_->lane != lane) of_lane_ = {lane, staging_.row(Family::counts, keys::lane_count(lane))};
  return of_lane_->count;
}

}  // namespace titip::storage
