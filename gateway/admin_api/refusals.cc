#include "gateway/admin_api/refusals.h"

#include <algorithm>

namespace titip::admin_api {

std::optional<std::chrono::seconds> Refusals::count(const std::string& address, clock::SteadyTime now) {
  if (windows_.size() >= rate_.addresses && !windows_.contains(address)) forget(now);
  auto& window = windows_.try_emplace(address, now).first->second;
  if (now - window.began >= rate_.window) window = {now, 0};
  if (++window.refused <= rate_.most) return std::nullopt;
  return std::max(std::chrono::seconds(1), std::chrono::ceil<std::chrono::seconds>(window.began + rate_.window - now));
}

// Those that are over; if none is, all: an attacker with so many addresses is not held by this anyway.
void Refusals::forget(clock::SteadyTime now) {
  std::erase_if(windows_, [&](const auto& each) { return now - each.second.began >= rate_.window; });
  if (windows_.size() >= rate_.addresses) windows_.clear();
}

}  // namespace titip::admin_api
