#include "metrics/certificate_probes.h"

#include "metrics/words/said.h"

namespace titip::metrics {
namespace {

constexpr Definition certificate_expiry{
    "titip_certificate_expiry_timestamp_seconds",
    words::text("End of the certificates in use, of several the first to end; absent without any.")};

void show(OptionalGauge& gauge, std::optional<std::chrono::system_clock::time_point> until) {
  if (!until) return gauge.clear();
  gauge.set(std::chrono::duration<double>(until->time_since_epoch()).count());
}

}  // namespace

CertificateProbes::CertificateProbes(Registry& registry)
    : listener_(registry.optional_gauge(certificate_expiry, {{"use", "listener"}})),
      client_authorities_(registry.optional_gauge(certificate_expiry, {{"use", "client_authorities"}})) {}

void CertificateProbes::listener(std::optional<std::chrono::system_clock::time_point> until) {
  show(listener_, until);
}
void CertificateProbes::client_authorities(std::optional<std::chrono::system_clock::time_point> until) {
  show(client_authorities_, until);
}

}  // namespace titip::metrics
