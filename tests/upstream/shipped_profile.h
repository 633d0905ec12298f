// The profiles as they are shipped, for tests.
#pragma once

#include <gtest/gtest.h>

#include <fstream>
#include <sstream>
#include <string>

#include "upstream/profile/profile.h"

namespace titip::tests {

inline std::string shipped_profile_text(const std::string& name = "pcare-vaksin") {
  std::ifstream file(std::string(TITIP_PROFILES) + "/" + name + ".json");
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

inline const profile::Profile& pcare_vaksin() {
  static const profile::Profile loaded = [] {
    auto result = profile::load_profile(shipped_profile_text());
    if (!result) {
      ADD_FAILURE() << result.error().pointer << ": " << result.error().sentence;
      return profile::Profile{};
    }
    return *std::move(result);
  }();
  return loaded;
}

}  // namespace titip::tests
