#include "gateway/profiles.h"

#include <fstream>
#include <iterator>

#include "gateway/built_in_profiles.h"
#include "metrics/words/said.h"

namespace titip::gateway {

std::expected<profile::Profile, std::string> find_profile(const DestinationConfig& destination,
                                                          const std::filesystem::path& directory) {
  std::string text;
  auto from = words::tell("the built-in profile {}", destination.profile);
  if (const auto built_in = built_in_profile(destination.profile)) {
    text = *built_in;
  } else {
    const auto path = directory / destination.profile;
    from = path.string();
    std::ifstream file(path);
    if (!file) {
      return std::unexpected(words::tell("'{}' is neither a built-in profile ({}) nor a file that can be read",
                                         destination.profile, words::joined(built_in_profile_names(), ", ")));
    }
    text.assign(std::istreambuf_iterator<char>(file), {});
  }
  auto loaded = profile::load_profile(text);
  if (!loaded)
    return std::unexpected(words::tell("{} at {}: {}", from, loaded.error().pointer, loaded.error().sentence));
  if (!destination.mount.empty()) loaded->mount = destination.mount;
  return std::move(*loaded);
}

std::vector<std::string> destination_names(const Config& config) {
  std::vector<std::string> names;
  for (const auto& destination : config.destinations) {
    if (!destination.name.empty()) {
      names.push_back(destination.name);
    } else if (const auto profile = find_profile(destination, config.directory)) {
      names.push_back(profile->name);
    }
  }
  return names;
}

}  // namespace titip::gateway
