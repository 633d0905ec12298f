// What operators do with drains: the preview, the orders, and what they are told. One function for a gateway that runs
// and for a store that nobody serves; the doors say which. Blocking. Private to the root.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "gateway/admin/wire.h"
#include "gateway/clock/clock.h"
#include "gateway/delivery/dispatcher.h"
#include "gateway/reads/status.h"
#include "storage/store.h"

namespace titip::gateway {

struct DrainedDestination {
  std::string name;
  std::chrono::minutes server_offset{0};  // the zone its daily pause is written in
  double per_second = 0;                  // the configured pace; 0: none
};

struct DrainDoors {
  storage::Store& store;
  const clock::Clock& clock;
  std::vector<DrainedDestination> destinations;
  std::function<delivery::DrainAnswer(const std::string& destination, delivery::DrainOrder order)> order;
  // The drain as it stands; an error is a sentence.
  std::function<std::expected<std::optional<delivery::Drain>, words::Said>(const std::string& destination)> look;
};

admin::Ended drain_command(const admin::Request& request, const DrainDoors& doors);

reads::DrainFacts drain_facts(const delivery::Drain& drain, clock::WallTime now);

// On a store that nobody serves. Nothing: there is no drain.
std::expected<std::optional<delivery::Drain>, words::Said> kept_drain(storage::Store& store,
                                                                      const std::string& destination);
delivery::DrainAnswer order_kept_drain(storage::Store& store, const std::string& destination,
                                       const delivery::DrainOrder& order, clock::WallTime now);

}  // namespace titip::gateway
