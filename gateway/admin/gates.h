// Gates: a destination that must not send. A gate is an object in the store (kind "gate", named like its destination),
// so that it outlives a restart; a restore sets one for every destination, and a person takes it away.
// Blocking, any thread that may wait.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "gateway/clock/clock.h"
#include "storage/store.h"

namespace titip::admin {

inline constexpr std::string_view gate_kind = "gate";

struct Gate {
  std::string reason;  // for people
  std::string since;   // RFC 3339
};
std::string encode(const Gate& gate);
// Never fails: what cannot be read is a gate all the same, and says so.
Gate decode_gate(std::string_view bytes);

// By destination.
storage::Result<std::map<std::string, Gate>> read_gates(storage::Store& store);

// The gate that was there; nothing: there was none. `stale`: somebody set it anew meanwhile.
struct Removed {
  std::optional<Gate> gate;
  bool stale = false;
};
storage::Result<Removed> remove_gate(storage::Store& store, const std::string& destination);

}  // namespace titip::admin
