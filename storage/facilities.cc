#include "storage/facilities.h"

#include <fmt/format.h>

#include <algorithm>
#include <mutex>

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

std::string Facilities::conflict_of(const Facility& facility) const {
  const auto holder = by_consumer_.find(facility.consumer_id);
  if (holder == by_consumer_.end() || holder->second->code == facility.code) return {};
  return fmt::format("the consumer id {} belongs to facility {} already; each facility has its own",
                     facility.consumer_id, holder->second->code);
}

std::expected<void, std::string> Facilities::add(Facility facility) {
  auto added = std::make_shared<const Facility>(std::move(facility));
  const std::unique_lock lock(mutex_);
  if (auto why = conflict_of(*added); !why.empty()) return std::unexpected(std::move(why));
  auto& place = by_code_[added->code];
  if (place) {
    by_consumer_.erase(place->consumer_id);
    disabled_ -= place->disabled ? 1 : 0;
  }
  disabled_ += added->disabled ? 1 : 0;
  if (!added->consumer_id.empty()) by_consumer_.emplace(added->consumer_id, added);
  place = std::move(added);
  return {};
}

std::string Facilities::conflict(const Facility& facility) const {
  const std::shared_lock lock(mutex_);
  return conflict_of(facility);
}

std::vector<Facilities::Found> Facilities::all() const {
  std::vector<Found> list;
  {
    const std::shared_lock lock(mutex_);
    list.reserve(by_code_.size());
    for (const auto& [code, facility] : by_code_) list.push_back(facility);
  }
  std::ranges::sort(list, {}, [](const Found& facility) -> const std::string& { return facility->code; });
  return list;
}

Facilities::Counts Facilities::counts() const {
  const std::shared_lock lock(mutex_);
  return {by_code_.size() - disabled_, disabled_};
}

}  // namespace titip::storage
