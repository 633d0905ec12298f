// The counts, kept as records change, never by scanning. Six kinds of rows in the family `counts`: per destination
// (accepted, by state, pending payload bytes, quarantined), per lane and day (by state and outcome rule), per
// destination and minute how many were accepted and how many of them are pending, and per destination and minute of
// a deadline how many pending records have it; per destination how many need attention. Days and minutes are those of
// the time in the id, so that a range of ids says how much of it must be there. One thread (the writer), over the
// group's Staging; what cannot be (a count below zero) is a fault.
//
// Invariant: every row equals what a scan of the records gives; rows that would say zero are not there (those of
// accepted records and of attention stay).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "storage/records.h"
#include "storage/staging.h"

namespace titip::storage {

class Tally {
 public:
  explicit Tally(Staging& staging) : staging_(staging) {}

  // The rows a call about this record will touch.
  void foresee(const Submission& submission);

  void added(const Record& record);
  // After every change of state or outcome rule; nothing else is counted.
  void changed(const Submission& before, const Record& after);
  // A record begins, or ceases, to need attention (keys::attention).
  void needs_attention(const Submission& submission, bool needs);
  // A record of this destination was found damaged. It stays counted in its state.
  void quarantined(std::string_view destination);

 private:
  using Row = Staging::Row;
  // The rows found last, each beside what names it: most records of a group count in the same.
  struct OfMinute {
    std::string destination;
    std::int64_t minute = 0;
    Row total, accepted, pending;
  };
  struct OfDay {
    Lane lane;
    std::int32_t day = 0;
    Row fine;
  };
  struct OfDeadline {
    std::string destination;
    std::int64_t minute = 0;
    Row pending;
  };
  struct Cell {
    State state;
    std::string_view outcome_rule;
  };
  Row counts(std::string_view key) { return staging_.row(Family::counts, key); }
  const OfMinute& of_minute(const Submission& submission);
  const OfDay& of_day(const Submission& submission);
  const OfDeadline& of_deadline(const Submission& submission);
  void move_fine(const Submission& submission, const Cell* from, const Cell& to);

  Staging& staging_;
  std::optional<OfMinute> of_minute_;
  std::optional<OfDay> of_day_;
  std::optional<OfDeadline> of_deadline_;
};

}  // namespace titip::storage
