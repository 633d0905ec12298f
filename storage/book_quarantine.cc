// Damage that was met: looked at again, set apart, and out of the way of everybody else.
#include <utility>

#include "storage/book.h"
#include "storage/keys.h"
#include "storage/tables.h"

namespace titip::storage {
namespace {

// Of the record that a value belongs to.
std::optional<SubmissionId> owner_of(const Damage& damage) {
  switch (damage.family) {
    case Family::payload:
    case Family::reply:
    case Family::open:
      return keys::parse_id(damage.key);
    case Family::attempt:
      return keys::parse_id(std::string_view(damage.key).substr(0, 16));
    default:
      return std::nullopt;
  }
}

}  // namespace

SetApart Book::set_apart(const Damage& damage) {
  begin();
  const std::string* found = staging_.get(damage.family, damage.key);
  const bool refused = staging_.fault() == Error::corrupt;
  if (!staging_.forgive_damage()) return {};
  if (found != nullptr && is_sound({damage.family, damage.key}, *found)) return {};  // written anew meanwhile
  const std::string bytes = found != nullptr ? *found : std::string();

  const auto owner = owner_of(damage);
  auto record = owner ? read_record(staging_, *owner) : std::nullopt;
  if (!staging_.forgive_damage()) return {};
  const bool is_due = !damage.due_key.empty() && staging_.get(Family::due, damage.due_key) != nullptr;
  const bool is_gone = found == nullptr && !refused && !damage.unreadable;
  const bool is_missed = is_due || (damage.family == Family::payload && record && !record->submission.content_erased);
  if (is_gone && !is_missed) return {};

  Lane lane = damage.lane;
  if (const auto due = keys::parse_due(damage.due_key)) lane = due->lane;
  if (record) lane = lane_of(record->submission);
  if (damage.family == Family::due) {
    // Whose it is nobody knows, so it cannot be taken out with all that belongs to it: it stays, and is never due.
    if (found != nullptr) write(staging_, Family::due, damage.key, never_due);
  } else if (damage.family == Family::payload && record) {
    park(*record);
  } else if (damage.family == Family::meta && is_due) {
    due_.strike(damage.due_key);
  }
  return file_away(damage, lane, bytes);
}

// In its place, and held for a person to see; what may have been sent is held as one whose outcome is unknown. What the
// table does not let go (a delivered one whose number is read back) is not due any more.
void Book::park(Record& record) {
  const Submission before = record.submission;
  if (!before.due_at) return;
  const bool in_doubt = before.state == State::unknown;
  const Event event = in_doubt ? Event::gave_up_probing : Event::hold;
  if (const auto next = next_state(before.state, event)) {
    enter_state(record, {.state = *next,
                         .event = event,
                         .hold_reason = in_doubt ? HoldReason::unknown : HoldReason::damaged,
                         .due_at = {},
                         .at = now_});
    commit_change(before, record);
    erase_if_asked(record);
  } else {
    record.submission.due_at.reset();
    ++record.submission.version;
    commit_change(before, record);
  }
  finish();
}

SetApart Book::file_away(const Damage& damage, const Lane& lane, const std::string& bytes) {
  std::string at = keys::quarantine(damage.family, damage.key);
  const auto known = read(staging_, Family::quarantine, at, decode_quarantined);
  const bool tells_more = known && known->destination.empty() && !lane.destination.empty();
  if (known && !tells_more) return {};
  Quarantined entry = known.value_or(Quarantined{now_, {}, {}, bytes});
  entry.destination = lane.destination;
  entry.facility = lane.facility;
  write(staging_, Family::quarantine, std::move(at), entry);
  if (!lane.destination.empty()) tally_.quarantined(lane.destination);
  return {!known};
}

}  // namespace titip::storage
