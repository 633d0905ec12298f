// When a record whose password the server goes on refusing is held, so that somebody sees it: it stands in the
// facility's list of what needs attention instead of being tried for ever. Pure.
#pragma once

#include <chrono>
#include <cstdint>
#include <vector>

#include "storage/submission.h"

namespace titip::delivery {

// Refused so often: the waits between the tries grow from 15 minutes, so five take about four hours, and one wrong word
// of a server that is being mended does not come five times over so long.
inline constexpr std::uint32_t refusals_before_hold = 5;
// … and for so long: whoever changed a password comes to work within a day and sends something with the new one, which
// brings the old records along without anybody's help. Only what that has not helped is worth a person's look.
inline constexpr std::chrono::hours refused_before_hold{24};

// By the record's own timeline, which outlives a restart: its last lines, as far as each is a refusal. A line of an
// attempt that never left says nothing.
bool is_refused_for_good(const std::vector<storage::Attempt>& timeline);

}  // namespace titip::delivery
