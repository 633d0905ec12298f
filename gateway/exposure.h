// What keeps a listener from being opened to other machines: health data in the clear, or facilities that nothing
// proves. Private to the root. Blocking: it reads the profiles.
#pragma once

#include <string>

#include "gateway/config.h"

namespace titip::gateway {

// A sentence that says what to do; empty: the front listener may be opened where the config (or the service manager,
// which may have handed it over) has it.
std::string exposure_complaint(const Config& config);

// What it leaves open all the same, in a sentence for the log of a start; empty: nothing.
std::string exposure_warning(const Config& config);

}  // namespace titip::gateway
