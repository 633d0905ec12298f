#include "tests/pcare_sim/totals.h"

#include <fmt/format.h>

#include <cstddef>

namespace titip::pcare_sim {

std::string Totals::json() const {
  std::string by_kind;
  for (std::size_t i = 0; i < kind_count; ++i)
    by_kind += fmt::format(R"({}"{}":{})", i == 0 ? "" : ",", kind_name(static_cast<Kind>(i)), weather[i]);
  return fmt::format(
      R"({{"requests":{},"reads":{},"writes":{},"logins":{},"effects":{},"entries":{},"repeated_effects":{},)"
      R"("lost_replies":{},"late_applies":{},"rejected":{},"duplicates_refused":{},"replayed":{},"slowed":{},)"
      R"("turned_away":{},"weather":{{{}}}}})",
      requests, reads, writes, logins, effects, entries, repeated_effects, lost_replies, late_applies, rejected,
      duplicates_refused, replayed, slowed, turned_away, by_kind);
}

}  // namespace titip::pcare_sim
