#include "storage/tally.h"

#include <algorithm>
#include <utility>

#include "storage/keys.h"
#include "storage/tables.h"

namespace titip::storage {
namespace {

bool has_pending_deadline(const Submission& submission) {
  return submission.deadline && !is_terminal(submission.state);
}

}  // namespace

const Tally::OfMinute& Tally::of_minute(const Submission& s) {
  const std::int64_t minute = keys::minute_of(s.id.made_at());
  if (!of_minute_ || of_minute_->minute != minute || of_minute_->destination != s.destination) {
    of_minute_ = {s.destination, minute, counts(keys::destination_counts(s.destination)),
                  counts(keys::minute_accepted(s.destination, minute)),
                  counts(keys::minute_pending(s.destination, minute))};
  }
  return *of_minute_;
}

const Tally::OfDay& Tally::of_day(const Submission& s) {
  const std::int32_t day = keys::day_of(s.id.made_at());
  if (!of_day_ || of_day_->day != day || of_day_->lane.facility != s.facility ||
      of_day_->lane.destination != s.destination) {
    Lane lane{s.destination, s.facility};
    const Row fine = counts(keys::fine_counts(lane, day));
    of_day_ = {std::move(lane), day, fine};
  }
  return *of_day_;
}

const Tally::OfDeadline& Tally::of_deadline(const Submission& s) {
  const std::int64_t minute = keys::minute_of(*s.deadline);
  if (!of_deadline_ || of_deadline_->minute != minute || of_deadline_->destination != s.destination) {
    of_deadline_ = {s.destination, minute, counts(keys::deadline_pending(s.destination, minute))};
  }
  return *of_deadline_;
}

void Tally::foresee(const Submission& submission) {
  const OfMinute& rows = of_minute(submission);
  for (const Row row : {rows.total, rows.accepted, rows.pending, of_day(submission).fine}) staging_.want(row);
  if (submission.deadline) staging_.want(of_deadline(submission).pending);
}

void Tally::added(const Record& record) {
  const Submission& s = record.submission;
  const OfMinute& rows = of_minute(s);
  const bool pending = !is_terminal(s.state);
  auto* total = staging_.change(rows.total, decode_counts);
  if (total == nullptr) return;
  ++total->accepted;
  ++total->by_state[static_cast<std::size_t>(s.state)];
  if (pending) total->payload_bytes_pending += record.payload_bytes;
  if (total->accepted == 1) write(staging_, Family::counts, keys::attention_count(s.destination), std::uint64_t{0});
  step(staging_, rows.accepted, true);
  if (pending) step(staging_, rows.pending, true);
  if (has_pending_deadline(s)) step(staging_, of_deadline(s).pending, true);
  move_fine(s, nullptr, {s.state, s.outcome_rule});
}

void Tally::changed(const Submission& before, const Record& after) {
  const Submission& s = after.submission;
  // A release may take the deadline away though the record is held again at once.
  if (has_pending_deadline(before) && !has_pending_deadline(s)) {
    step(staging_, of_deadline(before).pending, false);
  }
  if (!has_pending_deadline(before) && has_pending_deadline(s)) step(staging_, of_deadline(s).pending, true);
  if (before.state == s.state && before.outcome_rule == s.outcome_rule) return;
  const bool was_pending = !is_terminal(before.state);
  const bool is_pending = !is_terminal(s.state);
  if (before.state != s.state) {
    auto* total = staging_.change(of_minute(s).total, decode_counts);
    if (total == nullptr) return;
    std::uint64_t& from = total->by_state[static_cast<std::size_t>(before.state)];
    if (from == 0 || (was_pending && !is_pending && total->payload_bytes_pending < after.payload_bytes)) {
      return staging_.fail(Error::corrupt);
    }
    --from;
    ++total->by_state[static_cast<std::size_t>(s.state)];
    if (was_pending && !is_pending) total->payload_bytes_pending -= after.payload_bytes;
    if (!was_pending && is_pending) total->payload_bytes_pending += after.payload_bytes;
  }
  if (was_pending != is_pending) step(staging_, of_minute(s).pending, is_pending);
  const Cell from{before.state, before.outcome_rule};
  move_fine(s, &from, {s.state, s.outcome_rule});
}

void Tally::needs_attention(const Submission& submission, bool needs) {
  std::uint64_t* count = staging_.change(counts(keys::attention_count(submission.destination)), decode_number);
  if (count == nullptr) return;
  if (!needs && *count == 0) return staging_.fail(Error::corrupt);
  needs ? ++*count : --*count;
}

void Tally::quarantined(std::string_view destination) {
  auto* total = staging_.change(counts(keys::destination_counts(destination)), decode_counts);
  if (total != nullptr) ++total->quarantined;
}

void Tally::move_fine(const Submission& submission, const Cell* from, const Cell& to) {
  auto* row = staging_.change(of_day(submission).fine, decode_fine_counts);
  if (row == nullptr) return;
  const auto find = [&](const Cell& cell) {
    return std::ranges::find_if(
        *row, [&](const FineCount& c) { return c.state == cell.state && c.outcome_rule == cell.outcome_rule; });
  };
  if (from != nullptr) {
    const auto at = find(*from);
    if (at == row->end() || at->count == 0) return staging_.fail(Error::corrupt);
    if (--at->count == 0) row->erase(at);
  }
  if (const auto at = find(to); at != row->end()) {
    ++at->count;
  } else {
    row->push_back({to.state, std::string(to.outcome_rule), 1});
  }
}

}  // namespace titip::storage
