// The SHA-256 of a body as it was received: the receipt's proof of what was taken. Pure.
#pragma once

#include <string>
#include <string_view>

namespace titip::intake {

// Hexadecimal, lower case.
std::string body_sha256(std::string_view bytes);

}  // namespace titip::intake
