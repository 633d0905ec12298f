#include "storage/tally.h"

#include <algorithm>
#include <utility>

#include "storage/keys.h"
#include "storage/tables.h"

namespace titip::storage {
namespace {

Lane lane_of_row(const Submission& submission) {
  return {submission.destination, submission.facility};
}

std::string deadline_row(const Submission& submission) {
  return keys::deadline_pending(submission.destination, keys::minute_of(*submission.deadline));
}

bool has_pending_deadline(const Submission& submission) {
  return submission.deadline && !is_terminal(submission.state);
}

std::string fine_row(const Submission& submission) {
  return keys::fine_counts(lane_of_row(submission), keys::day_of(submission.id.made_at()));
}

}  // namespace

void Tally::foresee(const Submission& submission) {
  const std::int64_t minute = keys::minute_of(submission.id.made_at());
  const auto deadline = submission.deadline ? std::optional(keys::minute_of(*submission.deadline)) : std::nullopt;
  Rows rows{lane_of_row(submission), minute, deadline};
  if (rows == foreseen_) return;  // most of a group count in the same rows
  foreseen_ = std::move(rows);
  staging_.want(Family::counts, keys::destination_counts(submission.destination));
  staging_.want(Family::counts, fine_row(submission));
  staging_.want(Family::counts, keys::minute_accepted(submission.destination, minute));
  staging_.want(Family::counts, keys::minute_pending(submission.destination, minute));
  if (submission.deadline) staging_.want(Family::counts, deadline_row(submission));
}

void Tally::added(const Record& record) {
  const Submission& s = record.submission;
  const bool pending = !is_terminal(s.state);
  bool first = false;
  with_destination(s.destination, [&](DestinationCounts& counts) {
    ++counts.accepted;
    first = counts.accepted == 1;
    ++counts.by_state[static_cast<std::size_t>(s.state)];
    if (pending) counts.payload_bytes_pending += record.payload_bytes;
    return true;
  });
  if (first) write(staging_, Family::counts, keys::attention_count(s.destination), std::uint64_t{0});
  const std::int64_t minute = keys::minute_of(s.id.made_at());
  step(keys::minute_accepted(s.destination, minute), true);
  if (pending) step(keys::minute_pending(s.destination, minute), true);
  if (has_pending_deadline(s)) step(deadline_row(s), true);
  move_fine(s, nullptr, {s.state, s.outcome_rule});
}

void Tally::changed(const Submission& before, const Record& after) {
  const Submission& s = after.submission;
  // A release may take the deadline away though the record is held again at once.
  if (has_pending_deadline(before) && !has_pending_deadline(s)) step(deadline_row(before), false);
  if (!has_pending_deadline(before) && has_pending_deadline(s)) step(deadline_row(s), true);
  if (before.state == s.state && before.outcome_rule == s.outcome_rule) return;
  const bool was_pending = !is_terminal(before.state);
  const bool is_pending = !is_terminal(s.state);
  if (before.state != s.state) {
    with_destination(s.destination, [&](DestinationCounts& counts) {
      std::uint64_t& from = counts.by_state[static_cast<std::size_t>(before.state)];
      if (from == 0 || (was_pending && !is_pending && counts.payload_bytes_pending < after.payload_bytes)) return false;
      --from;
      ++counts.by_state[static_cast<std::size_t>(s.state)];
      if (was_pending && !is_pending) counts.payload_bytes_pending -= after.payload_bytes;
      if (!was_pending && is_pending) counts.payload_bytes_pending += after.payload_bytes;
      return true;
    });
  }
  if (was_pending != is_pending) {
    step(keys::minute_pending(s.destination, keys::minute_of(s.id.made_at())), is_pending);
  }
  const Cell from{before.state, before.outcome_rule};
  move_fine(s, &from, {s.state, s.outcome_rule});
}

void Tally::needs_attention(const Submission& submission, bool needs) {
  std::string key = keys::attention_count(submission.destination);
  const std::uint64_t count = read(staging_, Family::counts, key, decode_number).value_or(0);
  if (!needs && count == 0) return staging_.fail(Error::corrupt);
  write(staging_, Family::counts, std::move(key), needs ? count + 1 : count - 1);
}

void Tally::quarantined(std::string_view destination) {
  with_destination(destination, [](DestinationCounts& counts) {
    ++counts.quarantined;
    return true;
  });
}

template <class Change>
void Tally::with_destination(std::string_view destination, Change change) {
  std::string key = keys::destination_counts(destination);
  auto counts = read(staging_, Family::counts, key, decode_counts).value_or(DestinationCounts{});
  if (!change(counts)) return staging_.fail(Error::corrupt);
  write(staging_, Family::counts, std::move(key), counts);
}

void Tally::step(std::string key, bool up) {
  const std::uint64_t count = read(staging_, Family::counts, key, decode_number).value_or(0);
  if (!up && count == 0) return staging_.fail(Error::corrupt);
  if (!up && count == 1) return staging_.erase(Family::counts, std::move(key));
  write(staging_, Family::counts, std::move(key), up ? count + 1 : count - 1);
}

void Tally::move_fine(const Submission& submission, const Cell* from, const Cell& to) {
  std::string key = fine_row(submission);
  auto row = read(staging_, Family::counts, key, decode_fine_counts).value_or(std::vector<FineCount>{});
  const auto find = [&](const Cell& cell) {
    return std::ranges::find_if(
        row, [&](const FineCount& c) { return c.state == cell.state && c.outcome_rule == cell.outcome_rule; });
  };
  if (from != nullptr) {
    const auto at = find(*from);
    if (at == row.end() || at->count == 0) return staging_.fail(Error::corrupt);
    if (--at->count == 0) row.erase(at);
  }
  if (const auto at = find(to); at != row.end()) {
    ++at->count;
  } else {
    row.push_back({to.state, std::string(to.outcome_rule), 1});
  }
  write(staging_, Family::counts, std::move(key), row);
}

}  // namespace titip::storage
