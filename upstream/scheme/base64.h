// Base64 (RFC 4648, section 4: with padding, no line breaks). Pure; any thread.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace titip::scheme {

std::string to_base64(std::string_view bytes);

// Nothing if it is not Base64, or empty, or its padding is missing.
std::optional<std::string> from_base64(std::string_view text);

}  // namespace titip::scheme
