#include "gateway/delivery/lanes.h"

namespace titip::delivery {

void Lanes::unpark(Entry& entry) {
  if (entry.parked) parked_.erase(*entry.parked);
  entry.parked.reset();
}

void Lanes::leave(Entry& entry, Ring ring) {
  auto& place = entry.places[index(ring)];
  if (place) turns_[index(ring)].erase(*place);
  place.reset();
}

void Lanes::wake(const storage::Lane& lane) {
  auto& entry = entries_[lane];
  entry.generation = ++generation_;
  unpark(entry);
  for (const auto ring : all_rings) enter(entry, lane, ring);
}

void Lanes::enter(Entry& entry, const storage::Lane& lane, Ring ring) {
  auto& turn = turns_[index(ring)];
  auto& place = entry.places[index(ring)];
  if (!place) place = turn.insert(turn.end(), lane);
}

void Lanes::look_again(Ring ring) {
  for (const auto& lane : turns_[index(Ring::all)]) enter(entries_[lane], lane, ring);
}

void Lanes::rest(const Chosen& chosen, std::optional<storage::WallTime> next_due_at) {
  const auto found = entries_.find(chosen.lane);
  if (found == entries_.end() || found->second.generation != chosen.generation) return;
  auto& entry = found->second;
  // It stays in the ring of all, which knows when something falls due.
  if (chosen.ring != Ring::all) return leave(entry, chosen.ring);
  for (const auto ring : all_rings) leave(entry, ring);
  unpark(entry);
  if (next_due_at) {
    entry.parked = parked_.emplace(*next_due_at, chosen.lane);
  } else {
    entries_.erase(found);
  }
}

void Lanes::wake_due(storage::WallTime now) {
  while (!parked_.empty() && parked_.begin()->first <= now) wake(storage::Lane(parked_.begin()->second));
  for (; !reminders_.empty() && reminders_.begin()->first <= now; reminders_.erase(reminders_.begin())) {
    wake(reminders_.begin()->second);
  }
}

std::vector<Lanes::Chosen> Lanes::choose(Ring ring, std::size_t count,
                                         const std::function<bool(const storage::Lane&)>& open) {
  auto& turn = turns_[index(ring)];
  std::vector<Chosen> chosen;
  for (std::size_t looked = turn.size(); looked > 0 && chosen.size() < count; --looked) {
    turn.splice(turn.end(), turn, turn.begin());  // whoever is looked at goes to the end of the round
    const auto& lane = turn.back();
    if (open(lane)) chosen.push_back({lane, ring, entries_[lane].generation});
  }
  return chosen;
}

void Lanes::remind(const storage::Lane& lane, storage::WallTime at) {
  if (reminders_.size() < most_reminders) reminders_.emplace(at, lane);
}

std::optional<storage::WallTime> Lanes::next_wake() const {
  std::optional<storage::WallTime> next;
  for (const auto* times : {&parked_, &reminders_}) {
    if (!times->empty() && (!next || times->begin()->first < *next)) next = times->begin()->first;
  }
  return next;
}

}  // namespace titip::delivery
