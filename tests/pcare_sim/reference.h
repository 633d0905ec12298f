// The national reference data (referensi/*). Codes are ours: no source publishes the real ones. Pure; any thread.
#pragma once

#include <string>
#include <string_view>

namespace titip::pcare_sim {

// A vaccine is known by its code ("1") or its name in any case ("Sinovac").
bool is_known_vaccine(std::string_view code_or_name);

// The JSON of `response` for kategorisasaran, jenisvaksin, keluhan, alasan; empty for anything else.
std::string reference_json(std::string_view table);

}  // namespace titip::pcare_sim
