#include "gateway/delivery/lanes.h"

namespace titip::delivery {

void Lanes::unpark(Entry& entry) {
  if (entry.parked) parked_.erase(*entry.parked);
  entry.parked.reset();
}

void Lanes::wake(const storage::Lane& lane) {
  auto& entry = entries_[lane];
  entry.generation = ++generation_;
  unpark(entry);
  if (!entry.place) entry.place = turn_.insert(turn_.end(), lane);
}

void Lanes::rest(const Chosen& chosen, std::optional<storage::WallTime> next_due_at) {
  const auto found = entries_.find(chosen.lane);
  if (found == entries_.end() || found->second.generation != chosen.generation) return;
  auto& entry = found->second;
  if (entry.place) turn_.erase(*entry.place);
  entry.place.reset();
  unpark(entry);
  if (next_due_at) {
    entry.parked = parked_.emplace(*next_due_at, chosen.lane);
  } else {
    entries_.erase(found);
  }
}

std::vector<Lanes::Chosen> Lanes::choose(std::size_t count, storage::WallTime now,
                                         const std::function<bool(const storage::Lane&)>& open) {
  while (!parked_.empty() && parked_.begin()->first <= now) wake(storage::Lane(parked_.begin()->second));
  std::vector<Chosen> chosen;
  for (std::size_t looked = turn_.size(); looked > 0 && chosen.size() < count; --looked) {
    turn_.splice(turn_.end(), turn_, turn_.begin());  // whoever is looked at goes to the end of the round
    const auto& lane = turn_.back();
    if (open(lane)) chosen.push_back({lane, entries_[lane].generation});
  }
  return chosen;
}

std::optional<storage::WallTime> Lanes::next_wake() const {
  if (parked_.empty()) return std::nullopt;
  return parked_.begin()->first;
}

}  // namespace titip::delivery
