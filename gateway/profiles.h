// The profile that a destination of the config names: one built in, or a file. Private to the root. Blocking.
#pragma once

#include <expected>
#include <filesystem>
#include <string>
#include <vector>

#include "gateway/config.h"
#include "upstream/profile/profile.h"

namespace titip::gateway {

// It is mounted where the destination says. `directory`: what a file's name is relative to. The error is a sentence.
std::expected<profile::Profile, std::string> find_profile(const DestinationConfig& destination,
                                                          const std::filesystem::path& directory);

// What the destinations of the config are called; one whose profile cannot be read and that has no name of its own is
// left out.
std::vector<std::string> destination_names(const Config& config);

}  // namespace titip::gateway
