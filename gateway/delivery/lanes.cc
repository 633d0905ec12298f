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
  for (const auto ring : {Ring::all, Ring::fresh}) {
    auto& turn = turns_[index(ring)];
    auto& place = entry.places[index(ring)];
    if (!place) place = turn.insert(turn.end(), lane);
  }
}

void Lanes::rest(const Chosen& chosen, std::optional<storage::WallTime> next_due_at) {
  const auto found = entries_.find(chosen.lane);
  if (found == entries_.end() || found->second.generation != chosen.generation) return;
  auto& entry = found->second;
  leave(entry, Ring::fresh);
  if (chosen.ring == Ring::fresh) return;  // it stays in the other ring, which knows when something falls due
  leave(entry, Ring::all);
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
