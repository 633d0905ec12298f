// Shuts the gate before a destination, or before a facility of it, until a person takes it away again.

#include <algorithm>
#include <nlohmann/json.hpp>

#include "gateway/admin/gates.h"
#include "gateway/admin/upkeep.h"
#include "gateway/clock/local_date.h"
#include "metrics/words/said.h"

namespace titip::admin {
namespace {

// The facility in destination/facility; empty: it is a destination. Nothing: neither.
std::optional<std::string> facility_in(const std::string& what, const Doors& doors) {
  if (std::ranges::find(doors.destinations, what) != doors.destinations.end()) return "";
  for (const auto& destination : doors.destinations) {
    const auto prefix = facility_gate_name(destination, {});
    if (!what.starts_with(prefix)) continue;
    auto facility = what.substr(prefix.size());
    if (doors.knows_facility && doors.knows_facility(facility)) return facility;
  }
  return std::nullopt;
}

Ended gated_already(const std::string& what, const Gate& gate) {
  return in_trouble(Trouble::failed,
                    words::said("There is a gate before {} already, since {}: {}", what, gate.since, gate.reason));
}

}  // namespace

Ended pause(const Request& request, const Doors& doors) {
  const auto& what = request.destination;
  const auto facility = facility_in(what, doors);
  if (!facility)
    return in_trouble(Trouble::not_found,
                      words::said("There is no destination {}, and no facility of one: the config has {}.", what,
                                  words::joined(doors.destinations, ", ")));
  const auto gates = read_gates(doors.store);
  if (!gates) return store_trouble(gates.error());
  if (facility->empty()) {
    if (const auto gate = gates->before(what)) return gated_already(what, *gate);
  } else if (const auto found = gates->facilities.find(what); found != gates->facilities.end()) {
    return gated_already(what, found->second);
  }
  const Gate gate{words::verbatim(request.reason), clock::rfc3339(doors.clock.wall())};
  const auto result = nlohmann::ordered_json{{"destination", what}, {"since", gate.since}}.dump();
  if (request.dry_run) return {{}, false, words::said("A gate would be shut before {}.", what), result};
  const auto set = set_gate(doors.store, what, gate, !facility->empty());
  if (!set) return store_trouble(set.error());
  if (!*set)
    return in_trouble(Trouble::failed,
                      words::said("Somebody shut that gate meanwhile. Look at it with `titip status`."));
  if (doors.gate_set) doors.gate_set(what, gate);
  return {
      {},
      false,
      words::said("{} sends nothing new until `titip resume {}`. What is in flight ends; nothing is lost.", what, what),
      result};
}

}  // namespace titip::admin
