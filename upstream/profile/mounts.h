// Where a service may stand on our side: the profile's own place, or the one the config gives it. Pure; any thread.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace titip::profile {

// What is wrong with it, as the end of a sentence that begins with it; nothing if it is a place.
std::optional<std::string> mount_complaint(std::string_view mount);

// Whether they are one place, or one lies below the other: then a path would belong to both.
bool mounts_clash(std::string_view one, std::string_view other);

}  // namespace titip::profile
