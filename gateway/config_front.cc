// The listener that clinics use: its limits, its TLS.
#include <array>

#include "gateway/config_reading.h"
#include "gateway/secret.h"

namespace titip::gateway {
namespace {

using R = Reading;
using F = FrontConfig;

constexpr std::int64_t second = 1'000;
constexpr std::int64_t hour = 3600 * second;
constexpr std::int64_t gib = 1 << 30;
constexpr std::size_t key_bytes = 64U << 10U;
constexpr std::size_t certificates_bytes = 1U << 20U;

// While the tables are read these hold the files' names; then what stands in the files.
constexpr std::array<Key<http::TlsMaterial>, 3> tls_keys{{
    {"certificate_file", "PEM: the listener's certificate, then those up to the authority",
     [](const R& r, http::TlsMaterial& c) { c.certificates = r.text(); }},
    {"key_file", "PEM: its key, without a passphrase; mode 0600",
     [](const R& r, http::TlsMaterial& c) { c.key = r.text(); }},
    {"client_authorities_file", "PEM: who signs the certificates of clinics; without it none is asked for",
     [](const R& r, http::TlsMaterial& c) { c.client_authorities = r.text(); }},
}};

using A = front::AdmissionOptions;

void read_networks(const R& r, A& admission) {
  if (r.describes()) {
    const auto each = r.each();
    each.describe("a network: 10.20.0.0/16, 2001:db8::/32, or one address");
    static_cast<void>(each.text());
    return;
  }
  if (!r.value().is_array()) return r.fail("must be a list of networks");
  for (std::size_t at = 0; at < r.value().size() && !r.failed(); ++at) {
    const auto text = r.at(at).text();
    auto network = http::Network::parse(text);
    if (!network) return r.at(at).fail(network.error());
    admission.networks.push_back(*network);
  }
}

constexpr std::array<Key<A>, 5> admission_keys{{
    {"networks", "who calls from here is let in by the code alone", read_networks},
    {"api_keys", "its API key (X-Api-Key) lets a facility in: titip facility key",
     [](const R& r, A& c) { c.api_keys = r.flag(); }},
    {"certificate_domain", "a client's certificate with the DNS name CODE.this lets facility CODE in",
     [](const R& r, A& c) { c.certificate_domain = r.text(); }},
    {"failures_per_second", "of one address with one code; more are not looked at; 0: any number",
     [](const R& r, A& c) { c.failures.per_second = r.integer<std::uint32_t>(0, 1'000); }},
    {"failures_burst", "so many at once after a pause",
     [](const R& r, A& c) { c.failures.burst = r.integer<std::uint32_t>(1, 10'000); }},
}};

constexpr std::array<Key<F>, 25> front_keys{{
    {"address", "IP address to listen on", [](const R& r, F& c) { c.listen.address = r.text(); }},
    {"port", "TCP port; 0 takes a free one",
     [](const R& r, F& c) { c.listen.port = r.integer<std::uint16_t>(0, 65'535); }},
    {"loops", "threads that serve clinics", [](const R& r, F& c) { c.loops = r.integer<std::uint32_t>(1, 64); }},
    {"answer_within_ms",
     "a submission not stored within this is refused with 503, and for so long the national answer is waited for; less "
     "than clinics' programs wait (3 s)",
     [](const R& r, F& c) { c.answer_within = r.milliseconds(100, 60 * second); }},
    {"reads_within_ms", "a read the national server has not answered within this is answered stale, or as unavailable",
     [](const R& r, F& c) { c.reads_within = r.milliseconds(100, 60 * second); }},
    {"cache_bytes", "answers to reads kept in memory, of each loop and destination",
     [](const R& r, F& c) { c.cache_bytes = r.integer<std::uint64_t>(0, 1 << 30); }},
    {"waiting_answers",
     "clinics that may wait for the national answer at once, per loop; others are answered from custody; 0: all are",
     [](const R& r, F& c) { c.waiting_answers = r.integer<std::size_t>(0, 1'000'000); }},
    {"connections", "open connections per loop; more are closed at once",
     [](const R& r, F& c) { c.limits.connections = r.integer<std::size_t>(1, 1'000'000); }},
    {"connections_per_address", "of these, open from one address, over all loops; what stands behind a proxy has one",
     [](const R& r, F& c) { c.limits.connections_per_address = r.integer<std::size_t>(1, 1'000'000); }},
    {"in_flight_bytes", "bodies and answers in memory, over all loops; more bodies are refused with 503",
     [](const R& r, F& c) { c.limits.in_flight_bytes = r.integer<std::uint64_t>(1 << 20, 64 * gib); }},
    {"facility_requests_per_second", "of one facility; more are answered 429; 0: any number",
     [](const R& r, F& c) { c.facility_rate.per_second = r.integer<std::uint32_t>(0, 1'000'000); }},
    {"facility_burst", "so many of one facility at once after a pause",
     [](const R& r, F& c) { c.facility_rate.burst = r.integer<std::uint32_t>(1, 1'000'000); }},
    {"facility_pending",
     "records of one facility that may be pending; more are answered 429 until some are settled; 0: any number; a "
     "facility may have another limit",
     [](const R& r, F& c) { c.facility_pending = r.integer<std::uint64_t>(0, storage::most_pending_of_a_facility); }},
    {"body_bytes_per_second", "a body that comes slower is refused; 0: any pace",
     [](const R& r, F& c) { c.limits.body_rate = r.integer<std::uint32_t>(0, 1 << 20); }},
    {"body_grace_ms", "but not before this", [](const R& r, F& c) { c.limits.body_grace = r.milliseconds(100, hour); }},
    {"body_bytes", "largest body of any request",
     [](const R& r, F& c) { c.limits.body_bytes = r.integer<std::uint64_t>(1, 64 << 20); }},
    {"header_bytes", "largest request header",
     [](const R& r, F& c) { c.limits.guard.header_bytes = r.integer<std::size_t>(512, 1 << 20); }},
    {"tls", "certificate and key of the listener; without it: plain HTTP",
     [](const R& r, F& c) { read_object<http::TlsMaterial>(r, tls_keys, c.tls.emplace()); }},
    {"plain_http", "others may reach the listener without TLS: a proxy in front of it does that",
     [](const R& r, F& c) { c.plain_http = r.flag(); }},
    {"admission", "what proves a facility where the protocol has its code alone; without it nothing need",
     [](const R& r, F& c) { read_object<A>(r, admission_keys, c.admission.emplace()); }},
    {"handshake_deadline_ms", "TLS must have been agreed upon within",
     [](const R& r, F& c) { c.limits.handshake_deadline = r.milliseconds(100, hour); }},
    {"idle_ms", "a connection without a request is closed after",
     [](const R& r, F& c) { c.limits.idle = r.milliseconds(100, hour); }},
    {"header_deadline_ms", "a header must have arrived within",
     [](const R& r, F& c) { c.limits.header_deadline = r.milliseconds(100, hour); }},
    {"body_deadline_ms", "a body must have arrived within",
     [](const R& r, F& c) { c.limits.body_deadline = r.milliseconds(100, hour); }},
    {"write_deadline_ms", "an answer must have been taken within",
     [](const R& r, F& c) { c.limits.write_deadline = r.milliseconds(100, hour); }},
}};

void take_file(const R& at, const std::filesystem::path& path, std::string& into) {
  auto text = read_public_file(path, certificates_bytes);
  if (!text) return at.fail(text.error());
  into = std::move(*text);
}

void read_tls_files(const R& r, const std::filesystem::path& directory, http::TlsMaterial& tls) {
  if (tls.certificates.empty() || tls.key.empty()) return r.fail("needs a \"certificate_file\" and a \"key_file\"");
  take_file(r.at("certificate_file"), directory / tls.certificates, tls.certificates);
  if (!tls.client_authorities.empty())
    take_file(r.at("client_authorities_file"), directory / tls.client_authorities, tls.client_authorities);
  auto key = read_private_file(directory / tls.key, key_bytes);
  if (!key) return r.at("key_file").fail(key.error());
  tls.key = std::move(*key);
  if (r.failed()) return;
  http::Tls tried;
  if (const auto used = tried.use(tls); !used) r.fail(used.error());
}

}  // namespace

void read_front(const R& r, Config& config) {
  auto& front = config.front;
  read_object<F>(r, front_keys, front);
  if (r.failed() || r.describes()) return;
  if (front.tls) read_tls_files(r.at("tls"), config.directory, *front.tls);
  if (!front.admission || r.failed()) return;
  const auto& [networks, api_keys, domain, failures] = *front.admission;
  const auto at = r.at("admission");
  if (networks.empty() && !api_keys && domain.empty())
    return at.fail("lets nobody in: say \"api_keys\": true, \"networks\" or \"certificate_domain\"");
  if (!networks.empty() && front.plain_http)
    at.at("networks").fail("say nothing behind a proxy (\"plain_http\"): everybody comes from its address there");
  if (!domain.empty() && (!front.tls || front.tls->client_authorities.empty()))
    at.at("certificate_domain").fail("needs \"tls\" with \"client_authorities_file\": who signs those certificates");
}

}  // namespace titip::gateway
