#include "upstream/rules/refusals.h"

#include <algorithm>

namespace titip::rules {

void Refusals::answered(const std::string& facility, bool refused, SteadyTime now) {
  words_.insert_or_assign(facility, Word{now, refused});
  if (words_.size() > options_.facilities_known) tidy(now);
}

bool Refusals::destination_trouble(SteadyTime now) const {
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
