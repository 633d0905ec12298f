// Between UTF-8 and UTF-16, both ways strict: nothing for what is not well-formed (RFC 3629; Unicode 15, D91-D92).
// Pure; any thread. For the schemes whose peers think in JavaScript's strings.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace titip::scheme {

std::optional<std::u16string> to_utf16(std::string_view utf8);
std::optional<std::string> to_utf8(std::u16string_view utf16);

}  // namespace titip::scheme
