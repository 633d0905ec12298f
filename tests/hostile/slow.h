// Those who take their time: 2,000 connections that say nothing, headers and bodies byte by byte, answers that nobody
// takes; too many connections of one address; one address that fills the memory with bodies; one facility that asks too
// fast. Blocking, one thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

namespace titip::hostile {

struct SlowResult {
  std::size_t idle = 0;         // that were open at once, by the gateway's own count
  std::size_t left_open = 0;    // by then they should all have been closed
  std::size_t turned_away = 0;  // of those beyond an address's share
  std::size_t beyond_share = 0;
  std::size_t throttled = 0;         // answers 429 with all that belongs to one
  std::size_t hoarders_refused = 0;  // of one address, that sent bodies without end
  std::vector<std::string> wrong;
};

struct SlowOptions {
  std::uint16_t port = 0;
  std::size_t idle = 2'000;
  std::size_t of_each_kind = 100;
  std::size_t hoarders = 40;
  std::size_t share = 300;              // connections of one address
  std::function<double()> connections;  // the gateway's metric
};

SlowResult be_slow(const SlowOptions& options);

}  // namespace titip::hostile
