// The weather of one simulated national server: what may go wrong with one call, by time. From a seed. Pure.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "tests/sampler/random.h"

namespace titip::simulation {

using std::chrono::milliseconds;

// What becomes of one call.
enum class Fate : std::uint8_t {
  serve,
  refuse,           // no byte was taken
  lose_reply,       // applied, the connection breaks
  hang,             // not applied, no answer
  hang_late_apply,  // no answer, applied after the gateway has given up
  error_page,       // 503 and HTML, not applied
  error_applied,    // 502 in an envelope, applied
  html_page,        // 200 and a maintenance page, not applied
  busy,             // 429, sometimes with Retry-After
  unavailable,      // 503 with Retry-After
  login_expired,
  needs_registration,  // a reply that says a requirement is missing
};
inline constexpr std::size_t fate_count = static_cast<std::size_t>(Fate::needs_registration) + 1;
std::string_view name(Fate fate);

struct Odds {
  std::string_view name;
  std::array<std::uint16_t, fate_count> of{};  // in 10,000
  Fate draw(sampler::Random& random) const;
  bool serves_nobody() const { return of[0] == 0; }
};

struct Spell {
  milliseconds from{0};
  milliseconds until{0};
  const Odds* odds = nullptr;
};

class Weather {
 public:
  // Trouble until `last_fault`, and none after it.
  Weather(sampler::Random& random, milliseconds last_fault);
  const Odds& at(milliseconds time) const;
  const std::vector<Spell>& spells() const { return spells_; }

 private:
  milliseconds last_fault_;
  const Odds* usual_;
  std::vector<Spell> spells_;
};

}  // namespace titip::simulation
