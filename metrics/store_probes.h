// What the store reports of itself. Any thread.
#pragma once

#include <chrono>
#include <cstddef>
#include <string_view>

namespace titip::metrics {

class StoreProbes {
 public:
  virtual ~StoreProbes() = default;
  virtual void committed(std::chrono::nanoseconds duration, std::size_t calls) = 0;
  // "write", "corrupt_record", "disk_full", "overloaded", "too_late", "reclaim", "checkpoint", "passed_over" (a stretch
  // of the store that cannot be read, by upkeep that goes on behind it), "patrol"
  virtual void failed(std::string_view kind) = 0;
};

}  // namespace titip::metrics
