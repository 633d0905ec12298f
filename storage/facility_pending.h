// How many records of each facility are pending, over all destinations but its callbacks: told from the rows by day and
// lane as they are committed, so that nobody writes, and nobody ever scans, anything for it. Only days with something
// pending are kept. Threads: the writer tells, anyone asks; a short lock of its own.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <shared_mutex>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace titip::storage {

class FacilityPending {
 public:
  // Of a row of keys::fine_counts(): so many are pending now. False: it is no such key.
  bool take(std::string_view key, std::uint64_t pending);
  std::uint64_t of(std::string_view facility) const;

 private:
  struct Hash : std::hash<std::string_view> {
    using is_transparent = void;
  };
  template <class Value>
  using Table = std::unordered_map<std::string, Value, Hash, std::equal_to<>>;
  struct Day {
    std::int32_t day = 0;
    std::uint64_t pending = 0;
  };
  struct OfLane {
    std::uint64_t* facility = nullptr;  // in by_facility_, whose nodes stay where they are; null: callbacks
    std::vector<Day> days;
  };
  OfLane& lane(std::string_view lane, std::string_view key);

  mutable std::shared_mutex mutex_;
  Table<OfLane> lanes_;
  Table<std::uint64_t> by_facility_;
};

}  // namespace titip::storage
