// The profiles as they are shipped, for tests.
#pragma once

#include <gtest/gtest.h>

#include <fstream>
#include <map>
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

inline const char* const shipped_names[] = {"antreanfktp", "pcare-rest", "pcare-rest-v3", "pcare-vaksin"};

inline const profile::Profile& shipped_profile(const std::string& name) {
  static std::map<std::string, profile::Profile> loaded;
  const auto [known, is_new] = loaded.try_emplace(name);
  if (is_new) {
    auto result = profile::load_profile(shipped_profile_text(name));
    if (result) {
      known->second = *std::move(result);
    } else {
      ADD_FAILURE() << name << " at " << result.error().pointer << ": " << result.error().sentence;
    }
  }
  return known->second;
}

inline const profile::Profile& pcare_vaksin() {
  return shipped_profile("pcare-vaksin");
}

}  // namespace titip::tests
