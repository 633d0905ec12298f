// The bookkeeping of custody: what one accept, opened attempt, settlement, transition or object means for every family.
// Pure but for the Staging it is given: time is an argument, nothing is durable until the group's batch is committed.
// One thread (the writer), one Book a group.
//
// After each call the owner looks at Staging::fault(): a call that met one is rolled back and answered with it.
// Invariants kept: states move along state_table.h only; positions are dense and rise in the order of the calls; counts
// always balance with the records; the open mark of a record exists exactly while it is in_flight; KeyLine's.
#pragma once

#include <optional>
#include <vector>

#include "storage/key_line.h"
#include "storage/records.h"
#include "storage/staging.h"

namespace titip::storage {

// A timeline keeps its first lines and its last ones; those between are dropped one by one as new ones come. The
// numbers of the lines show the gap.
inline constexpr std::uint32_t timeline_first_lines = 20;
inline constexpr std::uint32_t timeline_last_lines = 180;

class Book {
 public:
  Book(Staging& staging, WallTime now) : staging_(staging), now_(now), line_(staging, woken_) {}
  Book(const Book&) = delete;
  Book& operator=(const Book&) = delete;

  Verdict accept(NewSubmission incoming);
  Changed open_attempt(const OpenAttempt& open);
  Changed settle(Settlement settlement);
  Changed transition(const Transition& transition);
  Applied put_object(PutObject put);

  // An attempt that was open when the last process ended: nobody knows what came of it. False: the record is damaged
  // or gone.
  bool lost_attempt(const SubmissionId& id, Attempt mark);

  // What becomes of a record when its store was put back from a copy (restore.h) at `since`. Twice does nothing.
  enum class AfterRestore { unknown, held, as_it_was, damaged };
  AfterRestore restored(const SubmissionId& id, WallTime since);

  // Lanes that gained a due record since the last call; may hold doubles.
  std::vector<Lane> take_woken() { return std::exchange(woken_, {}); }

  // Tells the Staging what a call will look at, so that one look-up serves the group: first by what the call itself
  // says, then (once that is fetched) by what its record says.
  void foresee(const NewSubmission& incoming);
  void foresee(const SubmissionId& id);
  void foresee_line(const SubmissionId& id);

 private:
  struct Entering {
    State state = State::queued;
    Event event = Event::hold;
    HoldReason hold_reason = HoldReason::none;
    std::optional<WallTime> due_at;
    WallTime at{};
  };

  void take_in(NewSubmission& incoming, bool correction);
  void enter_state(Record& record, const Entering& entering);
  void commit_change(const Submission& before, const Record& after);
  void leave_natural_chain(const Submission& before, State to);
  void append_line(Record& record, Attempt attempt, const std::optional<Attempt>& mark);
  void count(const Submission& before, const Record& after);

  Staging& staging_;
  WallTime now_;
  std::vector<Lane> woken_;
  KeyLine line_;
};

}  // namespace titip::storage
