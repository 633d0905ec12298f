#include "storage/book.h"
#include "storage/keys.h"
#include "storage/tables.h"

namespace titip::storage {
namespace {

constexpr const char* restored_rule = "restored";

}  // namespace

Book::AfterRestore Book::restored(const SubmissionId& id, WallTime since) {
  begin();
  auto record = read_record(staging_, id);
  if (!record) return AfterRestore::damaged;
  const State state = record->submission.state;
  if (is_terminal(state)) return AfterRestore::as_it_was;
  if (state == State::in_flight) {
    // A mark that cannot be read leaves a bare line, as after any restart.
    const std::string key = keys::of(id);
    const std::string* bytes = staging_.get(Family::open, key);
    Attempt mark;
    if (bytes != nullptr) mark = decode_attempt({Family::open, key}, *bytes).value_or(Attempt{});
    return lost_attempt(id, mark) ? AfterRestore::unknown : AfterRestore::damaged;
  }
  const Submission before = record->submission;
  Submission& s = record->submission;
  if (state == State::held) {
    // It may have been released and delivered since: a release must ask the server first.
    if (s.hold_reason == HoldReason::unknown) return AfterRestore::held;
    s.hold_reason = HoldReason::unknown;
    s.held_from = State::unknown;
    s.unknown_since = now_;
    ++s.version;
    commit_change(before, *record);
    finish();
    return AfterRestore::held;
  }
  if (state == State::unknown && s.unknown_since && *s.unknown_since >= since) return AfterRestore::as_it_was;
  s.unknown_since = now_;
  s.aging_since.reset();
  s.outcome_rule = restored_rule;
  enter_state(*record, {.state = State::unknown, .event = Event::went_unknown, .due_at = now_, .at = now_});
  commit_change(before, *record);
  finish();
  return AfterRestore::unknown;
}

}  // namespace titip::storage
