// What the driver reads over HTTP: the gateway's word about itself and about each submission, and the simulator's
// ledger. Blocking, one thread each. An answer that cannot be read is an error with a sentence, never a default.
#pragma once

#include <chrono>
#include <cstdint>
#include <expected>
#include <map>
#include <string>
#include <vector>

#include "tests/day/evidence.h"
#include "tests/day/http_client.h"
#include "tests/day/stage.h"

namespace titip::day {

struct GatewayStatus {
  Totals totals;
  std::int64_t in_flight = 0, unknown_state = 0;
  std::int64_t unknown_outcomes = 0, probes = 0, outages = 0, open_attempts_at_start = 0;  // since the process started
  std::string upstream;                                                                    // closed, open, half_open
  std::string sentence_id;  // the one true sentence, in Indonesian and in English
  std::string sentence_en;
};

struct SimulatorStats {
  std::int64_t effects = 0, entries = 0, repeated_effects = 0, lost_replies = 0, late_applies = 0, rejected = 0,
               logins = 0;
  std::map<std::string, std::int64_t> weather;  // requests hit, by kind
};

std::expected<GatewayStatus, std::string> read_status(HttpClient& front, const std::string& facility);
std::expected<SimulatorStats, std::string> read_stats(HttpClient& simulator);
std::expected<void, std::string> set_weather(HttpClient& simulator, const std::string& script);
std::expected<void, std::string> fetch_ledger(HttpClient& simulator, Evidence& evidence);

// The last state of each acknowledged submission of `evidence`.
std::expected<void, std::string> fetch_custody(HttpClient& front, Evidence& evidence);

// Logs in through the gateway, as the clinic's app does; the facility's own reply is what counts as success.
Login log_in(std::uint16_t front_port, const FacilityLogin& facility, std::string when,
             std::chrono::milliseconds patience);

}  // namespace titip::day
