// When a record that is put off again and again has waited for long enough that a person must look. Its age is read
// from the service clock (service_clock.h), so it counts only while the record could have been sent; and it must have
// been tried a number of times, so that nothing ends that was hardly ever asked for. Pure.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>

namespace titip::rules {

struct MaximumAgeOptions {
  std::chrono::milliseconds age{7 * 86'400'000LL};
  std::uint32_t minimum_tries = 5;
};

// `since`: what the clock showed when the record was first put off; `now`: what it shows. Where one of them is not
// known, nobody can say that it is too old. A clock that was set back by a restart shows less than `since`: no age.
inline bool is_too_old(const MaximumAgeOptions& options, std::optional<std::chrono::milliseconds> since,
                       std::optional<std::chrono::milliseconds> now, std::uint32_t tries) {
  return since && now && *now - *since > options.age && tries >= options.minimum_tries;
}

}  // namespace titip::rules
