// Which lanes to ask for due records next: round robin over the lanes that may have some, the others parked until their
// next due time. Pure; owned by one dispatcher. Bounded by the number of lanes, not by the backlog.
#pragma once

#include <algorithm>
#include <cstdint>
#include <functional>
#include <list>
#include <map>
#include <optional>
#include <vector>

#include "storage/store.h"

namespace titip::delivery {

class Lanes {
 public:
  struct Chosen {
    storage::Lane lane;
    std::uint64_t generation = 0;  // give it back with rest(): news that came meanwhile is not lost
  };

  // The lane has, or may have, something due now.
  void wake(const storage::Lane& lane);
  // Nothing is due in it until `next_due_at`; none: until the next wake().
  void rest(const Chosen& chosen, std::optional<storage::WallTime> next_due_at);

  // Up to `count` lanes that are awake and that `open` lets through, in turn.
  std::vector<Chosen> choose(std::size_t count, storage::WallTime now,
                             const std::function<bool(const storage::Lane&)>& open);
  // When the next parked lane wakes.
  std::optional<storage::WallTime> next_wake() const;
  bool any_awake() const { return !turn_.empty(); }
  bool any_awake(const std::function<bool(const storage::Lane&)>& which) const {
    return std::ranges::any_of(turn_, which);
  }

 private:
  struct Entry {
    std::uint64_t generation = 0;
    std::optional<std::list<storage::Lane>::iterator> place;                          // in turn_, while awake
    std::optional<std::multimap<storage::WallTime, storage::Lane>::iterator> parked;  // in parked_
  };
  void unpark(Entry& entry);

  std::uint64_t generation_ = 0;  // of all lanes: one that was forgotten comes back with a new one
  std::map<storage::Lane, Entry> entries_;
  std::list<storage::Lane> turn_;
  std::multimap<storage::WallTime, storage::Lane> parked_;
};

}  // namespace titip::delivery
