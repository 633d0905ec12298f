#include "storage/key_line.h"

#include <algorithm>

#include "storage/keys.h"
#include "storage/tables.h"

namespace titip::storage {
namespace {

bool may_go(const Submission& s) {
  return due_class_of(s.state).has_value() || s.state == State::in_flight;
}

}  // namespace

bool KeyLine::is_front(const Submission& submission) {
  const auto known = std::ranges::find(settled_, submission.ordering_key, &Line::key);
  if (known != settled_.end()) return known->now.front == submission.id;
  const auto head = read(staging_, Family::head, keys::of(submission.ordering_key), decode_head);
  return head && head->front == submission.id;
}

// The line as it is before anything of this call changes it.
KeyLine::Line& KeyLine::touch(const Submission& submission) {
  const Digest& key = submission.ordering_key;
  const auto known = std::ranges::find(lines_, key, &Line::key);
  if (known != lines_.end()) return *known;
  Line& line = lines_.emplace_back(key, staging_.row(Family::head, keys::of(key)));
  line.due_before.lane = lane_of(submission);
  line.before = read(staging_, line.row, decode_head);
  if (line.before) {
    line.now = *line.before;
    if (line.before->front == submission.id) {
      line.due_before = rows_of_front(submission, line.before->newest);
    } else if (line.before->front) {
      const Submission* front = look(line, *line.before->front);
      if (front != nullptr) line.due_before = rows_of_front(*front, line.before->newest);
    }
  }
  return line;
}

void KeyLine::remember(Line& line, const Submission& submission) {
  const auto known = std::ranges::find(line.seen, submission.id, &Submission::id);
  if (known != line.seen.end()) {
    *known = submission;
  } else {
    line.seen.push_back(submission);
  }
}

void KeyLine::enter(const Submission& submission) {
  Line& line = touch(submission);
  Head& head = line.now;
  if (head.count == 0) {
    head = Head{.position = submission.position, .id = submission.id, .front = {}};
  } else {
    write(staging_, Family::chain, keys::chain(submission.ordering_key, submission.position), submission.id);
  }
  head.tail = submission.position;
  head.newest = std::max(head.newest, submission.accepted_at);
  ++head.count;
  remember(line, submission);
}

void KeyLine::changed(const Submission& before, const Submission& after) {
  Line& line = touch(before);
  if (line.now.count == 0) return staging_.fail(Error::corrupt);  // it held its key a moment ago
  remember(line, after);
  if (!holds_its_key(after.state)) leave(line, after);
}

void KeyLine::leave(Line& line, const Submission& gone) {
  Head& head = line.now;
  --head.count;
  if (head.front == gone.id) head.front.reset();
  if (head.id != gone.id) return staging_.erase(Family::chain, keys::chain(gone.ordering_key, gone.position));
  if (head.count == 0) return;
  // Beginning behind the one that went keeps the scan clear of the tombstones of those before it.
  const auto next =
      staging_.first(Family::chain, keys::of(line.key), keys::chain(gone.ordering_key, gone.position + 1));
  const auto at = next ? keys::parse_in_line(next->first) : std::nullopt;
  const auto id = next ? decode_id({Family::chain, next->first}, next->second) : std::nullopt;
  if (!at || !id) return staging_.fail(Error::corrupt);
  staging_.erase(Family::chain, next->first);
  head.position = at->position;
  head.id = *id;
}

void KeyLine::settle() {
  for (Line& line : lines_) {
    if (staging_.fault()) return;
    // A front that cannot be read keeps its place: its line waits behind it until a person has seen to it.
    const bool is_stuck = line.now.front && look(line, *line.now.front) == nullptr;
    if (!is_stuck) set_front(line, find_front(line));
    if (line.now.count == 0) {
      if (line.before) staging_.erase(line.row);
    } else if (line.before != line.now) {
      write(staging_, line.row, line.now);
    }
  }
  settled_.swap(lines_);
  lines_.clear();
}

void KeyLine::set_front(Line& line, const Submission* front) {
  if (front == nullptr) {
    line.now.front.reset();
    line.now.front_position = 0;
    return due_.replace(line.due_before, {line.due_before.lane, {}});
  }
  line.now.front = front->id;
  line.now.front_position = front->position;
  due_.replace(line.due_before, rows_of_front(*front, line.now.newest));
}

// Nothing: it cannot be read. That is noted and no fault of the call at hand.
const Submission* KeyLine::look(Line& line, const SubmissionId& id) {
  const auto known = std::ranges::find(line.seen, id, &Submission::id);
  if (known != line.seen.end()) return &*known;
  if (staging_.fault()) return nullptr;
  auto record = read_record(staging_, id);
  if (record) return &line.seen.emplace_back(std::move(record->submission));
  if (!staging_.fault()) staging_.fail_damaged(Family::meta, keys::of(id));  // who stands here is there
  if (staging_.forgive_damage()) staging_.note({Family::meta, keys::of(id), {}, line.due_before.lane});
  return nullptr;
}

const Submission* KeyLine::find_front(Line& line) {
  if (line.now.count == 0) return nullptr;
  if (line.now.front) {
    const Submission* front = look(line, *line.now.front);
    if (front != nullptr && (front->state == State::in_flight || front->state == State::unknown)) return front;
  }
  const Submission* head = look(line, line.now.id);
  if (head == nullptr || may_go(*head)) return head;
  return waits_for_a_requirement(*head) ? find_provider(line, *head) : nullptr;
}

// Breadth first through who waits for whom, each record once.
const Submission* KeyLine::find_provider(Line& line, const Submission& head) {
  const Submission* first = nullptr;
  std::vector<const Submission*> waiting{&head};
  std::vector<SubmissionId> met{head.id};
  for (std::size_t i = 0; i < waiting.size(); ++i) {
    for (const Digest& key : waiting[i]->requirements) {
      const auto requirement = requirements_.look(key);
      if (!requirement || requirement->standing == Requirement::Standing::met) continue;
      for (const SubmissionId& id : requirement->providers) {
        if (std::ranges::find(met, id) != met.end()) continue;
        if (met.size() == most_looked_at_for_a_front) return first;
        met.push_back(id);
        const Submission* provider = look(line, id);
        const bool is_here = provider != nullptr && provider->ordering_key == head.ordering_key;
        if (!is_here || is_terminal(provider->state)) continue;
        if (may_go(*provider)) {
          if (first == nullptr || provider->position < first->position) first = provider;
        } else if (waits_for_a_requirement(*provider)) {
          waiting.push_back(provider);
        }
      }
    }
  }
  return first;
}

}  // namespace titip::storage
