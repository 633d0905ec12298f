// The status: one true sentence and the numbers behind it. Pure.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <vector>

#include "metrics/words/said.h"
#include "storage/store.h"
#include "upstream/client/upstream.h"

namespace titip::reads {

// Nothing is sent there until a person takes the gate away.
struct Gated {
  words::Said reason;
  std::string since;  // RFC 3339
};

// A drain as it stands.
struct DrainFacts {
  std::string state;  // canary, running, paused, aborted, done
  bool stands_still = false;
  bool is_done = false;
  words::Said reason;  // why it stands still
  std::optional<storage::WallTime> goes_on_at{};
  std::uint64_t of = 0;
  std::uint64_t settled = 0;
  std::uint64_t delivered = 0;
  std::uint64_t rejected = 0;
  std::uint64_t unknown = 0;
  std::uint64_t waiting = 0;
  std::uint64_t canary = 0;
  double per_second = 0;  // 0: no pace
  storage::WallTime started_at{};
  std::optional<std::chrono::seconds> eta{};
};
// What follows "The drain of pcare-vaksin".
words::Said drain_sentence(const DrainFacts& drain);
nlohmann::ordered_json drain_json(const DrainFacts& drain);
words::Said duration_text(std::chrono::seconds span);  // "25 min", "3 h", "2 days"

struct DestinationFacts {
  std::string destination;
  storage::DestinationCounts counts;
  client::Health health;
  std::optional<Gated> gate{};
  std::map<std::string, Gated> gated_facilities{};
  std::optional<DrainFacts> drain{};
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

std::uint64_t pending(const storage::DestinationCounts& counts);          // everything that is not terminal
std::uint64_t needs_attention(const storage::DestinationCounts& counts);  // rejected, expired, held
std::int64_t ledger_difference(const storage::DestinationCounts& counts);

words::Said sentence(const StatusFacts& facts);
nlohmann::ordered_json status_json(const StatusFacts& facts);

}  // namespace titip::reads
