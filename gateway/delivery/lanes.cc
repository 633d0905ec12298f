#include "gateway/delivery/lanes.h"

#include <utility>

namespace titip::delivery {

void Lanes::unpark(Entry& entry) {
  if (entry.parked) parked_.erase(*entry.parked);
  entry.parked.reset();
}

void Lanes::leave(Entry& entry, Ring ring) {
  auto& place = entry.places[index(ring)];
  if (ring == Ring::all) bring_back(entry);
  if (place) turns_[index(ring)].erase(*place);
  place.reset();
}

// From aside to the end of the round.
void Lanes::bring_back(Entry& entry) {
  if (!std::exchange(entry.aside, false)) return;
  auto& turn = turns_[index(Ring::all)];
  turn.splice(turn.end(), aside_, *entry.places[index(Ring::all)]);
}

void Lanes::set_aside(const Chosen& chosen, storage::WallTime look_again_at) {
  const auto found = entries_.find(chosen.lane);
  if (found == entries_.end() || found->second.generation != chosen.generation || found->second.aside) return;
  auto& entry = found->second;
  const auto& place = entry.places[index(Ring::all)];
  if (!place) return;
  aside_.splice(aside_.end(), turns_[index(Ring::all)], *place);
  entry.aside = true;
  unpark(entry);
  entry.parked = parked_.emplace(look_again_at, chosen.lane);
}

void Lanes::take_back(std::size_t count, const std::function<bool(const storage::Lane&)>& open) {
  if (aside_.empty()) return;
  for (const auto& lane : turns_[index(Ring::all)]) {
    if (count == 0) return;
    if (open(lane)) --count;
  }
  while (count > 0 && !aside_.empty()) {
    const auto& lane = aside_.front();
    auto& entry = entries_[lane];
    if (open(lane)) --count;
    unpark(entry);
    bring_back(entry);
  }
}

void Lanes::wake(const storage::Lane& lane) {
  auto& entry = entries_[lane];
  entry.generation = ++generation_;
  unpark(entry);
  bring_back(entry);
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
