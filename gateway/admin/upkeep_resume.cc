// Takes the gate before a destination, or before a facility of it, away, and tells whoever sends.

#include <algorithm>
#include <nlohmann/json.hpp>

#include "gateway/admin/gates.h"
#include "gateway/admin/upkeep.h"
#include "metrics/words/said.h"

namespace titip::admin {

Ended resume(const Request& request, const Doors& doors) {
  const auto& destination = request.destination;
  if (request.dry_run) {
    const auto gates = read_gates(doors.store);
    if (!gates) return store_trouble(gates.error());
    const bool is_known = gates->own.contains(destination) ||
                          std::ranges::find(doors.destinations, destination) != doors.destinations.end();
    auto found = is_known ? gates->before(destination) : std::nullopt;
    if (const auto facility = gates->facilities.find(destination); facility != gates->facilities.end())
      found = facility->second;
    if (!found) return in_trouble(Trouble::not_found, words::said("There is no gate before {}.", destination));
    const auto& gate = *found;
    return {
        {},
        false,
        words::said("The gate before {} (since {}: {}) would be taken away.", destination, gate.since, gate.reason),
        nlohmann::ordered_json{{"destination", destination}, {"since", gate.since}, {"reason", gate.reason.english()}}
            .dump()};
  }
  const auto removed = remove_gate(doors.store, destination, doors.destinations);
  if (!removed) return store_trouble(removed.error());
  if (removed->stale)
    return in_trouble(Trouble::failed,
                      words::said("The gate was set anew while it was being taken away. Look at it, then again."));
  if (!removed->gate)
    return in_trouble(Trouble::not_found,
                      words::said("There is no gate before {}; `titip status` shows all gates.", destination));
  if (doors.gate_gone) doors.gate_gone(destination);
  return {{},
          false,
          words::said("{} sends again. It was gated since {}: {}", destination, removed->gate->since,
                      removed->gate->reason),
          nlohmann::ordered_json{{"destination", destination}, {"gated_since", removed->gate->since}}.dump()};
}

}  // namespace titip::admin
