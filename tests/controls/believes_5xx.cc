// Negative control: a gateway that takes every 5xx for "certainly not applied".
#include "gateway/serve.h"

int main(int argc, char** argv) {
  titip::gateway::Seams seams;
  seams.profile = [](titip::profile::Profile& profile) {
    titip::profile::OutcomeRule rule;
    rule.id = "control-5xx-not-applied";
    rule.http_status = {5};
    rule.outcome = titip::profile::RuleOutcome::deferred;
    rule.served = false;
    profile.rules.insert(profile.rules.begin(), std::move(rule));
  };
  return titip::gateway::run(argc, argv, seams);
}
