// The catalogue as it was compiled in: id.json, line by line. Private to this room.
#pragma once

#include <span>
#include <string_view>

namespace titip::words {

extern const std::span<const std::string_view> catalogue_lines;

}  // namespace titip::words
