// The status: one true sentence and the numbers behind it. Pure.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <vector>

#include "storage/store.h"
#include "upstream/client/upstream.h"

namespace titip::reads {

// Nothing is sent there until a person takes the gate away.
struct Gated {
  std::string reason;
  std::string since;  // RFC 3339
};

struct DestinationFacts {
  std::string destination;
  storage::DestinationCounts counts;
  client::Health health;
  std::optional<Gated> gate{};
  std::map<std::string, Gated> gated_facilities{};
  std::uint64_t unknown_outcomes = 0;  // since the process started
  std::uint64_t probes = 0;
  double sends_per_second = 0;  // at present; 0: none, or nothing can be sent
  double deadline_share = 1;    // how much of them deadlines may take
};

struct StatusFacts {
  std::vector<DestinationFacts> destinations;
  storage::Health store;
  std::chrono::minutes utc_offset{0};  // the zone that times are shown in
  client::WallTime now{};
};

struct Sentence {
  std::string id;  // Indonesian
  std::string en;
};

std::uint64_t pending(const storage::DestinationCounts& counts);          // everything that is not terminal
std::uint64_t needs_attention(const storage::DestinationCounts& counts);  // rejected, expired, held
std::int64_t ledger_difference(const storage::DestinationCounts& counts);

Sentence sentence(const StatusFacts& facts);
nlohmann::ordered_json status_json(const StatusFacts& facts);

}  // namespace titip::reads
