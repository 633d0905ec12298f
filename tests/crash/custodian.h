// A process of its own that has a store and works with it until it is killed. It tells what it sees through its
// standard output (witness.h), so its history survives it. `titip_crash custodian` runs this; custody.h starts it.
//
// Beside the witness' lines it says "ready" once the store is open and the clients of the last life have asked again,
// "refusing" and "taking" when new submissions are refused for want of space and taken again, "hit NAME" right before
// it kills itself at a sync point, and "error …" when it gives up.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>

namespace titip::crash {

struct CustodianOrders {
  std::filesystem::path directory;
  std::filesystem::path brief;  // Brief::text()
  std::uint64_t seed = 1;       // of what it does
  std::uint64_t floor_bytes = 0;
  std::uint64_t ballast_bytes = 0;
  std::uint64_t buffer_bytes = 0;  // 0: what each family needs
  std::uint64_t pile = 0;          // so many submissions are accepted first, and nothing sent
  std::uint64_t steps = 0;         // then it stops in order; 0: never
  bool sync = true;                // false: a control
  std::string sync_point;          // kill yourself there, …
  std::uint64_t hit = 1;           // … the nth time it is passed
};

int run_custodian(const CustodianOrders& orders);

}  // namespace titip::crash
