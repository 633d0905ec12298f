// The queue as people read it in a terminal: lists, one record with its timeline, the shape. From the JSON that the
// gateway answers with. Pure. Private to the root.
#pragma once

#include <chrono>
#include <nlohmann/json_fwd.hpp>
#include <string>

namespace titip::gateway {

std::string age_words(std::int64_t seconds);  // "45 s", "12 min", "5 h", "3 d"
std::string list_heading();
std::string list_line(const nlohmann::ordered_json& item);
std::string advice_lines(const nlohmann::ordered_json& item);  // in Indonesian and English; empty: it has none
// Times in this zone.
std::string record_text(const nlohmann::ordered_json& record, std::chrono::minutes utc_offset);
std::string shape_text(const nlohmann::ordered_json& shape);

}  // namespace titip::gateway
