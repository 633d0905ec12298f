#include "storage/mend.h"

#include <algorithm>
#include <map>
#include <optional>
#include <utility>
#include <vector>

#include "metrics/words/said.h"
#include "storage/keys.h"
#include "storage/quarantine.h"
#include "storage/records.h"

namespace titip::storage {
namespace {

using keys::CountsKind;
using Outcome = std::expected<void, NotOpened>;

std::unexpected<NotOpened> unreadable(const KvError& error) {
  return std::unexpected(NotOpened::unreadable(error));
}

// A row that cannot be read, and what it should say.
struct Row {
  std::optional<keys::CountsKey> what;  // none: a key of no kind
  std::string bytes;                    // as they were found
  bool was_never_there = false;         // of a store from before there was such a row
  DestinationCounts totals{};           // of a destination
  std::uint64_t number = 0;             // of a lane, a minute, or those who need attention
  std::vector<FineCount> fine{};        // of a day
};

class Mending {
 public:
  explicit Mending(const KvReader& kv) : kv_(kv) {}

  Outcome find();
  bool nothing_to_do() const { return rows_.empty() && !position_; }
  // Of all that was found.
  Outcome compute();
  KvBatch batch(WallTime now) const;
  // Damaged; what was never there is no damage.
  std::size_t found() const {
    const auto damaged = [](const auto& each) { return !each.second.was_never_there; };
    return static_cast<std::size_t>(std::ranges::count_if(rows_, damaged)) + (position_ ? 1 : 0);
  }

 private:
  Outcome find_in(const std::string& prefix);
  Outcome find_uncounted();
  Outcome find_told();
  Outcome find_position();
  void take(std::string_view key, std::string_view bytes);
  Row* row(const std::string& key);
  void add(const Record& record);
  Outcome walk_records();
  Outcome walk_lines();
  Outcome walk_due();
  Outcome walk_attention();
  Outcome walk_quarantine();
  void set_apart(KvBatch& batch, Family family, const std::string& key, const std::string& bytes, WallTime now) const;

  const KvReader& kv_;
  std::map<std::string, Row, std::less<>> rows_;
  std::optional<std::string> position_;  // its damaged bytes
  std::uint64_t records_ = 0;
  std::uint64_t highest_ = 0;
};

// What an open reads; and what somebody met since the last one. Only then is it worth looking at all the others.
Outcome Mending::find() {
  for (const CountsKind kind :
       {CountsKind::destination, CountsKind::lane, CountsKind::pending, CountsKind::deadline, CountsKind::attention}) {
    if (auto found = find_in(keys::counts_prefix(kind)); !found) return found;
  }
  if (auto found = find_uncounted(); !found) return found;
  if (auto found = find_told(); !found) return found;
  if (auto found = find_position(); !found) return found;
  if (nothing_to_do()) return {};
  // What no open reads keeps none from opening: a part that rots is told of, and mended row by row as it is met.
  for (const CountsKind kind : {CountsKind::fine, CountsKind::accepted}) {
    if (auto found = find_in(keys::counts_prefix(kind)); !found && !found.error().needs_a_person()) return found;
  }
  return {};
}

Outcome Mending::find_in(const std::string& prefix) {
  const auto scanned = kv_.scan(Family::counts, prefix, prefix, [&](std::string_view key, std::string_view value) {
    if (!is_sound({Family::counts, key}, value)) take(key, value);
    return true;
  });
  if (!scanned) return unreadable(scanned.error());
  return {};
}

// Those who need attention were not counted once.
Outcome Mending::find_uncounted() {
  const std::string prefix = keys::counts_prefix(CountsKind::destination);
  std::vector<std::string> wanted;
  const auto scanned = kv_.scan(Family::counts, prefix, prefix, [&](std::string_view key, std::string_view) {
    if (const auto row = keys::parse_counts(key)) wanted.push_back(keys::attention_count(row->destination));
    return true;
  });
  if (!scanned) return unreadable(scanned.error());
  for (const std::string& key : wanted) {
    const auto bytes = kv_.get(Family::counts, key);
    if (!bytes && bytes.error().kind != KvError::Kind::corrupt) return unreadable(bytes.error());
    if (bytes && !*bytes)
      rows_.try_emplace(key, Row{.what = keys::parse_counts(key), .bytes = {}, .was_never_there = true});
  }
  return {};
}

// The quarantine names each damaged row that a call met.
Outcome Mending::find_told() {
  const std::string prefix = keys::quarantine(Family::counts, {});
  std::vector<std::string> told;
  const auto scanned = kv_.scan(Family::quarantine, prefix, prefix, [&](std::string_view key, std::string_view) {
    told.emplace_back(key.substr(prefix.size()));
    return true;
  });
  if (!scanned) return unreadable(scanned.error());
  for (const std::string& key : told) {
    const auto bytes = kv_.get(Family::counts, key);
    if (!bytes && bytes.error().kind != KvError::Kind::corrupt) return unreadable(bytes.error());
    if (!bytes) take(key, {});
    if (bytes && *bytes && !is_sound({Family::counts, key}, **bytes)) take(key, **bytes);
  }
  return {};
}

Outcome Mending::find_position() {
  const auto bytes = kv_.get(Family::info, keys::last_position);
  if (!bytes) return unreadable(bytes.error());
  if (*bytes && !is_sound({Family::info, keys::last_position}, **bytes)) position_ = **bytes;
  return {};
}

void Mending::take(std::string_view key, std::string_view bytes) {
  rows_.try_emplace(std::string(key), Row{.what = keys::parse_counts(key), .bytes = std::string(bytes)});
}

Row* Mending::row(const std::string& key) {
  const auto found = rows_.find(key);
  return found == rows_.end() ? nullptr : &found->second;
}

Outcome Mending::compute() {
  const bool of_records = std::ranges::any_of(rows_, [](const auto& each) { return !each.second.was_never_there; });
  if (of_records || position_) {
    if (auto done = walk_records(); !done) return done;
  }
  if (position_) {
    if (auto done = walk_lines(); !done) return done;
  }
  const auto any = [&](CountsKind kind) {
    return std::ranges::any_of(rows_,
                               [&](const auto& each) { return each.second.what && each.second.what->kind == kind; });
  };
  if (any(CountsKind::lane)) {
    if (auto done = walk_due(); !done) return done;
  }
  if (any(CountsKind::attention)) {
    if (auto done = walk_attention(); !done) return done;
  }
  if (any(CountsKind::destination)) return walk_quarantine();
  return {};
}

Outcome Mending::walk_records() {
  const auto scanned = kv_.scan(Family::meta, {}, {}, [&](std::string_view key, std::string_view value) {
    ++records_;
    if (const auto record = decode_record({Family::meta, key}, value)) add(*record);
    return true;
  });
  if (!scanned) return unreadable(scanned.error());
  return {};
}

void Mending::add(const Record& record) {
  const Submission& s = record.submission;
  highest_ = std::max(highest_, s.position);
  if (rows_.empty()) return;
  const bool pending = !is_terminal(s.state);
  if (Row* totals = row(keys::destination_counts(s.destination))) {
    ++totals->totals.accepted;
    ++totals->totals.by_state[static_cast<std::size_t>(s.state)];
    if (pending) totals->totals.payload_bytes_pending += record.payload_bytes;
  }
  const std::int64_t minute = keys::minute_of(s.id.made_at());
  if (Row* accepted = row(keys::minute_accepted(s.destination, minute))) ++accepted->number;
  Row* waiting = pending ? row(keys::minute_pending(s.destination, minute)) : nullptr;
  if (waiting != nullptr) ++waiting->number;
  Row* deadline =
      pending && s.deadline ? row(keys::deadline_pending(s.destination, keys::minute_of(*s.deadline))) : nullptr;
  if (deadline != nullptr) ++deadline->number;
  Row* day = row(keys::fine_counts({s.destination, s.facility}, keys::day_of(s.id.made_at())));
  if (day == nullptr) return;
  const auto same = [&](const FineCount& each) { return each.state == s.state && each.outcome_rule == s.outcome_rule; };
  const auto cell = std::ranges::find_if(day->fine, same);
  if (cell != day->fine.end()) {
    ++cell->count;
  } else {
    day->fine.push_back({s.state, s.outcome_rule, 1});
  }
}

// A record that is damaged still has its place in a line: its position must not be given out again.
Outcome Mending::walk_lines() {
  for (const Family family : {Family::head, Family::chain, Family::waiter}) {
    const auto scanned = kv_.scan(family, {}, {}, [&](std::string_view key, std::string_view value) {
      if (family == Family::head) {
        if (const auto head = decode_head({family, key}, value)) highest_ = std::max(highest_, head->tail);
      } else if (const auto place = keys::parse_in_line(key)) {
        highest_ = std::max(highest_, place->position);
      }
      return true;
    });
    if (!scanned) return unreadable(scanned.error());
  }
  // Positions are given out one by one, and no record is ever taken away.
  highest_ = std::max(highest_, records_);
  return {};
}

Outcome Mending::walk_due() {
  const auto scanned = kv_.scan(Family::due, {}, {}, [&](std::string_view key, std::string_view) {
    const auto due = keys::parse_due(key);
    Row* lane = due ? row(keys::lane_count(due->lane)) : nullptr;
    if (lane != nullptr) ++lane->number;
    return true;
  });
  if (!scanned) return unreadable(scanned.error());
  return {};
}

Outcome Mending::walk_attention() {
  const auto scanned = kv_.scan(Family::attention, {}, {}, [&](std::string_view key, std::string_view) {
    const auto place = keys::parse_attention(key);
    Row* count = place ? row(keys::attention_count(place->lane.destination)) : nullptr;
    if (count != nullptr) ++count->number;
    return true;
  });
  if (!scanned) return unreadable(scanned.error());
  return {};
}

Outcome Mending::walk_quarantine() {
  const auto scanned = kv_.scan(Family::quarantine, {}, {}, [&](std::string_view key, std::string_view value) {
    const auto apart = decode_quarantined({Family::quarantine, key}, value);
    Row* totals = apart && !apart->destination.empty() ? row(keys::destination_counts(apart->destination)) : nullptr;
    if (totals != nullptr) ++totals->totals.quarantined;
    return true;
  });
  if (!scanned) return unreadable(scanned.error());
  return {};
}

void Mending::set_apart(KvBatch& batch, Family family, const std::string& key, const std::string& bytes,
                        WallTime now) const {
  std::string at = keys::quarantine(family, key);
  const auto known = kv_.get(Family::quarantine, at);
  if (known && *known) return;  // by whoever met it first
  std::string value = encode(Place{Family::quarantine, at}, Quarantined{now, {}, {}, bytes});
  batch.push_back({Family::quarantine, std::move(at), std::move(value)});
}

KvBatch Mending::batch(WallTime now) const {
  KvBatch batch;
  for (const auto& [key, row] : rows_) {
    if (!row.was_never_there) set_apart(batch, Family::counts, key, row.bytes, now);
    const Place at{Family::counts, key};
    std::optional<std::string> value;
    const auto kind = row.what ? std::optional(row.what->kind) : std::nullopt;
    if (kind == CountsKind::destination) {
      value = encode(at, row.totals);
    } else if (kind == CountsKind::fine) {
      if (!row.fine.empty()) value = encode(at, row.fine);
    } else if (kind && (row.number > 0 || kind == CountsKind::accepted || kind == CountsKind::attention)) {
      value = encode(at, row.number);
    }
    batch.push_back({Family::counts, key, std::move(value)});
  }
  if (position_) {
    const std::string key(keys::last_position);
    set_apart(batch, Family::info, key, *position_, now);
    batch.push_back({Family::info, key, encode(Place{Family::info, key}, highest_)});
  }
  return batch;
}

}  // namespace

std::expected<std::size_t, NotOpened> mend(Kv& kv, WallTime now) {
  Mending mending(kv);
  if (auto found = mending.find(); !found) return std::unexpected(std::move(found.error()));
  if (mending.nothing_to_do()) return 0;
  if (auto done = mending.compute(); !done) return std::unexpected(std::move(done.error()));
  if (const auto written = kv.commit(mending.batch(now)); !written) {
    return std::unexpected(words::tell("cannot write to the store: {}", written.error().text));
  }
  return mending.found();
}

}  // namespace titip::storage
