// The bookkeeping of custody: what one accept, opened attempt, settlement, transition or object means for every family.
// Pure but for the Staging it is given: time is an argument, nothing is durable until the group's batch is committed.
// One thread (the writer), one Book a group.
//
// After each call the owner looks at Staging::fault(): a call that met one is rolled back and answered with it.
// Invariants kept: states move along state_table.h only; positions are dense and rise in the order of the calls; counts
// always balance with the records; the open mark of a record exists exactly while it is in_flight; `attention` names
// exactly the held records and those rejected or expired that nothing has replaced; those of KeyLine, Requirements and
// DueIndex.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

#include "storage/due_index.h"
#include "storage/key_line.h"
#include "storage/keys.h"
#include "storage/records.h"
#include "storage/requirements.h"
#include "storage/staging.h"
#include "storage/state_table.h"
#include "storage/tally.h"
#include "storage/upkeep_calls.h"

namespace titip::storage {

// A timeline keeps its first lines and its last ones; those between are dropped one by one as new ones come. The
// numbers of the lines show the gap.
inline constexpr std::uint32_t timeline_first_lines = 20;
inline constexpr std::uint32_t timeline_last_lines = 180;

// One call may set so many dependants moving; beyond that it is refused as `overloaded`, and nothing happens.
inline constexpr std::size_t most_followers = 10'000;
// The server said so often that a requirement is missing which is not: then it means no.
inline constexpr std::uint32_t most_blocked_replies = 3;

struct BookSettings {
  std::uint64_t epoch = 0;               // of this opening: what is done under another one is fenced
  bool erase_delivered_at_once = false;  // retention zero, or the disk is low
  // All that was settled until then counts as settled then (commit_sequence.h).
  std::optional<WallTime> clock_doubted_since{};
};

class Book {
 public:
  Book(Staging& staging, WallTime now, BookSettings settings = {})
      : staging_(staging),
        now_(now),
        settings_(settings),
        last_position_(staging.row(Family::info, keys::last_position)),
        tally_(staging),
        requirements_(staging),
        due_(staging, woken_),
        line_(staging, requirements_, due_) {}
  Book(const Book&) = delete;
  Book& operator=(const Book&) = delete;

  // What is asked is left as it was, so that a group can be run again.
  Verdict accept(const NewSubmission& incoming);
  Changed open_attempt(const OpenAttempt& open);
  Changed settle(const Settlement& settlement);
  Changed read_back(const ReadBack& read);
  // The events of requirements are the store's own to draw, and refused here.
  Changed transition(const Transition& transition);
  Applied put_object(const PutObject& put);

  // book_upkeep.cc
  Erased erase(const EraseRecord& what);
  RetainedRecord retain(const RetainRecord& what);
  Applied free_key(const FreeKey& what);
  Applied rewrap(const Rewrap& rewrap);
  AuditLine append_audit(std::string bytes);
  // book_quarantine.cc. Newly: nobody had met it before.
  SetApart set_apart(const Damage& damage);

  // An attempt that was open when the last process ended: nobody knows what came of it. False: the record is damaged
  // or gone.
  bool lost_attempt(const SubmissionId& id, Attempt mark);

  // What becomes of a record when its store was put back from a copy (restore.h) at `since`. Twice does nothing.
  enum class AfterRestore { unknown, held, as_it_was, damaged };
  AfterRestore restored(const SubmissionId& id, WallTime since);

  // Of payloads that lost their place, in calls that were rolled back too.
  std::uint64_t erased_bytes() const { return erased_bytes_; }

  // Lanes that gained a due record since the last call; may hold doubles, and lanes of calls that were rolled back.
  std::vector<Lane> take_woken() { return std::exchange(woken_, {}); }

  // Tells the Staging what a call will look at, so that one look-up serves the group: first by what the call itself
  // says, then (once that is fetched) by what its record says.
  void foresee(const NewSubmission& incoming);
  void foresee_behind(const NewSubmission& incoming);
  void foresee(const std::vector<News>& news);
  void foresee(const SubmissionId& id);
  void foresee_behind(const SubmissionId& id);

 private:
  struct Entering {
    State state = State::queued;
    Event event = Event::hold;
    HoldReason hold_reason = HoldReason::none;
    std::optional<WallTime> due_at;  // delivered: when to read its numbers back
    WallTime at{};
  };

  // book_accept.cc
  Verdict decide_on(const NewSubmission& incoming);
  void replace(Submission& by, const SubmissionId& gone);
  void take_in(const NewSubmission& incoming, Record& record, bool correction, bool taken_back);

  // book_taking_back.cc
  bool take_back(const Submission& by, const Digest& key);
  bool has_nothing_to_take_back(const Submission& by);
  bool never_landed(const SubmissionId& id, const Submission& by);
  bool let_go();
  void free_what_was_taken_back(const Submission& by);

  // book_change.cc
  bool is_fenced(std::uint64_t epoch) const { return epoch != settings_.epoch; }
  Event answer_to_blocked(Submission& submission);
  void take_numbers(Submission& submission, const std::vector<Resolved>& resolved);
  Changed finished(const Record& record);
  Changed take_in_news(const std::vector<News>& all, Changed changed);
  void append_line(Record& record, Attempt attempt, const std::optional<Attempt>& mark);
  void enter_state(Record& record, const Entering& entering);

  // book_follow.cc: every call begins with begin(), writes each record it changes by commit_change() or move(), and
  // ends with finish().
  void begin();
  void commit_change(const Submission& before, Record& after);
  void move(Record& record, Event event, std::string_view rule);
  void erase_if_asked(Record& record);
  void finish();
  void follow();
  void look_again(const SubmissionId& waiting, bool is_cancelled);
  void keep_providing(const Submission& before, const Submission& after);
  void keep_attention(const Submission* before, const Submission& after);
  void leave_natural_chain(const Submission& before, State to);
  bool strike_from_chain(const Submission& member);

  // Payload, reply and notes go. `destroy_content` takes the data key too, as erasing a person asks for;
  // `drop_content`, as retention does, leaves it while a reference's number is sealed under it.
  void destroy_content(Record& record);  // book_upkeep.cc
  void drop_content(Record& record);     // book_upkeep.cc
  void drop_notes(const Record& record);
  void wipe(Family family, const std::string& key);
  void wipe_quarantined(Family family, std::string_view key);
  bool is_believed(WallTime settled_before) const {
    return !settings_.clock_doubted_since || *settings_.clock_doubted_since < settled_before;
  }
  void erase_settled(Record& record);
  void free_natural_key(const Record& record, WallTime keys_before);

  // book_quarantine.cc
  void park(Record& record);
  SetApart file_away(const Damage& damage, const Lane& lane, const std::string& bytes);

  Staging& staging_;
  WallTime now_;
  BookSettings settings_;
  Staging::Row last_position_;
  std::vector<Lane> woken_;
  Tally tally_;
  Requirements requirements_;
  DueIndex due_;
  KeyLine line_;
  std::vector<SubmissionId> cancelled_;  // by following, in this call
  struct Gone {
    Digest key{};  // of what is taken back
    SubmissionId by;
  };
  std::vector<Gone> gone_;  // in this call, not let go yet
  std::size_t followed_ = 0;
  std::uint64_t erased_bytes_ = 0;
};

}  // namespace titip::storage
