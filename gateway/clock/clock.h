// Time stands behind a door: rooms of the gateway read it here and nowhere else, so that a simulation can run a day in
// a second. Wall time is for what people read and what survives a restart; steady time for spans inside one process.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>

namespace titip::clock {

using WallTime = std::chrono::sys_time<std::chrono::milliseconds>;
using SteadyTime = std::chrono::steady_clock::time_point;

// Any thread.
class Clock {
 public:
  virtual ~Clock() = default;
  virtual WallTime wall() const = 0;
  virtual SteadyTime steady() const = 0;
};

// Timers of one loop; used from that loop's thread only.
class Timers {
 public:
  using Id = std::uint64_t;
  virtual ~Timers() = default;
  // Runs `work` on the loop once, after `delay`.
  virtual Id after(std::chrono::milliseconds delay, std::move_only_function<void()> work) = 0;
  virtual void cancel(Id id) = 0;  // unknown ids are fine: the timer may just have run
};

class SystemClock final : public Clock {
 public:
  WallTime wall() const override;
  SteadyTime steady() const override;
};

}  // namespace titip::clock
