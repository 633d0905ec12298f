// Gates: a destination that must not send. A gate is an object in the store (kind "gate", named like its destination),
// so that it outlives a restart; a person takes it away. A restore sets one for every destination it finds, and one
// that is called `*` before all others: the backup need not know whom the lost store had begun to send to. That one
// stays; whoever is let through it has an object of kind "gate-opened" that bears its time. One facility of a
// destination is gated by an object of kind "gate-facility", named destination/facility. Blocking, any thread that may
// wait.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "gateway/clock/clock.h"
#include "metrics/words/said.h"
#include "storage/store.h"

namespace titip::admin {

inline constexpr std::string_view gate_kind = "gate";
inline constexpr std::string_view opened_kind = "gate-opened";
inline constexpr std::string_view facility_kind = "gate-facility";
inline constexpr std::string_view every_destination = "*";

struct Gate {
  words::Said reason;  // for people: what a person wrote, or what Titip says of a gate that it shut itself
  std::string since;   // RFC 3339
};
std::string encode(const Gate& gate);
// Never fails: what cannot be read is a gate all the same, and says so.
Gate decode_gate(std::string_view bytes);

struct Gates {
  std::map<std::string, Gate> own;            // by destination
  std::optional<Gate> all;                    // before every destination that was not let through
  std::map<std::string, std::string> opened;  // by destination: the time of the gate it was let through
  std::map<std::string, Gate> facilities;     // by destination/facility
  std::optional<Gate> before(const std::string& destination) const;
  // Of this destination alone, by facility.
  std::map<std::string, Gate> facilities_of(const std::string& destination) const;
};
std::string facility_gate_name(const std::string& destination, const std::string& facility);
storage::Result<Gates> read_gates(storage::Store& store);

// Sets one before a destination or (destination/facility) a facility, by a person. False: there is one already.
storage::Result<bool> set_gate(storage::Store& store, const std::string& what, const Gate& gate, bool before_facility);

// The gate that was there; nothing: there was none. `stale`: somebody set it anew meanwhile.
struct Removed {
  std::optional<Gate> gate;
  bool stale = false;
};
// Before a destination, or before a facility (destination/facility). `destinations`: those of the config. Only they can
// be let through the gate before all.
storage::Result<Removed> remove_gate(storage::Store& store, const std::string& what,
                                     const std::vector<std::string>& destinations);

}  // namespace titip::admin
