// Reads the reply to a probe: did the write land? Pure. A reply that is not certainly the service's own answer is
// inconclusive; comparing is by the fields this write changes, never by mere existence.
#pragma once

#include <cstdint>

#include "upstream/profile/profile.h"
#include "upstream/profile/values.h"
#include "upstream/rules/exchange.h"

namespace titip::rules {

enum class ProbeResult : std::uint8_t {
  found_equal,
  found_other,  // an entry about this write, with other values
  absent,       // the service answered and has no such entry. Decisive only after the late-apply wait (delivery's rule)
  inconclusive,
};

ProbeResult read_probe(const profile::Profile& profile, const profile::Probe& probe,
                       const profile::RequestView& request, const Exchange& exchange);

}  // namespace titip::rules
