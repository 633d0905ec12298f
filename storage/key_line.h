// The lines people stand in: per ordering key the records that hold it, in order of position, and who of them may go.
// One thread (the writer), over the group's Staging. Within a call the line of every record that changes is told of it;
// settle() at the end of the call draws the conclusions.
//
// Invariants, after settle():
//  - a line holds exactly the records of its key that are not terminal. Head names the one with the lowest position,
//    chain holds all the others: a line of one, which is the rule, costs no row of its own;
//  - Head.count is their number, Head.newest the latest acceptance of all that stood here since the line was last
//  empty;
//  - the front is who may go. It is the head, unless the head waits for a requirement: then it is the first provider,
//  by
//    position, that this requirement needs, or that such a provider needs in its turn, and that stands in this line and
//    may go. May go: queued, deferred, unknown or in flight. Nobody else is ever opened or due, so one record of a key
//    is on its way at most. A front that is in flight or unknown stays the front until that is settled or held;
//  - a record that cannot be read holds its line, and goes nowhere;
//  - what stands in the due index for this line is due_index.h's rows_of_front(front, newest).
#pragma once

#include <cstddef>
#include <list>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "storage/due_index.h"
#include "storage/records.h"
#include "storage/requirements.h"
#include "storage/staging.h"

namespace titip::storage {

// A search for the front looks at so many records at most; requirements within one person's records are a handful.
inline constexpr std::size_t most_looked_at_for_a_front = 64;

class KeyLine {
 public:
  KeyLine(Staging& staging, Requirements& requirements, DueIndex& due)
      : staging_(staging), requirements_(requirements), due_(due) {}

  // Of a call; what the last one left behind was settled, or rolled back.
  void begin() {
    lines_.clear();
    settled_.clear();
  }
  bool is_front(const Submission& submission);
  void enter(const Submission& submission);                             // a new record, at the end of its line
  void changed(const Submission& before, const Submission& after);      // leaves the line if `after` is terminal
  void look_again(const Submission& submission) { touch(submission); }  // what it waits for stands differently
  void settle();

 private:
  struct Line {
    Digest key{};
    Staging::Row row;
    std::optional<Head> before{};
    Head now{};
    DueRows due_before{};
    std::list<Submission> seen{};  // records of this line that were looked at, as they are now
  };
  Line& touch(const Submission& submission);
  static void remember(Line& line, const Submission& submission);
  void leave(Line& line, const Submission& gone);
  const Submission* look(Line& line, const SubmissionId& id);
  void set_front(Line& line, const Submission* front);
  const Submission* find_front(Line& line);
  const Submission* find_provider(Line& line, const Submission& head);

  Staging& staging_;
  Requirements& requirements_;
  DueIndex& due_;
  std::vector<Line> lines_;
  std::vector<Line> settled_;  // last, in this call
};

}  // namespace titip::storage
