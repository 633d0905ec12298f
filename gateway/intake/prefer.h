// The Prefer header (RFC 7240), as far as it says how long to wait for the national answer. Pure.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

namespace titip::intake {

// Nobody holds a connection open for longer, whatever he prefers.
inline constexpr std::chrono::seconds longest_wait{60};

struct Preference {
  std::optional<std::chrono::milliseconds> wait{};  // none: no preference
  std::string applied{};                            // for Preference-Applied; empty: nothing was preferred
};

// "wait=10" waits so long; "respond-async" alone does not wait; both wait and then answer from custody. What is not
// understood is passed over, as the RFC has it. Several headers: joined by commas.
Preference parse_prefer(std::string_view header);

}  // namespace titip::intake
