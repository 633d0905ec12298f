// The listener that clinics use: its limits, who stands before it, who is let in.
#include <array>

#include "gateway/config_reading.h"
#include "metrics/words/said.h"

namespace titip::gateway {
namespace {

using R = Reading;
using F = FrontConfig;
using C = front::CorsOptions;

constexpr std::int64_t second = 1'000;
constexpr std::int64_t hour = 3600 * second;
constexpr std::int64_t gib = 1 << 30;
constexpr std::size_t most_networks = 64;
constexpr std::size_t most_origins = 64;

using A = front::AdmissionOptions;

std::vector<http::Network> read_networks(const R& r) {
  if (r.describes()) {
    const auto each = r.each();
    each.describe(words::tell("a network: 10.20.0.0/16, 2001:db8::/32, or one address"));
    static_cast<void>(each.text());
    return {};
  }
  std::vector<http::Network> read;
  if (!r.value().is_array() || r.value().size() > most_networks) {
    r.fail(words::tell("must be a list of networks, {} at most", most_networks));
    return {};
  }
  for (std::size_t at = 0; at < r.value().size() && !r.failed(); ++at) {
    const auto text = r.at(at).text();
    if (r.failed()) break;
    const auto network = http::Network::parse(text);
    if (network)
      read.push_back(*network);
    else
      r.at(at).fail(network.error());
  }
  return read;
}

void read_trusted(const R& r, F& front) {
  auto& trusted = front.limits.proxies.trusted;
  trusted = read_networks(r);
  for (std::size_t at = 0; at < trusted.size() && !r.failed(); ++at)
    if (trusted[at].is_wide())
      r.at(at).fail(words::tell(
          "is too wide: whoever is in it may say where it comes from. Name the proxies alone (a prefix of 8 at least, "
          "16 for IPv6)"));
}

// One of two words.
bool second_of(const R& r, std::string_view one, std::string_view other) {
  const auto text = r.text();
  if (!r.describes() && !r.failed() && text != one && text != other)
    r.fail(words::tell("must be \"{}\" or \"{}\"", one, other));
  return text == other;
}

constexpr std::array<Key<A>, 5> admission_keys{{
    {"networks", words::text("who calls from here is let in by the code alone"),
     [](const R& r, A& c) { c.networks = read_networks(r); }},
    {"api_keys", words::text("its API key (X-Api-Key) lets a facility in: titip facility key"),
     [](const R& r, A& c) { c.api_keys = r.flag(); }},
    {"certificate_domain", words::text("a client's certificate with the DNS name CODE.this lets facility CODE in"),
     [](const R& r, A& c) { c.certificate_domain = r.text(); }},
    {"failures_per_second", words::text("of one address with one code; more are not looked at; 0: any number"),
     [](const R& r, A& c) { c.failures.per_second = r.integer<std::uint32_t>(0, 1'000); }},
    {"failures_burst", words::text("so many at once after a pause"),
     [](const R& r, A& c) { c.failures.burst = r.integer<std::uint32_t>(1, 10'000); }},
}};

void read_origins(const R& r, C& cors) {
  if (r.describes()) {
    const auto each = r.each();
    each.describe(words::tell("an origin: https://app.example"));
    static_cast<void>(each.text());
    return;
  }
  if (!r.value().is_array() || r.value().empty() || r.value().size() > most_origins)
    return r.fail(words::tell("must be a list of origins, 1 to {}", most_origins));
  for (std::size_t at = 0; at < r.value().size() && !r.failed(); ++at) {
    cors.origins.push_back(r.at(at).text());
    if (const auto fault = front::fault_of_origin(cors.origins.back()); !fault.empty()) r.at(at).fail(fault);
  }
}

constexpr std::array<Key<C>, 3> cors_keys{{
    {"origins", words::text("pages of these, and of no others, may read the answers"), read_origins},
    {"credentials", words::text("they may have the browser show its certificate for the clinic"),
     [](const R& r, C& c) { c.credentials = r.flag(); }},
    {"max_age_s", words::text("for so long a browser need not ask again whether it may"),
     [](const R& r, C& c) { c.max_age_s = r.integer<std::uint32_t>(0, 86'400); }},
}};

void read_cors(const R& r, F& front) {
  C cors;
  read_object<C>(r, cors_keys, cors);
  if (r.describes() || r.failed()) return;
  if (cors.origins.empty()) return r.fail(words::tell("needs \"origins\": which pages may read the answers"));
  front.cors = std::make_shared<const C>(std::move(cors));
}

constexpr std::array<Key<F>, 35> front_keys{{
    {"address", words::text("IP address to listen on"), [](const R& r, F& c) { c.listen.address = r.text(); }},
    {"port", words::text("TCP port; 0 takes a free one"),
     [](const R& r, F& c) { c.listen.port = r.integer<std::uint16_t>(0, 65'535); }},
    {"loops", words::text("threads that serve clinics"),
     [](const R& r, F& c) { c.loops = r.integer<std::uint32_t>(1, 64); }},
    {"answer_within_ms",
     words::text("a submission not stored within this is refused with 503, and for so long the national answer is "
                 "waited for; less "
                 "than clinics' programs wait (3 s)"),
     [](const R& r, F& c) { c.answer_within = r.milliseconds(100, 60 * second); }},
    {"reads_within_ms",
     words::text("a read the national server has not answered within this is answered stale, or as unavailable"),
     [](const R& r, F& c) { c.reads_within = r.milliseconds(100, 60 * second); }},
    {"cache_bytes", words::text("answers to reads kept in memory, of each loop and destination"),
     [](const R& r, F& c) { c.cache_bytes = r.integer<std::uint64_t>(0, 1 << 30); }},
    {"waiting_answers",
     words::text("clinics that may wait for the national answer at once, per loop; others are answered from custody; "
                 "0: all are"),
     [](const R& r, F& c) { c.waiting_answers = r.integer<std::size_t>(0, 1'000'000); }},
    {"connections", words::text("open connections per loop; more are closed at once"),
     [](const R& r, F& c) { c.limits.connections = r.integer<std::size_t>(1, 1'000'000); }},
    {"connections_per_address",
     words::text("of these, open from one address (of IPv6: one /64), over all loops; a trusted proxy's are not "
                 "counted"),
     [](const R& r, F& c) { c.limits.connections_per_address = r.integer<std::size_t>(1, 1'000'000); }},
    {"in_flight_bytes",
     words::text(
         "bodies and answers in memory, over all loops; more bodies are refused with 503, but for those of 4 KiB "
         "and less"),
     [](const R& r, F& c) { c.limits.in_flight_bytes = r.integer<std::uint64_t>(1 << 20, 64 * gib); }},
    {"in_flight_bytes_per_address", words::text("of these, of one address; a trusted proxy's own are not counted"),
     [](const R& r, F& c) { c.limits.in_flight_bytes_per_address = r.integer<std::uint64_t>(1 << 16, 64 * gib); }},
    {"facility_requests_per_second", words::text("of one facility; more are answered 429; 0: any number"),
     [](const R& r, F& c) { c.facility_rate.per_second = r.integer<std::uint32_t>(0, 1'000'000); }},
    {"facility_burst", words::text("so many of one facility at once after a pause"),
     [](const R& r, F& c) { c.facility_rate.burst = r.integer<std::uint32_t>(1, 1'000'000); }},
    {"log_ins_per_second",
     words::text("of one address (of IPv6: of its /64), before anybody knows whose they are; more are answered 429; 0: "
                 "any number"),
     [](const R& r, F& c) { c.log_ins.of_one.per_second = r.integer<std::uint32_t>(0, 100'000); }},
    {"log_ins_burst", words::text("so many of one address at once after a pause"),
     [](const R& r, F& c) { c.log_ins.of_one.burst = r.integer<std::uint32_t>(1, 100'000); }},
    {"shared_log_ins_per_second",
     words::text("the same of an address that stands for many: of a proxy that does not say for whom it asks, or of "
                 "this machine"),
     [](const R& r, F& c) { c.log_ins.of_many.per_second = r.integer<std::uint32_t>(0, 100'000); }},
    {"shared_log_ins_burst", words::text("so many of such an address at once after a pause"),
     [](const R& r, F& c) { c.log_ins.of_many.burst = r.integer<std::uint32_t>(1, 100'000); }},
    {"facility_pending",
     words::text(
         "records of one facility that may be pending; more are answered 429 until some are settled; 0: any number; a "
         "facility may have another limit"),
     [](const R& r, F& c) { c.facility_pending = r.integer<std::uint64_t>(0, storage::most_pending_of_a_facility); }},
    {"body_bytes_per_second", words::text("a body that comes slower is refused; 0: any pace"),
     [](const R& r, F& c) { c.limits.body_rate = r.integer<std::uint32_t>(0, 1 << 20); }},
    {"body_grace_ms", words::text("but not before this"),
     [](const R& r, F& c) { c.limits.body_grace = r.milliseconds(100, hour); }},
    {"body_bytes", words::text("largest body of any request"),
     [](const R& r, F& c) { c.limits.body_bytes = r.integer<std::uint64_t>(1, 64 << 20); }},
    {"header_bytes", words::text("largest request header"),
     [](const R& r, F& c) { c.limits.guard.header_bytes = r.integer<std::size_t>(512, 1 << 20); }},
    {"tls", words::text("certificate and key of the listener; without it: plain HTTP"),
     [](const R& r, F& c) { read_tls(r, c.tls.emplace(), true); }},
    {"plain_http", words::text("others may reach the listener without TLS: a proxy in front of it does that"),
     [](const R& r, F& c) { c.plain_http = r.flag(); }},
    {"trusted_proxies", words::text("proxies whose word about a client's address is believed; nobody else's is"),
     read_trusted},
    {"proxy_protocol",
     words::text("\"required\": each connection begins with the PROXY protocol's header (version 1 or 2), and comes "
                 "from a trusted "
                 "proxy; or \"off\""),
     [](const R& r, F& c) { c.limits.proxies.send_header = second_of(r, "off", "required"); }},
    {"proxy_header_bytes", words::text("largest such header of version 2"),
     [](const R& r, F& c) { c.limits.proxies.header_bytes = r.integer<std::size_t>(232, 65'551); }},
    {"forwarded_field",
     words::text("which field trusted proxies write a client's address into, without the PROXY protocol: "
                 "\"x-forwarded-for\" or "
                 "\"forwarded\"; the other is not looked at"),
     [](const R& r, F& c) {
       if (second_of(r, "x-forwarded-for", "forwarded")) c.limits.proxies.field = http::AddressField::forwarded;
     }},
    {"admission", words::text("what proves a facility where the protocol has its code alone; without it nothing need"),
     [](const R& r, F& c) { read_object<A>(r, admission_keys, c.admission.emplace()); }},
    {"cors", words::text("OPTIONS is answered, and web pages of named origins may read answers; without it none may"),
     read_cors},
    {"handshake_deadline_ms", words::text("TLS must have been agreed upon within"),
     [](const R& r, F& c) { c.limits.handshake_deadline = r.milliseconds(100, hour); }},
    {"idle_ms", words::text("a connection without a request is closed after"),
     [](const R& r, F& c) { c.limits.idle = r.milliseconds(100, hour); }},
    {"header_deadline_ms", words::text("a header must have arrived within"),
     [](const R& r, F& c) { c.limits.header_deadline = r.milliseconds(100, hour); }},
    {"body_deadline_ms", words::text("a body must have arrived within"),
     [](const R& r, F& c) { c.limits.body_deadline = r.milliseconds(100, hour); }},
    {"write_deadline_ms", words::text("an answer must have been taken within"),
     [](const R& r, F& c) { c.limits.write_deadline = r.milliseconds(100, hour); }},
}};

void check_proxies(const R& r, const F& front) {
  const auto& proxies = front.limits.proxies;
  if (proxies.send_header && proxies.trusted.empty())
    r.at("proxy_protocol")
        .fail(words::tell("lets nobody connect without \"trusted_proxies\": only they may send the header"));
}

void check_admission(const R& at, F& front) {
  auto& admission = *front.admission;
  const bool by_network = !admission.networks.empty();
  if (!by_network && !admission.api_keys && admission.certificate_domain.empty())
    return at.fail(words::tell("lets nobody in: say \"api_keys\": true, \"networks\" or \"certificate_domain\""));
  if (by_network && front.plain_http && front.limits.proxies.trusted.empty())
    at.at("networks")
        .fail(words::tell("say nothing behind a proxy (\"plain_http\"): everybody comes from its address there, unless "
                          "\"trusted_proxies\" names it"));
  admission.networks_by_proxy = front.plain_http;
  if (!admission.certificate_domain.empty() && (!front.tls || front.tls->client_authorities.empty()))
    at.at("certificate_domain")
        .fail(words::tell("needs \"tls\" with \"client_authorities_file\": who signs those certificates"));
}

}  // namespace

void read_front(const R& r, Config& config) {
  auto& front = config.front;
  read_object<F>(r, front_keys, front);
  if (r.failed() || r.describes()) return;
  if (front.tls) read_tls_files(r.at("tls"), config.directory, *front.tls);
  check_proxies(r, front);
  front.log_ins.behind_proxy = front.plain_http;
  if (front.admission && !r.failed()) check_admission(r.at("admission"), front);
}

}  // namespace titip::gateway
