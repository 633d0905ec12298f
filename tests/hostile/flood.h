// Mutated requests on the socket, many connections at once, each closed by the gateway or found hanging. One thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace titip::hostile {

struct FloodOptions {
  std::uint16_t port = 0;
  std::size_t requests = 20'000;
  std::size_t at_once = 24;
  std::uint64_t seed = 1;
  std::uint8_t net = 3;  // of loopback, that they come from
};

struct FloodResult {
  std::size_t sent = 0;
  std::size_t answered = 0;        // with one answer at least
  std::size_t hangs = 0;           // neither answered nor closed within the patience
  std::vector<std::string> wrong;  // answers that are none, or too many; a few of them, with what was sent
  std::size_t wrong_in_all = 0;
};

// Ends early when the gateway takes no connection.
FloodResult flood(const FloodOptions& options, std::vector<std::string> sound);

}  // namespace titip::hostile
