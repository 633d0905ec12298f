// What a person sees once the day is over. Text only, and the files that stay with a failed run. One thread.
#pragma once

#include <string>
#include <vector>

#include "tests/day/checker.h"
#include "tests/day/reads.h"
#include "tests/day/settings.h"
#include "tests/day/stage.h"

namespace titip::day {

std::string table(const Verdict& verdict, const GatewayStatus& status, const SimulatorStats& stats);

// Each finding with its person, ids and timeline; the first `limit` of each kind.
std::string findings_text(const Verdict& verdict, const Settings& settings, std::size_t limit);

std::string where_to_look(const Settings& settings, const Stage& stage, const Evidence& evidence);

// history.jsonl (one call a line) and findings.txt in the data directory.
void keep_evidence(const Stage& stage, const Evidence& evidence, const Verdict& verdict, const Settings& settings);

}  // namespace titip::day
