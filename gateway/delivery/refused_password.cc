#include "gateway/delivery/refused_password.h"

#include <algorithm>
#include <optional>
#include <ranges>

namespace titip::delivery {

bool is_refused_for_good(const std::vector<storage::Attempt>& timeline) {
  std::uint32_t refusals = 0;
  storage::WallTime first{};
  std::optional<storage::WallTime> last;
  for (const auto& attempt : timeline | std::views::reverse) {
    if (attempt.probe || attempt.outcome == storage::Outcome::not_sent) continue;
    if (attempt.outcome != storage::Outcome::credentials_refused) break;
    ++refusals;
    first = attempt.opened_at;
    if (!last) last = attempt.ended_at.value_or(attempt.opened_at);
  }
  return refusals >= refusals_before_hold && last && *last - first >= refused_before_hold;
}

}  // namespace titip::delivery
