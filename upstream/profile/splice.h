// Sets or shows one value in JSON text and leaves every other byte as it was: stored bytes are a clinic's own words,
// and replies the server's. Pure.
//
// `text` must be valid JSON (parse_json says whether it is); a pointer (RFC 6901) leads through objects only. Of a
// member that stands there twice the last counts, as it does to parse_json.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace titip::profile {

// The value's own text, without the space around it; it points into `text`. Nothing if there is none.
std::optional<std::string_view> json_at(std::string_view text, std::string_view pointer);

// Replaces the value by the JSON text `value`, or adds the member if its parent object is there. Nothing if the parent
// is missing or not an object.
std::optional<std::string> splice_json(std::string_view text, std::string_view pointer, std::string_view value);

// The same with the JSON string of `value`.
std::optional<std::string> splice_string(std::string_view text, std::string_view pointer, std::string_view value);

}  // namespace titip::profile
