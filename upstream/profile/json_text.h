// JSON as the rest of the house needs it: parsed without exceptions and with a limit on nesting, and looked into by
// RFC 6901 pointers. Pure; any thread.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <string_view>

namespace titip::profile {

// Deeper bodies are refused: comparing and printing recurse. No national service nests beyond a handful of levels.
inline constexpr int max_json_depth = 64;

// Nothing if the text is not one JSON value, or nests deeper than `max_json_depth`.
std::optional<nlohmann::json> parse_json(std::string_view text);

// A request's body. None at all (a DELETE has none) is an empty object.
std::optional<nlohmann::json> parse_request(std::string_view body);
bool is_blank(std::string_view body);  // nothing but white space

// "/a/b~1c/0": starts with a slash, "~" only as "~0" or "~1".
bool is_pointer(std::string_view text);

// The value that the pointer names; null pointer if there is none (or if `pointer` is not one).
const nlohmann::json* resolve(const nlohmann::json& document, std::string_view pointer);

// How a value reads when it is compared or quoted: strings as they are, numbers and booleans as JSON prints them,
// arrays and objects as compact JSON with sorted keys; "" for null and for empty arrays and objects.
std::string text_of(const nlohmann::json& value);

// Compact JSON text. Bytes that are not UTF-8 are replaced, never thrown about.
std::string dump_json(const nlohmann::json& value);

}  // namespace titip::profile
