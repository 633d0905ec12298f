// The server said when to come back (429 or 503 with Retry-After): nothing starts before that, whoever asked. The
// longest of what was said counts, but never more than an hour from when it was said: a number with a digit too many
// must not stop a province. Pure.
#pragma once

#include <algorithm>
#include <chrono>
#include <optional>

#include "upstream/rules/exchange.h"

namespace titip::rules {

inline constexpr std::chrono::hours longest_server_pause{1};

class ServerPause {
 public:
  void asked(std::chrono::seconds retry_after, SteadyTime now) {
    if (retry_after <= std::chrono::seconds(0)) return;
    const auto pause = std::min<std::chrono::seconds>(retry_after, longest_server_pause);
    until_ = until_ ? std::max(*until_, now + pause) : now + pause;
  }
  bool over(SteadyTime now) const { return !until_ || now >= *until_; }
  std::optional<SteadyTime> until() const { return until_; }

 private:
  std::optional<SteadyTime> until_;
};

}  // namespace titip::rules
