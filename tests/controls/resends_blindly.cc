// Negative control: a gateway that sends again after an unknown outcome without asking whether the first one landed.
#include "gateway/serve.h"

int main(int argc, char** argv) {
  titip::gateway::Seams seams;
  seams.profile = [](titip::profile::Profile& profile) {
    profile.honours_idempotency_key = true;  // which the national server does not
    for (auto& route : profile.routes) {
      route.after_unknown = titip::profile::AfterUnknown::repeat;
      route.probe.reset();
    }
  };
  return titip::gateway::run(argc, argv, seams);
}
