// Runs a profile's fixtures through the classifier that delivery uses: a reply in, the rule and the outcome that came
// of it against what the fixture expects. Also which rules no fixture reaches: nobody would notice if they broke. Pure.
#pragma once

#include <chrono>
#include <cstddef>
#include <string>
#include <vector>

#include "upstream/profile/profile.h"
#include "upstream/rules/classify.h"

namespace titip::rules {

struct FixtureFailure {
  std::string fixture;
  std::string route;
  std::string expected_rule;
  OutcomeKind expected_outcome = OutcomeKind::unknown;
  Classified got;
  // Different only if the fixture says how long the reply asks to be left alone.
  std::chrono::seconds expected_wait{0};
  std::chrono::seconds wait{0};
};

struct FixtureReport {
  std::size_t run = 0;  // one fixture for one route each
  std::vector<FixtureFailure> failures{};
  std::size_t rules = 0;
  std::vector<std::string> not_reached{};  // ids of rules that decided no fixture, in their order

  std::size_t passed() const { return run - failures.size(); }
  std::size_t covered() const { return rules - not_reached.size(); }
  bool good() const { return failures.empty() && not_reached.empty(); }
};

FixtureReport run_fixtures(const profile::Profile& profile);

}  // namespace titip::rules
