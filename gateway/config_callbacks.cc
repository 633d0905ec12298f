// How facilities are told by their callbacks: what holds for all of them. Where each is told stands with the facility.
#include <array>

#include "gateway/config_reading.h"

namespace titip::gateway {
namespace {

using R = Reading;
using C = CallbackConfig;

constexpr std::int64_t second = 1'000;
constexpr std::int64_t hour = 3'600 * second;
constexpr std::int64_t day = 24 * hour;

constexpr std::array<Key<C>, 12> callback_keys{{
    {"timeout_ms", words::text("one attempt, from looking up the name to the reply's header"),
     [](const R& r, C& c) { c.transport.timeout = r.milliseconds(100, 5 * 60 * second); }},
    {"private_targets",
     words::text("whether callbacks may lead to this machine and to private networks; without it they may not"),
     [](const R& r, C& c) { c.transport.private_targets = r.flag(); }},
    {"ca_file", words::text("certificates (PEM) to trust beside the system's"),
     [](const R& r, C& c) { c.transport.ca_file = r.text(); }},
    {"in_flight", words::text("callbacks under way at once at most"),
     [](const R& r, C& c) { c.options.hosts.in_flight = r.integer<std::uint32_t>(1, 1'000); }},
    {"unproven", words::text("of these, for hosts that are new or did not answer last"),
     [](const R& r, C& c) { c.options.hosts.unproven = r.integer<std::uint32_t>(1, 1'000); }},
    {"per_host", words::text("for one host at most"),
     [](const R& r, C& c) { c.options.hosts.window.cap = r.integer<std::uint32_t>(1, 1'000); }},
    {"backoff_first_ms", words::text("before the first repetition at most; doubles, with full jitter"),
     [](const R& r, C& c) { c.options.policy.backoff.first = r.milliseconds(1, day); }},
    {"backoff_max_ms", words::text("longest wait"),
     [](const R& r, C& c) { c.options.policy.backoff.max = r.milliseconds(1, day); }},
    {"breaker_pause_ms", words::text("how long a host that does not answer is left alone at first; doubles"),
     [](const R& r, C& c) { c.options.hosts.breaker.open_first = r.milliseconds(10, day); }},
    {"maximum_age_ms", words::text("a callback that is older is given up"),
     [](const R& r, C& c) { c.options.policy.maximum_age = r.milliseconds(second, 30 * day); }},
    {"maximum_attempts", words::text("one that was tried so often is given up"),
     [](const R& r, C& c) { c.options.policy.maximum_attempts = r.integer<std::uint32_t>(1, 1'000); }},
    {"most_waiting", words::text("of one facility may be due; more are left out"),
     [](const R& r, C& c) { c.options.policy.most_due = r.integer<std::uint64_t>(1, 10'000'000); }},
}};

}  // namespace

void read_callbacks(const R& r, Config& config) {
  auto& callbacks = config.callbacks;
  read_object<C>(r, callback_keys, callbacks);
  if (r.failed()) return;
  auto& transport = callbacks.transport;
  if (!transport.ca_file.empty()) transport.ca_file = config.directory / transport.ca_file;
  // So many may look up a name without an answer; those that are known to answer must find one free.
  transport.lookups = callbacks.options.hosts.unproven + 4U;
}

}  // namespace titip::gateway
