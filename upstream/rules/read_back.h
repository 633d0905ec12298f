// When the number of a delivered record is looked for again: after as long as it has been looked for already, within
// bounds and with jitter, so nothing but the record's own time has to be kept. Pure.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <optional>

namespace titip::rules {

struct ReadBackOptions {
  std::chrono::milliseconds first{2'000};
  std::chrono::milliseconds max{900'000};
  std::chrono::milliseconds age{7 * 86'400'000LL};  // then it is given up: what waits for the number is held
};

// `since`: how long ago the record was delivered; uniform in [0, 1). Nothing: it is given up. A clock that was set
// back makes a young record of it.
inline std::optional<std::chrono::milliseconds> read_back_wait(const ReadBackOptions& options,
                                                               std::chrono::milliseconds since, double uniform) {
  if (since > options.age) return std::nullopt;
  const auto most = std::clamp(since, options.first, options.max);
  const auto least = most / 2;
  return least +
         std::chrono::milliseconds(static_cast<std::int64_t>(static_cast<double>((most - least).count()) * uniform));
}

}  // namespace titip::rules
