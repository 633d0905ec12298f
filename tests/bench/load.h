// Asks one server as fast as it answers (closed loop: each connection sends again when it has its answer), or at a rate
// (open loop: requests fall due at random moments whatever comes back, and count from then). One thread, epoll.
#pragma once

#include <cstdint>
#include <expected>
#include <string>
#include <vector>

#include "tests/bench/wire.h"

namespace titip::bench {

struct LoadOptions {
  WireOptions wire;
  std::uint16_t port = 0;
  std::size_t connections = 128;
  double seconds = 5;
  double warm_up_s = 1;
  double per_second = 0;           // 0: closed loop
  std::uint64_t first_number = 0;  // of the payloads
  std::vector<int> watched;        // processes whose CPU is counted while measuring
};

struct LoadResult {
  std::uint64_t accepted = 0;  // in the measured time
  std::uint64_t refused = 0;   // answered otherwise, in all the time
  double seconds = 0;
  double watched_cpu_s = 0;
  double p50_ms = 0;
  double p99_ms = 0;
  double p999_ms = 0;
  std::uint64_t last_number = 0;  // the next run may begin behind it
};

// A sentence where the server is not there, breaks off or stays silent.
std::expected<LoadResult, std::string> run_load(const LoadOptions& options);

}  // namespace titip::bench
