// Which lanes to ask for due records next: round robin (deficit round robin where every record costs the same: M.
// Shreedhar and G. Varghese, "Efficient fair queueing using deficit round robin", SIGCOMM 1995) over the lanes that may
// have some, in three rings: one for all that is due, oldest first, one for fresh records alone, and one for
// those whose deadline is near. The others are parked until their next due time. Pure; owned by one dispatcher. Bounded
// by the number of lanes, not by the backlog.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <functional>
#include <list>
#include <map>
#include <optional>
#include <vector>

#include "storage/store.h"

namespace titip::delivery {

enum class Ring : std::uint8_t { all = 0, fresh = 1, deadline = 2 };
inline constexpr std::array all_rings{Ring::all, Ring::fresh, Ring::deadline};

class Lanes {
 public:
  struct Chosen {
    storage::Lane lane;
    Ring ring = Ring::all;
    std::uint64_t generation = 0;  // give it back with rest(): news that came meanwhile is not lost
  };

  // The lane has, or may have, something due now, in every ring.
  void wake(const storage::Lane& lane);
  // Wakes those whose time has come.
  void wake_due(storage::WallTime now);
  // Ring::all: nothing is due in it until `next_due_at`; none: until the next wake(). Then nothing fresh is either.
  // Another ring: nothing of its kind is due until the next wake().
  void rest(const Chosen& chosen, std::optional<storage::WallTime> next_due_at);

  // Something is due in it, but a drain lets none of it go now: out of Ring::all until it is taken back, or woken, at
  // `look_again_at` at the latest. What is fresh in it goes on.
  void set_aside(const Chosen& chosen, storage::WallTime look_again_at);
  // Brings back those that were set aside, first come first, until `count` of all that are awake are ones that `open`
  // lets through.
  void take_back(std::size_t count, const std::function<bool(const storage::Lane&)>& open);
  bool any_aside() const { return !aside_.empty(); }
  // Time has brought something into this ring: every lane that is awake may have some of it.
  void look_again(Ring ring);

  // Up to `count` lanes of the ring that are awake and that `open` lets through, in turn.
  std::vector<Chosen> choose(Ring ring, std::size_t count, const std::function<bool(const storage::Lane&)>& open);
  // Wakes the lane at this time whatever else happens: a fresh record was deferred until then, and the fresh ring does
  // not know when what is in it falls due. So many at most; beyond them it waits with the backlog.
  static constexpr std::size_t most_reminders = 10'000;
  void remind(const storage::Lane& lane, storage::WallTime at);
  // When the next parked lane wakes, or the next reminder comes.
  std::optional<storage::WallTime> next_wake() const;
  bool any_awake(Ring ring = Ring::all) const { return !turns_[index(ring)].empty(); }
  bool any_awake(Ring ring, const std::function<bool(const storage::Lane&)>& which) const {
    return std::ranges::any_of(turns_[index(ring)], which);
  }
  std::size_t awake(Ring ring) const { return turns_[index(ring)].size(); }

 private:
  using Turn = std::list<storage::Lane>;
  struct Entry {
    std::uint64_t generation = 0;
    // In turns_ while awake; the first in aside_ while aside.
    std::array<std::optional<Turn::iterator>, all_rings.size()> places;
    bool aside = false;
    std::optional<std::multimap<storage::WallTime, storage::Lane>::iterator> parked;  // in parked_
  };
  static constexpr std::size_t index(Ring ring) { return static_cast<std::size_t>(ring); }
  void enter(Entry& entry, const storage::Lane& lane, Ring ring);
  void leave(Entry& entry, Ring ring);
  void unpark(Entry& entry);
  void bring_back(Entry& entry);

  std::uint64_t generation_ = 0;  // of all lanes: one that was forgotten comes back with a new one
  std::map<storage::Lane, Entry> entries_;
  std::array<Turn, all_rings.size()> turns_;
  Turn aside_;
  std::multimap<storage::WallTime, storage::Lane> parked_;
  std::multimap<storage::WallTime, storage::Lane> reminders_;
};

}  // namespace titip::delivery
