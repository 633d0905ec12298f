// One whole day, from the first process to the verdict. Blocking; the caller's thread drives it, the clinics have
// theirs.
#pragma once

#include <expected>
#include <string>

#include "tests/day/settings.h"

namespace titip::day {

// The exit status for the process. The error is a sentence: the day could not be run, so nothing was judged.
std::expected<int, std::string> run_day(const Settings& settings);

}  // namespace titip::day
