// What the targets share. A target says what must hold for any bytes; what does not hold ends the process, and
// libFuzzer keeps the bytes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "upstream/profile/profile.h"

namespace titip::fuzz {

// Whatever is built: in a fuzz target nothing is left unchecked.
inline void must(bool holds, const char* what) {
  if (holds) return;
  std::fprintf(stderr, "does not hold: %s\n", what);
  std::abort();
}

inline std::string_view text_of(const std::uint8_t* data, std::size_t size) {
  return {reinterpret_cast<const char*>(data), size};
}

// Eats the front of the input: decisions first, then the rest.
class Dice {
 public:
  explicit Dice(std::string_view bytes) : rest_(bytes) {}
  std::size_t below(std::size_t bound) {
    if (rest_.empty() || bound == 0) return 0;
    const auto byte = static_cast<std::uint8_t>(rest_.front());
    rest_.remove_prefix(1);
    return byte % bound;
  }
  std::string_view rest() const { return rest_; }

 private:
  std::string_view rest_;
};

// The shipped ones, from the source tree.
const std::vector<profile::Profile>& shipped_profiles();

}  // namespace titip::fuzz
