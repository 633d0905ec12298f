// Lists the outages that delivery wrote down, a page a request: whoever reads slowly holds nobody up, and no more than
// a page is ever in memory.

#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>
#include <vector>

#include "gateway/admin/upkeep.h"
#include "gateway/delivery/outages.h"
#include "metrics/words/said.h"
#include "storage/waiting_home.h"

namespace titip::admin {
namespace {

using delivery::Outage;
using nlohmann::ordered_json;

constexpr std::size_t page = 200;
using Objects = std::vector<std::pair<std::string, storage::Object>>;

storage::Result<Objects> objects_after(storage::Store& store, std::string after, std::size_t limit) {
  storage::WaitingHome home;
  return home.ask<Objects>([&](auto done) {
    store.list_objects(std::string(delivery::outage_kind), std::move(after), limit, home, std::move(done));
  });
}

// One that had ended by then is left out.
bool is_wanted(const Outage& outage, std::optional<std::int64_t> since_ms) {
  if (!since_ms || !outage.ended_at) return true;
  const auto last = std::max(*outage.ended_at, outage.began_at);  // a clock may have been set back
  return last.time_since_epoch().count() >= *since_ms;
}

// One that goes on is written down once a minute; what it has cost by now, the counters know.
void bring_up_to_date(Outage& outage, const storage::Counts& counts) {
  const auto found = counts.destinations.find(outage.destination);
  if (outage.ended_at || found == counts.destinations.end()) return;
  const auto& now = found->second;
  outage.accepted_meanwhile =
      std::max(outage.accepted_meanwhile, now.accepted - std::min(now.accepted, outage.accepted_before));
  outage.delayed = 0;
  for (const auto state : storage::all_states)
    if (!storage::is_terminal(state)) outage.delayed += now.by_state[static_cast<std::size_t>(state)];
}

// A destination that the config no longer has may have outages all the same.
storage::Result<bool> is_known(const std::string& destination, const Doors& doors) {
  if (std::ranges::find(doors.destinations, destination) != doors.destinations.end()) return true;
  const auto prefix = delivery::object_prefix(destination);
  const auto first = objects_after(doors.store, prefix, 1);
  if (!first) return std::unexpected(first.error());
  return !first->empty() && first->front().first.starts_with(prefix);
}

}  // namespace

Ended outages(const Request& request, const Doors& doors) {
  const auto& destination = request.destination;
  const auto prefix = destination.empty() ? std::string() : delivery::object_prefix(destination);
  if (!destination.empty() && request.after.empty()) {
    const auto known = is_known(destination, doors);
    if (!known) return store_trouble(known.error());
    if (!*known)
      return in_trouble(Trouble::not_found, words::said("There is no destination {}. There is: {}.", destination,
                                                        words::joined(doors.destinations, ", ")));
  }
  const auto objects = objects_after(doors.store, std::max(request.after, prefix), page);
  if (!objects) return store_trouble(objects.error());
  const auto counts = doors.store.counts();
  auto list = ordered_json::array();
  std::uint64_t unreadable = 0;
  bool others = false;
  for (const auto& [name, object] : *objects) {
    others = !name.starts_with(prefix);
    if (others) break;
    auto outage = delivery::decode_outage(object.bytes);
    if (!outage) ++unreadable;
    if (!outage || !is_wanted(*outage, request.since_ms)) continue;
    bring_up_to_date(*outage, counts);
    list.push_back(ordered_json::parse(delivery::encode(*outage)));
  }
  const bool more = !others && objects->size() == page;
  Ended ended;
  ended.partial = unreadable > 0;
  ended.sentence = words::counted(list.size(), words::text("outages")) + ".";
  if (unreadable > 0)
    ended.sentence += words::said(" {} cannot be read.", words::counted(unreadable, words::text("records")));
  if (more) ended.sentence += words::said(" There are more.");
  ordered_json result{{"outages", std::move(list)}, {"unreadable", unreadable}};
  if (more) result["next"] = objects->back().first;
  ended.result = result.dump();
  return ended;
}

}  // namespace titip::admin
