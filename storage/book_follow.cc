// What the change of one record means for everything else: indexes, counts, and the records that wait for it.
#include <algorithm>
#include <utility>

#include "storage/book.h"
#include "storage/keys.h"
#include "storage/tables.h"

namespace titip::storage {
namespace {

using Standing = Requirement::Standing;

bool needs_attention(const Submission& s) {
  return s.state == State::held || ((s.state == State::rejected || s.state == State::expired) && !s.replaced_by);
}

}  // namespace

void Book::begin() {
  cancelled_.clear();
  gone_.clear();
  followed_ = 0;
  requirements_.take_moved();
  line_.begin();
}

void Book::commit_change(const Submission& before, Record& after) {
  Submission& s = after.submission;
  const bool ends = is_terminal(s.state) && !is_terminal(before.state);
  if (ends && s.erase_when_settled) {
    destroy_content(after);
    s.due_at.reset();  // a number could not be kept any more
  } else if (s.state == State::delivered && settings_.erase_delivered_at_once && !s.due_at && !s.content_erased) {
    drop_content(after);  // a read-back under way still needs it
  }
  write_record(staging_, after);
  tally_.changed(before, after);
  keep_attention(&before, s);
  requirements_.changed(before, s);
  keep_providing(before, s);
  if (before.state == State::delivered || s.state == State::delivered) {
    due_.replace(rows_of_read_back(before), rows_of_read_back(s));
  }
  if (holds_its_key(before.state)) line_.changed(before, s);
  if (ends) leave_natural_chain(before, s.state);
  if (ends && s.state == State::delivered && s.takes_back) free_what_was_taken_back(s);
}

// What others may expect of it from now on.
void Book::keep_providing(const Submission& before, const Submission& after) {
  if (after.provides.empty() && after.references.empty()) return;
  switch (after.state) {
    case State::delivered:
      if (before.state != State::delivered) {
        requirements_.deliver(after);
      } else if (!before.due_at && after.due_at) {
        requirements_.read_again(after);
      }
      if (!after.due_at) requirements_.give_up(after);
      break;
    case State::rejected:
    case State::expired:
      requirements_.withdraw(after, Standing::failed);
      break;
    case State::cancelled:
      requirements_.withdraw(after, Standing::cancelled);
      break;
    default:
      break;
  }
}

void Book::keep_attention(const Submission* before, const Submission& after) {
  const bool needed = before != nullptr && needs_attention(*before);
  const bool needs = needs_attention(after);
  if (needed == needs) return;
  tally_.needs_attention(after, needs);
  std::string key = keys::attention(lane_of(after), after.id);
  if (needs) {
    write(staging_, Family::attention, std::move(key), Mark{});
  } else {
    staging_.erase(Family::attention, std::move(key));
  }
}

// What may have landed stays: what it stands for must not be accepted a second time. A rejection is the server's word
// that it did not.
void Book::leave_natural_chain(const Submission& before, State to) {
  if (to == State::delivered || !before.natural_key) return;
  if (to != State::rejected && may_have_landed(before)) return;
  if (!strike_from_chain(before)) staging_.fail(Error::corrupt);
}

// False: it is no member, or the chain cannot be read.
bool Book::strike_from_chain(const Submission& member) {
  if (!member.natural_key) return false;
  const Staging::Row row = staging_.row(Family::natural, keys::of(*member.natural_key));
  auto chain = read(staging_, row, decode_ids);
  if (!chain || std::erase(*chain, member.id) != 1) return false;
  if (chain->empty()) {
    staging_.erase(row);
  } else {
    write(staging_, row, *chain);
  }
  return true;
}

// One step along the table that nobody asked for by name.
void Book::move(Record& record, Event event, std::string_view rule) {
  const Submission before = record.submission;
  const auto next = next_state(before.state, event, before.hold_reason, before.held_from);
  if (!next) return staging_.fail(Error::corrupt);
  if (!rule.empty()) record.submission.outcome_rule = rule;
  // Who only waited for another goes by his age, as all who wait in a queue do.
  const bool goes_on = event == Event::requirement_delivered;
  enter_state(record, {.state = *next,
                       .event = event,
                       .due_at = goes_on ? std::optional(before.accepted_at) : std::nullopt,
                       .at = now_});
  commit_change(before, record);
}

// Somebody asked for the erasure of a record that was on its way, and the table lets it go now.
void Book::erase_if_asked(Record& record) {
  const Submission& s = record.submission;
  if (!s.erase_when_settled || is_terminal(s.state)) return;
  if (next_state(s.state, Event::erase, s.hold_reason, s.held_from)) move(record, Event::erase, "erased");
}

void Book::finish() {
  follow();
  line_.settle();
}

// Keys whose standing changed, those who wait for them, and what that changes in turn: until nothing moves any more.
// Each record moves along the table towards an end, so it does end.
void Book::follow() {
  while (true) {
    const auto moved = requirements_.take_moved();
    if (moved.empty() && !let_go()) return;
    for (const Digest& key : moved) {
      const auto requirement = requirements_.look(key);
      if (!requirement) return staging_.fail(Error::corrupt);
      const bool is_cancelled = requirement->standing == Standing::cancelled;
      for (const SubmissionId& id : requirements_.waiters(key)) {
        if (staging_.fault()) return;
        if (++followed_ > most_followers) return staging_.fail(Error::overloaded);
        look_again(id, is_cancelled);
      }
    }
  }
}

void Book::look_again(const SubmissionId& waiting, bool is_cancelled) {
  auto record = read_record(staging_, waiting);
  if (!record || !waits_for_a_requirement(record->submission)) return staging_.fail(Error::corrupt);
  const bool was_blocked = record->submission.state == State::blocked;
  const auto end = [&](std::string_view rule) {
    cancelled_.push_back(waiting);
    move(*record, Event::requirement_cancelled, rule);
  };
  if (is_cancelled) {
    return end(has_nothing_to_take_back(record->submission) ? nothing_to_take_back : "requirement_cancelled");
  }
  switch (requirements_.ask(record->submission)) {
    case Requirements::Answer::clear:
      return move(*record, Event::requirement_delivered, {});
    case Requirements::Answer::pending:
      if (!was_blocked) return move(*record, Event::requirement_pending_again, {});
      break;
    case Requirements::Answer::failed:
      if (has_nothing_to_take_back(record->submission)) return end(nothing_to_take_back);
      if (was_blocked) return move(*record, Event::requirement_failed, {});
      break;
  }
  line_.look_again(record->submission);  // another one may pass it now, or none
}

}  // namespace titip::storage
