#include "storage/verify_counts.h"

#include <algorithm>
#include <functional>
#include <utility>

#include "storage/verify_rules.h"

namespace titip::storage {
namespace {

using keys::CountsKind;

bool fits(std::uint64_t counted, std::uint64_t found, std::uint64_t slack) {
  return counted >= found && counted - found <= slack;
}

FineCount* find(std::vector<FineCount>& counts, State state, const std::string& rule) {
  const auto at = std::ranges::find_if(
      counts, [&](const FineCount& each) { return each.state == state && each.outcome_rule == rule; });
  return at == counts.end() ? nullptr : &*at;
}

}  // namespace

void CountCheck::add(const Record& record) {
  const Submission& s = record.submission;
  const bool pending = !is_terminal(s.state);
  move_to(s.id.made_at());
  DestinationCounts& total = totals_[s.destination];
  ++total.accepted;
  ++total.by_state[static_cast<std::size_t>(s.state)];
  if (pending) total.payload_bytes_pending += record.payload_bytes;
  Minute& minute = of_minute_[s.destination];
  ++minute.accepted;
  if (pending) ++minute.pending;
  if (pending && s.deadline) ++of_deadline_[keys::deadline_pending(s.destination, keys::minute_of(*s.deadline))];
  if (!rules_of_entries::must(record, Family::attention).empty())
    ++need_attention_[keys::attention_count(s.destination)];
  auto& fine = of_day_[{s.destination, s.facility}];
  if (FineCount* known = find(fine, s.state, s.outcome_rule)) {
    ++known->count;
  } else {
    fine.push_back({s.state, s.outcome_rule, 1});
  }
}

void CountCheck::add_damaged(const SubmissionId& id) {
  move_to(id.made_at());
  ++damaged_;
  ++damaged_of_minute_;
  ++damaged_of_day_;
}

void CountCheck::move_to(WallTime made_at) {
  if (const std::int64_t minute = keys::minute_of(made_at); minute != minute_) {
    close_minute();
    minute_ = minute;
  }
  if (const std::int32_t day = keys::day_of(made_at); day != day_) {
    close_day();
    day_ = day;
  }
}

void CountCheck::close_minute() {
  for (const auto& [destination, found] : std::exchange(of_minute_, {})) {
    check_number(keys::minute_accepted(destination, minute_), found.accepted, damaged_of_minute_);
    check_number(keys::minute_pending(destination, minute_), found.pending, damaged_of_minute_);
  }
  damaged_of_minute_ = 0;
}

void CountCheck::close_day() {
  for (const auto& [lane, found] : std::exchange(of_day_, {})) check_fine(lane, found);
  damaged_of_day_ = 0;
}

void CountCheck::check_number(const std::string& key, std::uint64_t found, std::uint64_t slack) {
  remember(key);
  const auto bytes = row(key);
  const auto counted = bytes ? decode_number({Family::counts, key}, *bytes) : std::optional<std::uint64_t>(0);
  if (counted && !fits(*counted, found, slack)) differs(key);  // what is damaged is told by check_strays
}

void CountCheck::check_fine(const Lane& lane, const std::vector<FineCount>& found) {
  const std::string key = keys::fine_counts(lane, day_);
  remember(key);
  const auto bytes = row(key);
  auto counted = bytes ? decode_fine_counts({Family::counts, key}, *bytes) : std::vector<FineCount>{};
  if (!counted) return;
  std::uint64_t slack = damaged_of_day_;
  for (const FineCount& each : found) {
    FineCount* theirs = find(*counted, each.state, each.outcome_rule);
    if (theirs == nullptr || !fits(theirs->count, each.count, slack)) return differs(key);
    slack -= theirs->count - each.count;
    theirs->count = 0;
  }
  for (const FineCount& each : *counted) {
    if (each.count > slack) return differs(key);
    slack -= each.count;
  }
}

bool CountCheck::finish() {
  close_minute();
  close_day();
  for (const auto& [key, found] : of_deadline_) check_number(key, found, damaged_);
  for (const auto& [key, found] : need_attention_) check_number(key, found, damaged_);
  check_totals();
  std::ranges::sort(seen_);
  check_strays();
  return !failed_;
}

void CountCheck::check_totals() {
  for (const auto& [destination, found] : totals_) {
    const std::string key = keys::destination_counts(destination);
    remember(key);
    const auto bytes = row(key);
    const auto counted = bytes ? decode_counts({Family::counts, key}, *bytes) : DestinationCounts{};
    if (!counted) continue;
    const auto apart = quarantined_.find(destination);
    bool same = counted->quarantined == (apart == quarantined_.end() ? 0 : apart->second);
    same = same && fits(counted->accepted, found.accepted, damaged_);
    same = same && (damaged_ > 0 ? counted->payload_bytes_pending >= found.payload_bytes_pending
                                 : counted->payload_bytes_pending == found.payload_bytes_pending);
    for (std::size_t state = 0; state < found.by_state.size(); ++state) {
      same = same && fits(counted->by_state[state], found.by_state[state], damaged_);
    }
    if (!same) differs(key);
  }
}

// Rows of which no record was seen say nothing, or are about damaged records.
void CountCheck::check_strays() {
  std::uint64_t slack = damaged_;
  const auto scanned = kv_.scan(Family::counts, {}, {}, [&](std::string_view key, std::string_view value) {
    const auto parsed = keys::parse_counts(key);
    if (!parsed || parsed->kind == CountsKind::lane) return true;  // lanes count the due index
    if (std::ranges::binary_search(seen_, std::hash<std::string_view>{}(key))) return true;
    const Place at{Family::counts, key};
    std::uint64_t sum = 0;
    if (parsed->kind == CountsKind::fine) {
      for (const FineCount& each : decode_fine_counts(at, value).value_or(std::vector<FineCount>{})) sum += each.count;
    } else if (parsed->kind == CountsKind::destination) {
      sum = decode_counts(at, value).value_or(DestinationCounts{}).accepted;
    } else {
      sum = decode_number(at, value).value_or(0);
    }
    if (sum > slack) differs(std::string(key));
    return true;
  });
  // Rot in the family is told by the walk over its values.
  failed_ = failed_ || (!scanned && scanned.error().kind == KvError::Kind::failed);
}

std::optional<std::string> CountCheck::row(const std::string& key) {
  auto bytes = kv_.get(Family::counts, key);
  if (bytes) return std::move(*bytes);
  failed_ = failed_ || bytes.error().kind == KvError::Kind::failed;
  return std::nullopt;
}

void CountCheck::remember(const std::string& key) {
  seen_.push_back(std::hash<std::string_view>{}(key));
}

}  // namespace titip::storage
