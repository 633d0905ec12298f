// What lines of a Teller's (witness.h) come to, by kind: answers alone prove nothing, for a refusal is one too. Pure.
#pragma once

#include <cstdint>
#include <span>
#include <string>

namespace titip::crash {

struct Told {
  std::uint64_t changed = 0;   // attempts opened, settlements, transitions: applied
  std::uint64_t accepted = 0;  // new submissions taken into custody
  std::uint64_t refused = 0;   // submissions that were refused
};

Told told_in(std::span<const std::string> lines);

}  // namespace titip::crash
