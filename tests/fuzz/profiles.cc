#include <filesystem>
#include <fstream>
#include <iterator>

#include "tests/fuzz/fuzz.h"

namespace titip::fuzz {

const std::vector<profile::Profile>& shipped_profiles() {
  static const auto all = [] {
    std::vector<profile::Profile> made;
    for (const auto& entry : std::filesystem::directory_iterator(TITIP_PROFILES)) {
      if (entry.path().extension() != ".json") continue;
      std::ifstream file(entry.path());
      auto loaded = profile::load_profile(std::string((std::istreambuf_iterator<char>(file)), {}));
      must(loaded.has_value(), "a shipped profile loads");
      made.push_back(*std::move(loaded));
    }
    must(!made.empty(), "there are shipped profiles");
    return made;
  }();
  return all;
}

}  // namespace titip::fuzz
