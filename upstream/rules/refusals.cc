#include "upstream/rules/refusals.h"

#include <algorithm>
#include <utility>

namespace titip::rules {

std::optional<SteadyTime> Refusals::answered(const std::string& facility, bool refused, SteadyTime now) {
  words_.insert_or_assign(facility, Word{now, refused});
  if (words_.size() > options_.facilities_known) tidy(now);
  if (!refused && !since_) return std::nullopt;
  const bool mostly = mostly_refused(now);
  if (refused && mostly) {
    if (!since_) since_ = now - options_.window;
    seen_ = now;
  }
  if (refused || mostly) return std::nullopt;
  return std::exchange(since_, std::nullopt);
}

bool Refusals::destination_trouble(SteadyTime now) const {
  return mostly_refused(now) || (since_ && now <= seen_ + options_.longest);
}

bool Refusals::mostly_refused(SteadyTime now) const {
  std::uint32_t refused = 0;
  std::uint32_t all = 0;
  for (const auto& [facility, word] : words_) {
    if (word.at + options_.window < now) continue;
    ++all;
    refused += word.refused ? 1 : 0;
  }
  return refused >= options_.facilities && static_cast<double>(refused) >= options_.share * static_cast<double>(all);
}

void Refusals::tidy(SteadyTime now) {
  std::erase_if(words_, [&](const auto& entry) { return entry.second.at + options_.window < now; });
  while (words_.size() > options_.facilities_known) {
    words_.erase(std::ranges::min_element(words_, {}, [](const auto& entry) { return entry.second.at; }));
  }
}

}  // namespace titip::rules
