// The second process: opens what the killed one left, accepts one submission, delivers everything, destroys what was
// delivered, and closes.
#pragma once

#include "tests/capacity/settings.h"

namespace titip::capacity {

// The exit status: 1 if something was not delivered, was delivered twice, or is not what was posted.
int drain(const Settings& settings);

// Nothing but that: what stood in the log alone stands in tables and blobs then.
int open_and_close(const Settings& settings);

}  // namespace titip::capacity
