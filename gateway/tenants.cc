#include "gateway/tenants.h"

#include <fmt/format.h>

#include <algorithm>

#include "metrics/words/said.h"
#include "storage/kept_facility.h"

namespace titip::gateway {

std::expected<std::vector<std::string>, std::string> gather_facilities(const std::vector<storage::Facility>& configured,
                                                                       storage::Store& store,
                                                                       const storage::Sealer& sealer,
                                                                       storage::Facilities& into) {
  storage::WaitingHome home;
  auto kept = storage::read_facilities(store, sealer, home);
  if (!kept)
    return std::unexpected(
        words::tell("the facilities in the store cannot be read ({}); without them nobody knows who may submit",
                    storage::name(kept.error())));
  for (auto& each : kept->facilities)
    if (auto added = into.add(std::move(each)); !added)
      return std::unexpected(words::tell("the registry of facilities contradicts itself: {}", added.error()));
  for (std::size_t at = 0; at < configured.size(); ++at) {
    auto facility = configured[at];
    facility.in_config = true;
    if (into.find(facility.code))
      return std::unexpected(words::tell(
          "/facilities/{}/code: {} is in the registry already (`titip facility ls`); take it out of the config", at,
          facility.code));
    if (auto added = into.add(std::move(facility)); !added)
      return std::unexpected(fmt::format("/facilities/{}/consumer_id: {}", at, added.error().own()));
  }
  return std::move(kept->damaged);
}

}  // namespace titip::gateway
