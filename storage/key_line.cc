#include "storage/key_line.h"

#include "storage/keys.h"
#include "storage/tables.h"

namespace titip::storage {

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

std::optional<Head> KeyLine::head_of(const Submission& submission) {
  return read(staging_, Family::head, keys::of(submission.ordering_key), decode_head);
}

bool KeyLine::is_head(const Submission& submission) {
  const auto head = head_of(submission);
  return head && head->id == submission.id;
}

void KeyLine::enter(const Submission& submission) {
  auto head = head_of(submission);
  if (!head) {
    head = Head{submission.position, submission.id, submission.position, 0};
    add_due(submission);
  }
  head->tail = submission.position;
  ++head->count;
  staging_.put(Family::head, keys::of(submission.ordering_key), encode(*head));
  staging_.put(Family::chain, keys::chain(submission.ordering_key, submission.position), encode(submission.id));
}

void KeyLine::changed(const Submission& before, const Submission& after) {
  auto head = head_of(before);
  if (!head || head->count == 0) return staging_.fail(Error::corrupt);  // it held its key a moment ago
  const bool was_head = head->id == before.id;
  if (was_head) {
    remove_due(before);
    add_due(after);
  }
  if (holds_its_key(after.state)) return;
  staging_.erase(Family::chain, keys::chain(before.ordering_key, before.position));
  --head->count;
  if (head->count == 0) {
    staging_.erase(Family::head, keys::of(before.ordering_key));
  } else if (was_head) {
    promote_next(before, *head);
  } else {
    staging_.put(Family::head, keys::of(before.ordering_key), encode(*head));
  }
}

void KeyLine::promote_next(const Submission& gone, Head head) {
  // Beginning behind the one that went keeps the scan clear of the tombstones of those before it.
  const auto next =
      staging_.first(Family::chain, keys::of(gone.ordering_key), keys::chain(gone.ordering_key, gone.position + 1));
  const auto id = next ? decode_id(next->second) : std::nullopt;
  const auto record = id ? read_record(staging_, *id) : std::nullopt;
  if (!record) return staging_.fail(Error::corrupt);
  head.position = record->submission.position;
  head.id = record->submission.id;
  staging_.put(Family::head, keys::of(gone.ordering_key), encode(head));
  add_due(record->submission);
}

void KeyLine::add_due(const Submission& submission) {
  const auto due_class = due_class_of(submission.state);
  if (!due_class) return;
  if (!submission.due_at) return staging_.fail(Error::corrupt);
  const Lane lane = lane_of(submission);
  staging_.put(Family::due, keys::due(lane, *due_class, *submission.due_at, submission.position),
               encode(submission.id));
  count(lane, true);
  woken_.push_back(lane);
}

void KeyLine::remove_due(const Submission& submission) {
  const auto due_class = due_class_of(submission.state);
  if (!due_class) return;
  if (!submission.due_at) return staging_.fail(Error::corrupt);
  const Lane lane = lane_of(submission);
  staging_.erase(Family::due, keys::due(lane, *due_class, *submission.due_at, submission.position));
  count(lane, false);
}

void KeyLine::count(const Lane& lane, bool up) {
  std::string key = keys::lane_count(lane);
  const std::uint64_t now = read(staging_, Family::counts, key, decode_number).value_or(0);
  if (!up && now == 0) return staging_.fail(Error::corrupt);
  const std::uint64_t then = up ? now + 1 : now - 1;
  if (then == 0) {
    staging_.erase(Family::counts, std::move(key));
  } else {
    staging_.put(Family::counts, std::move(key), encode(then));
  }
}

}  // namespace titip::storage
