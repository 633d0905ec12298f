// What a request says of facilities, and what may be wrong with one, whether it comes over the socket, from a file or
// from the config. Pure; a part of wire.h. Secrets stand in requests alone: no sentence and no answer holds one.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <vector>

#include "metrics/words/said.h"
#include "storage/facilities.h"

namespace titip::admin {

// Only what is said stands in it. False: a value of the wrong kind, or a key that is not known.
bool read_facilities(const nlohmann::ordered_json& value, std::vector<storage::Facility>& facilities);
nlohmann::ordered_json facilities_json(const std::vector<storage::Facility>& facilities);

// As `titip facility ls` shows it: whether there are secrets, never which.
nlohmann::ordered_json shown_json(const storage::Facility& facility);
std::string offset_text(std::chrono::minutes utc_offset);  // "+07:00"

// Empty: nothing is wrong.
words::Said fault_of_code(std::string_view code);
words::Said fault_of_callback_secret(std::string_view secret);
words::Said fault_of_api_key_hash(std::string_view hash);
words::Said fault_of_secret(std::string_view secret);
words::Said fault_of(const storage::Facility& facility);

}  // namespace titip::admin
