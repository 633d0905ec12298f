// The lines people stand in: per ordering key the records that hold it, in order of position, and the due index, which
// knows only the first of each line. One thread (the writer), over the group's Staging.
//
// Invariants, after every call:
//  - chain holds exactly the records that are not terminal; head names the one with the lowest position;
//  - due holds exactly those heads that are queued or deferred (class send) or unknown (class probe), at their due_at;
//  - the lane's count is the number of its keys in due.
#pragma once

#include <optional>
#include <vector>

#include "storage/records.h"
#include "storage/staging.h"

namespace titip::storage {

inline Lane lane_of(const Submission& submission) {
  return {submission.destination, submission.facility};
}
// The class a head in this state is due in; none: nothing is due.
std::optional<DueClass> due_class_of(State state);

class KeyLine {
 public:
  // `woken` gains the lane of every record that becomes due.
  KeyLine(Staging& staging, std::vector<Lane>& woken) : staging_(staging), woken_(woken) {}

  bool is_head(const Submission& submission);
  void enter(const Submission& submission);                         // a new record, at the end of its line
  void changed(const Submission& before, const Submission& after);  // leaves the line if `after` is terminal

 private:
  std::optional<Head> head_of(const Submission& submission);
  void promote_next(const Submission& gone, Head head);
  void add_due(const Submission& submission);
  void remove_due(const Submission& submission);
  void count(const Lane& lane, bool up);

  Staging& staging_;
  std::vector<Lane>& woken_;
};

}  // namespace titip::storage
