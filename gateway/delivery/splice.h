// Sets one value in JSON text and leaves every other byte as it was: stored bytes are a clinic's own words. Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace titip::delivery {

// `text` must be valid JSON. Replaces the value at `pointer` (RFC 6901, through objects only) by the JSON string
// `value`, or adds the member if its parent object is there. Nothing if the parent is missing or not an object.
std::optional<std::string> splice_string(std::string_view text, std::string_view pointer, std::string_view value);

}  // namespace titip::delivery
