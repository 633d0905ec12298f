// The first process: accepts submissions through intake, one after the other and without end, until it is killed.
#pragma once

#include "tests/capacity/settings.h"

namespace titip::capacity {

[[noreturn]] void accept_until_killed(const Settings& settings);

}  // namespace titip::capacity
