// The due index: what may be sent, probed or read back, by lane, class and time. One thread (the writer), over the
// group's Staging.
//
// Invariants, after every call of the Book:
//  - a line's front (key_line.h) that is queued or deferred stands in class send at its due time; in class fresh, at
//  the
//    time the newest of its line was accepted, if and only if that is later than its own acceptance; and in class
//    deadline, at its deadline, if it has one;
//  - a front that is unknown stands in class probe at its due time;
//  - a delivered record that waits for the number of a reference stands in class read_back at its due time;
//  - a record without a due time is parked: it is looked at by a person, and stands nowhere;
//  - nobody else stands anywhere, and every row tells id, due time, acceptance and shard of its record;
//  - the lane's count is the number of records, not rows, that stand in it.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "storage/records.h"
#include "storage/staging.h"

namespace titip::storage {

inline Lane lane_of(const Submission& submission) {
  return {submission.destination, submission.facility};
}

// The class a front in this state is due in; none: nothing is due.
std::optional<DueClass> due_class_of(State state);

// All rows of one record.
struct DueRows {
  Lane lane;
  std::vector<std::pair<std::string, DueEntry>> rows;  // by key
};
DueRows rows_of_front(const Submission& front, WallTime newest_of_line);
DueRows rows_of_read_back(const Submission& submission);

// What takes the place of a row that is damaged: of nobody, and never due.
inline const DueEntry never_due{.id = {}, .due_at = WallTime::max(), .accepted_at = WallTime{}, .shard = 0};

class DueIndex {
 public:
  // `woken` gains the lane of every record that becomes due, or due at another time.
  DueIndex(Staging& staging, std::vector<Lane>& woken) : staging_(staging), woken_(woken) {}

  void replace(const DueRows& before, const DueRows& after);
  // Takes out one row of a record that cannot be read.
  void strike(const std::string& key);
  // The lane's count.
  Staging::Row count_of(const Lane& lane);

 private:
  struct OfLane {
    Lane lane;
    Staging::Row count;
  };

  Staging& staging_;
  std::vector<Lane>& woken_;
  std::optional<OfLane> of_lane_;  // found last
};

}  // namespace titip::storage
