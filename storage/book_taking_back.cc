// What takes something back (a DELETE), and what becomes of that: what was not sent yet comes to nothing with it, what
// is there is free to be sent again once the taking back is delivered, and what never got there is as good as taken
// back.
#include <algorithm>
#include <utility>

#include "storage/book.h"
#include "storage/keys.h"
#include "storage/tables.h"

namespace titip::storage {
namespace {

using Standing = Requirement::Standing;

bool are_of_one_facility(const Submission& a, const Submission& b) {
  return a.destination == b.destination && a.facility == b.facility;
}

// Still ours, and the server has not seen it: an act that is taken back now never happened.
bool never_reached_the_server(const Submission& s) {
  return !may_have_landed(s) && next_state(s.state, Event::cancel, s.hold_reason, s.held_from) == State::cancelled;
}

}  // namespace

// Cancels all who could still do what is taken back, and their dependants; false, and nothing is done, if one of them
// is on its way, or has been there, or nobody is left.
bool Book::take_back(const Submission& by, const Digest& key) {
  const auto target = requirements_.look(key);
  if (!target || target->standing != Requirement::Standing::pending) return false;
  std::vector<Record> all;
  for (const SubmissionId& id : target->providers) {
    auto record = read_record(staging_, id);
    if (!record) {
      staging_.fail(Error::corrupt);
      return false;
    }
    if (!never_reached_the_server(record->submission) || !are_of_one_facility(record->submission, by)) return false;
    all.push_back(std::move(*record));
  }
  for (Record& record : all) {
    cancelled_.push_back(record.submission.id);
    move(record, Event::cancel, "taken_back");
  }
  follow();
  return true;
}

// Who quotes a number that no record will bring any more, because the one that was to bring it came to nothing before
// the server had it: then nothing is there that could be taken back, and this is done. Where the server may have it, or
// has it and its number never came, it is not.
bool Book::has_nothing_to_take_back(const Submission& by) {
  if (!by.takes_back || staging_.fault()) return false;
  const bool is_done = std::ranges::any_of(by.requirements, [&](const Digest& key) {
    const auto number = requirements_.look(key);
    const bool has_ended =
        number && (number->standing == Standing::failed || number->standing == Standing::cancelled) && number->origin;
    return has_ended && number->is_reference && never_landed(*number->origin, by);
  });
  if (is_done) gone_.push_back({*by.takes_back, by.id});
  return is_done;
}

// Nor did any of those that it repeats, edited.
bool Book::never_landed(const SubmissionId& id, const Submission& by) {
  for (std::optional<SubmissionId> each = id; each;) {
    const auto record = read_record(staging_, *each);
    if (!record) {
      staging_.forgive_damage();  // nobody knows, and a person must look: the call at hand is not to fail for it
      return false;
    }
    const Submission& s = record->submission;
    const bool ended_in_custody = (s.state == State::cancelled || s.state == State::expired) && !may_have_landed(s);
    if (s.state != State::rejected && !ended_in_custody) return false;  // rejected: the server's word that it has none
    if (!are_of_one_facility(s, by)) return false;
    each = s.replaces;
  }
  return true;
}

// What was rejected or expired and is taken back now: whoever still waits for a person to mend it goes with it, as if
// it had been taken back while it was queued. False: there is none.
bool Book::let_go() {
  const auto gone = std::exchange(gone_, {});
  for (const auto& [key, by] : gone) {
    if (staging_.fault()) break;
    const auto target = requirements_.look(key);
    if (!target || target->standing != Standing::failed || !target->origin) continue;
    const auto record = read_record(staging_, *target->origin);
    const auto taking = read_record(staging_, by);
    const bool is_meant = record && taking && never_landed(record->submission.id, taking->submission);
    if (is_meant) requirements_.abandon(record->submission);
  }
  return !gone.empty();
}

// What it took back is not with the server any more: whoever sends the same again means it anew. The records it took
// back stay delivered, and their numbers go on naming them. What came later than the taking back is not meant.
void Book::free_what_was_taken_back(const Submission& by) {
  if (staging_.fault()) return;
  const Digest& key = *by.takes_back;
  const auto meant = requirements_.look(key);
  if (!meant) return void(staging_.forgive_damage());
  if (meant->standing != Standing::met || !meant->origin) return;
  const auto is_taken_back = [&](const Submission& s) {
    const bool names_it = std::ranges::find(s.provides, key) != s.provides.end() ||
                          std::ranges::find(s.references, key) != s.references.end();
    return s.state == State::delivered && names_it && s.position < by.position && s.destination == by.destination &&
           s.facility == by.facility;
  };
  std::vector<Submission> acts;  // with its corrections
  const auto look_at = [&](const SubmissionId& id) {
    const auto record = read_record(staging_, id);
    if (record && is_taken_back(record->submission)) acts.push_back(record->submission);
    return record;
  };
  const auto last = look_at(*meant->origin);
  if (last && last->submission.natural_key) {
    const auto chain = read(staging_, Family::natural, keys::of(*last->submission.natural_key), decode_ids);
    for (const SubmissionId& id : chain.value_or(std::vector<SubmissionId>{})) {
      if (id != *meant->origin) look_at(id);
    }
  }
  if (!staging_.fault()) {
    for (const Submission& act : acts) {
      strike_from_chain(act);
      requirements_.undo(act);
    }
  }
  // That it was delivered must be written, however damaged what it took back is: then its key stays taken.
  staging_.forgive_damage();
}

}  // namespace titip::storage
