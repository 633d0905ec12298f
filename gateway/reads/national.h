// Answers in the national service's own envelope, as its profile spells it. Pure.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "upstream/profile/profile.h"

namespace titip::reads {

// {"response": …, "metaData": {"message": …, "code": …}}; `response_json` is JSON text, "" for null.
std::string envelope(const profile::Envelope& shape, int code, std::string_view message,
                     std::string_view response_json = {});

// The same with a list of {"field", "message"}, as the national service words its validation faults.
std::string fault_envelope(const profile::Envelope& shape, int code, std::string_view message,
                           const std::vector<std::pair<std::string, std::string>>& faults);

}  // namespace titip::reads
