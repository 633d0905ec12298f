// Until when the certificates in use are valid, filled at exposition. One thread at a time.
#pragma once

#include <chrono>
#include <optional>

#include "metrics/registry.h"

namespace titip::metrics {

class CertificateProbes {
 public:
  explicit CertificateProbes(Registry& registry);
  // Nothing: there is none.
  void listener(std::optional<std::chrono::system_clock::time_point> until);
  void client_authorities(std::optional<std::chrono::system_clock::time_point> until);

 private:
  OptionalGauge listener_;
  OptionalGauge client_authorities_;
};

}  // namespace titip::metrics
