// What the store knows without asking the disk: counts, pending records by minute, and which lanes have anything in the
// due index. Fed by the very batches that were committed, so it can never run ahead of the truth or away from it.
// At open it reads one row for each destination, lane, and minute with something pending or its deadline, and the rows
// by day from the first day to the last on which anything is pending: never the records. Threads: the writer publishes,
// anyone reads.
#pragma once

#include <cstdint>
#include <expected>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "storage/facility_pending.h"
#include "storage/keys.h"
#include "storage/kv.h"
#include "storage/store.h"

namespace titip::storage {

class Ledger {
 public:
  // At open: reads the counts family and the last position. The error is a sentence.
  std::expected<void, std::string> load(const KvReader& kv);
  // After a commit: takes over what the batch says of counts and position.
  void publish(const KvBatch& batch);
  // What the rolling look at the records found (patrol.h), by destination; a destination not named has none.
  void differ(const std::map<std::string, std::uint64_t, std::less<>>& differences);

  Counts counts() const;
  std::uint64_t last_position() const;
  std::vector<Lane> lanes(std::string_view destination) const;
  std::uint64_t due_in(const Lane& lane) const;
  std::uint64_t pending_of(std::string_view facility) const { return pending_.of(facility); }

 private:
  bool take(std::string_view key, const std::string* value);  // false: damaged
  std::expected<void, std::string> load_days(const KvReader& kv);
  void take_minute(const keys::CountsKey& row, const std::optional<std::uint64_t>& pending);
  void take_lane(const keys::CountsKey& row, const std::optional<std::uint64_t>& due);

  mutable std::mutex mutex_;
  Counts counts_;
  std::map<std::string, std::map<std::string, std::uint64_t, std::less<>>, std::less<>> due_;
  std::uint64_t last_position_ = 0;
  FacilityPending pending_;
};

}  // namespace titip::storage
