#include "storage/ledger.h"

#include <chrono>
#include <utility>

#include "metrics/words/said.h"
#include "storage/check.h"
#include "storage/keys.h"
#include "storage/records.h"

namespace titip::storage {

std::expected<void, std::string> Ledger::load(const KvReader& kv) {
  const std::scoped_lock lock(mutex_);
  bool sound = true;
  using keys::CountsKind;
  for (const CountsKind kind :
       {CountsKind::destination, CountsKind::lane, CountsKind::pending, CountsKind::deadline, CountsKind::attention}) {
    const std::string prefix = keys::counts_prefix(kind);
    const auto scanned = kv.scan(Family::counts, prefix, prefix, [&](std::string_view key, std::string_view value) {
      const std::string bytes(value);
      sound = take(key, &bytes);
      return sound;
    });
    if (!scanned) return std::unexpected(words::tell("cannot read the counts: {}", scanned.error().text));
    if (!sound) break;
  }
  const auto last = kv.get(Family::info, keys::last_position);
  if (!last) return std::unexpected(words::tell("cannot read the last position: {}", last.error().text));
  if (*last) {
    const auto number = decode_number({Family::info, keys::last_position}, **last);
    sound = sound && number.has_value();
    last_position_ = number.value_or(0);
  }
  if (!sound)
    return std::unexpected(words::tell("the store's counts are damaged; restore the data directory from its backup"));
  return load_days(kv);
}

// Of each lane the days on which something of its destination is pending, by leaping from lane to lane. A row that does
// not decode is passed over: it is a guard's alone here, and whoever counts by day meets it.
std::expected<void, std::string> Ledger::load_days(const KvReader& kv) {
  using namespace std::chrono;
  for (const auto& [destination, counts] : counts_.destinations) {
    const auto& minutes = counts.pending_by_minute;
    if (minutes.empty()) continue;
    const auto day_at = [](std::int64_t minute) { return keys::day_of(WallTime(std::chrono::minutes(minute))); };
    const std::int32_t first = day_at(minutes.begin()->first);
    const std::int32_t last = day_at(minutes.rbegin()->first);
    const std::string all = keys::fine_prefix(destination);
    for (std::string from = all; !from.empty();) {
      std::string next;
      const auto scanned = kv.scan(Family::counts, all, from, [&](std::string_view key, std::string_view value) {
        const auto row = keys::parse_counts(key);
        if (!row) return true;
        const Lane lane{row->destination, row->facility};
        if (row->day < first) next = keys::fine_counts(lane, first);
        if (row->day > last) next = keys::behind_days(lane);
        if (!next.empty()) return false;
        if (const auto pending = decode_pending({Family::counts, key}, value)) pending_.take(key, *pending);
        return true;
      });
      if (!scanned) return std::unexpected(words::tell("cannot read the counts by day: {}", scanned.error().text));
      from = std::move(next);
    }
  }
  return {};
}

void Ledger::publish(const KvBatch& batch) {
  const std::scoped_lock lock(mutex_);
  for (const KvWrite& write : batch) {
    if (write.family == Family::counts) {
      check(take(write.key, write.value ? &*write.value : nullptr), "what was just encoded decodes");
    } else if (write.family == Family::info && write.key == keys::last_position && write.value) {
      last_position_ = decode_number({Family::info, write.key}, *write.value).value_or(last_position_);
    }
  }
}

void Ledger::differ(const std::map<std::string, std::uint64_t, std::less<>>& differences) {
  const std::scoped_lock lock(mutex_);
  for (auto& [destination, counts] : counts_.destinations) {
    const auto found = differences.find(destination);
    counts.scan_difference = found == differences.end() ? 0 : found->second;
  }
}

bool Ledger::take(std::string_view key, const std::string* value) {
  if (keys::fine_key(key)) {
    const auto pending = value != nullptr ? decode_pending({Family::counts, key}, *value) : 0;
    return pending && pending_.take(key, *pending);
  }
  const auto row = keys::parse_counts(key);
  if (!row) return false;
  const Place at{Family::counts, key};
  switch (row->kind) {
    case keys::CountsKind::destination: {
      const auto counts = value != nullptr ? decode_counts(at, *value) : std::nullopt;
      if (!counts) return false;
      DestinationCounts& ours = counts_.destinations[row->destination];
      ours.accepted = counts->accepted;
      ours.by_state = counts->by_state;
      ours.payload_bytes_pending = counts->payload_bytes_pending;
      ours.quarantined = counts->quarantined;
      return true;
    }
    case keys::CountsKind::attention: {
      const auto number = value != nullptr ? decode_number(at, *value) : std::nullopt;
      if (!number) return false;
      counts_.destinations[row->destination].need_attention = *number;
      return true;
    }
    case keys::CountsKind::lane:
    case keys::CountsKind::pending:
    case keys::CountsKind::deadline: {
      const auto number = value != nullptr ? decode_number(at, *value) : std::nullopt;
      if (value != nullptr && !number) return false;
      row->kind == keys::CountsKind::lane ? take_lane(*row, number) : take_minute(*row, number);
      return true;
    }
    case keys::CountsKind::fine:  // taken above
    case keys::CountsKind::accepted:
      return true;  // read where they are asked for
  }
  return false;
}

void Ledger::take_minute(const keys::CountsKey& row, const std::optional<std::uint64_t>& pending) {
  auto& counts = counts_.destinations[row.destination];
  auto& minutes = row.kind == keys::CountsKind::pending ? counts.pending_by_minute : counts.pending_by_deadline;
  if (pending) {
    minutes.insert_or_assign(row.minute, *pending);
  } else {
    minutes.erase(row.minute);
  }
}

void Ledger::take_lane(const keys::CountsKey& row, const std::optional<std::uint64_t>& due) {
  auto& lanes = due_[row.destination];
  if (due) {
    lanes.insert_or_assign(row.facility, *due);
  } else {
    lanes.erase(row.facility);
  }
}

Counts Ledger::counts() const {
  const std::scoped_lock lock(mutex_);
  return counts_;
}

std::uint64_t Ledger::last_position() const {
  const std::scoped_lock lock(mutex_);
  return last_position_;
}

std::vector<Lane> Ledger::lanes(std::string_view destination) const {
  const std::scoped_lock lock(mutex_);
  std::vector<Lane> lanes;
  const auto found = due_.find(destination);
  if (found == due_.end()) return lanes;
  lanes.reserve(found->second.size());
  for (const auto& [facility, count] : found->second) lanes.push_back({found->first, facility});
  return lanes;
}

std::uint64_t Ledger::due_in(const Lane& lane) const {
  const std::scoped_lock lock(mutex_);
  const auto found = due_.find(lane.destination);
  if (found == due_.end()) return 0;
  const auto count = found->second.find(lane.facility);
  return count == found->second.end() ? 0 : count->second;
}

}  // namespace titip::storage
