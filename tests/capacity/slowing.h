// A control: what is given this is the slower the further it has come, as a store would be that suffers from its size.
// It waits in proportion to what the work itself takes, so it shows on any machine. One thread; each copy goes by
// itself.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>

namespace titip::capacity {

class Slowing {
 public:
  Slowing() = default;
  // At the end each piece of work takes 1 + `strength` times as long; halfway a quarter of that is added.
  Slowing(double strength, std::uint64_t all) : strength_(strength), all_(all) {}

  // Called after each piece of work, with what is done so far. Blocks.
  void wait(std::uint64_t done);

 private:
  double strength_ = 0;
  std::uint64_t all_ = 1;
  std::optional<std::chrono::steady_clock::time_point> worked_from_;
};

}  // namespace titip::capacity
