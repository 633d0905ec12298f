#include "storage/facilities.h"

#include <algorithm>

#include "metrics/words/said.h"

namespace titip::storage {

Facilities::Found Facilities::find(std::string_view code) const {
  const std::shared_lock lock(mutex_);
  const auto found = by_code_.find(code);
  return found != by_code_.end() ? found->second : nullptr;
}

Facilities::Found Facilities::find_consumer(std::string_view consumer_id) const {
  const std::shared_lock lock(mutex_);
  const auto found = by_consumer_.find(consumer_id);
  return found != by_consumer_.end() && !found->second->disabled ? found->second : nullptr;
}

Facilities::Found Facilities::any_consumer() const {
  const std::shared_lock lock(mutex_);
  const auto found = std::ranges::find_if(
      by_consumer_, [](const auto& each) { return !each.second->disabled && !each.second->consumer_secret.empty(); });
  return found != by_consumer_.end() ? found->second : nullptr;
}

words::Said Facilities::conflict_of(const Facility& facility) const {
  const auto holder = by_consumer_.find(facility.consumer_id);
  if (holder == by_consumer_.end() || holder->second->code == facility.code) return {};
  if (holder->second->disabled && holder->second->in_config) return {};  // it is gone from there: its id is free
  return words::said("the consumer id {} belongs to facility {} already; each facility has its own",
                     facility.consumer_id, holder->second->code);
}

std::expected<void, words::Said> Facilities::add(Facility facility) {
  auto added = std::make_shared<const Facility>(std::move(facility));
  const std::unique_lock lock(mutex_);
  if (auto why = conflict_of(*added); !why.empty()) return std::unexpected(std::move(why));
  auto& place = by_code_[added->code];
  if (place) {
    const auto own = by_consumer_.find(place->consumer_id);
    if (own != by_consumer_.end() && own->second->code == place->code) by_consumer_.erase(own);
    disabled_ -= place->disabled ? 1 : 0;
  }
  disabled_ += added->disabled ? 1 : 0;
  if (!added->consumer_id.empty()) by_consumer_.insert_or_assign(added->consumer_id, added);
  place = std::move(added);
  return {};
}

words::Said Facilities::conflict(const Facility& facility) const {
  const std::shared_lock lock(mutex_);
  return conflict_of(facility);
}

// Asked for by people alone, so that those who look one up need not pay for an order.
std::vector<Facilities::Found> Facilities::page(std::string_view after, std::size_t limit) const {
  const auto code = [](const Found* facility) -> const std::string& { return (*facility)->code; };
  const std::shared_lock lock(mutex_);
  std::vector<const Found*> behind;
  for (const auto& [name, facility] : by_code_)
    if (name > after) behind.push_back(&facility);
  limit = std::min(limit, behind.size());
  std::ranges::partial_sort(behind, behind.begin() + static_cast<std::ptrdiff_t>(limit), {}, code);
  std::vector<Found> list;
  for (std::size_t at = 0; at < limit; ++at) list.push_back(*behind[at]);
  return list;
}

Facilities::Counts Facilities::counts() const {
  const std::shared_lock lock(mutex_);
  return {by_code_.size() - disabled_, disabled_};
}

}  // namespace titip::storage
