#include "storage/ledger.h"

#include "storage/check.h"
#include "storage/keys.h"
#include "storage/records.h"

namespace titip::storage {

std::expected<void, std::string> Ledger::load(const KvReader& kv) {
  const std::scoped_lock lock(mutex_);
  bool sound = true;
  const auto scanned = kv.scan(Family::counts, {}, {}, [&](std::string_view key, std::string_view value) {
    const std::string bytes(value);
    sound = take(key, &bytes);
    return sound;
  });
  if (!scanned) return std::unexpected("cannot read the counts: " + scanned.error().text);
  const auto last = kv.get(Family::info, keys::last_position);
  if (!last) return std::unexpected("cannot read the last position: " + last.error().text);
  if (*last) {
    const auto number = decode_number(**last);
    sound = sound && number.has_value();
    last_position_ = number.value_or(0);
  }
  if (!sound) return std::unexpected("the store's counts are damaged; restore the data directory from its backup");
  return {};
}

void Ledger::publish(const KvBatch& batch) {
  const std::scoped_lock lock(mutex_);
  for (const KvWrite& write : batch) {
    if (write.family == Family::counts) {
      check(take(write.key, write.value ? &*write.value : nullptr), "what was just encoded decodes");
    } else if (write.family == Family::info && write.key == keys::last_position && write.value) {
      last_position_ = decode_number(*write.value).value_or(last_position_);
    }
  }
}

bool Ledger::take(std::string_view key, const std::string* value) {
  const auto parsed = keys::parse_counts(key);
  if (!parsed) return false;
  if (!parsed->facility) {
    const auto counts = value != nullptr ? decode_counts(*value) : std::nullopt;
    if (counts) counts_.destinations.insert_or_assign(parsed->destination, *counts);
    return counts.has_value();
  }
  if (value == nullptr) {
    auto& lanes = due_[parsed->destination];
    lanes.erase(*parsed->facility);
    return true;
  }
  const auto number = decode_number(*value);
  if (number) due_[parsed->destination].insert_or_assign(*parsed->facility, *number);
  return number.has_value();
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
