// What a person may do with a destination's drain, and what becomes of it: pure, the same while a gateway runs and on a
// store that nobody serves.
#pragma once

#include <cstdint>
#include <expected>
#include <optional>
#include <string>

#include "gateway/delivery/drain.h"
#include "metrics/words/said.h"

namespace titip::delivery {

inline constexpr std::string_view drain_kind = "drain";  // object; its name is the destination

struct DrainOrder {
  enum class What : std::uint8_t { start, pause, resume, cancel };
  What what = What::start;
  DrainPlan plan{};                 // start
  std::string reason{};             // pause
  std::optional<WallTime> until{};  // pause: it resumes by itself
};

struct DrainRefused {
  bool nothing_there = false;  // no such drain, or nothing to drain
  words::Said sentence;
};

// The drain as it is afterwards; nothing: it is taken away. `waiting`: records that a new one would begin with.
std::expected<std::optional<Drain>, DrainRefused> obey(const DrainOrder& order, std::optional<Drain> drain,
                                                       std::uint64_t waiting, WallTime now);

}  // namespace titip::delivery
