// The profiles that ship with Titip, compiled in from upstream/profiles/, so that the program needs no file beside it.
#pragma once

#include <optional>
#include <string_view>
#include <vector>

namespace titip::gateway {

std::optional<std::string_view> built_in_profile(std::string_view name);
std::vector<std::string_view> built_in_profile_names();

}  // namespace titip::gateway
