// Small pieces that P-Care REST's writes and reads share: fields of bodies, dates, reference data (codes are ours).
// Pure; any thread.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "tests/pcare_sim/rest_routes.h"

namespace titip::pcare_sim {

// A member as text: numbers as JSON prints them; "" for null, absent and anything else.
std::string text_field(const nlohmann::json& object, std::string_view name);

// "15-08-2026" -> "2026-08-15"; empty if there is no such day.
std::string iso_date(std::string_view day_first);

// 13 digits, and a person: ours start with 000.
bool is_member(std::string_view card);

// "001" -> "POLI UMUM"; empty for an unknown one.
std::string_view policlinic_name(std::string_view code);
bool is_diagnosis(std::string_view code);

// Entries of a reference list as JSON; of a search only those that match the keyword in code or name.
std::vector<std::string> reference_entries(RestEndpoint endpoint, std::string_view keyword);
std::vector<std::string> small_table_entries(std::string_view route);

}  // namespace titip::pcare_sim
