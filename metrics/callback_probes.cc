#include "metrics/callback_probes.h"

#include <initializer_list>
#include <vector>

#include "metrics/words/said.h"

namespace titip::metrics {
namespace {

constexpr Definition callbacks{"titip_callbacks_total", words::text("Callbacks, by what became of them.")};
constexpr Definition attempts{"titip_callback_attempts_total",
                              words::text("Attempts to deliver a callback, by outcome.")};
constexpr Definition durations{"titip_callback_attempt_duration_seconds",
                               words::text("From calling a receiver to its answer.")};
constexpr Definition limits{
    "titip_callback_limits_met_total",
    words::text("Times callbacks that were due had to wait for a place, by the limit they met.")};
constexpr Definition waiting_callbacks{"titip_callbacks_waiting",
                                       words::text("Callbacks that are not delivered or given up yet.")};
constexpr Definition oldest_callback{"titip_callbacks_oldest_accepted_timestamp_seconds",
                                     words::text("When the oldest callback that waits was made, 0 if none waits.")};
constexpr Definition calls{"titip_callbacks_in_flight", words::text("Callbacks being delivered.")};
constexpr Definition down{"titip_callback_hosts_down",
                          words::text("Hosts of receivers whose circuit breaker is not closed.")};
constexpr Definition gone{
    "titip_callback_receivers_gone",
    words::text("Facilities whose callbacks are shut off: the receiver said 410, or a person did it.")};

const std::vector<double> buckets{0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30};

std::map<std::string, Counter, std::less<>> children(Registry& registry, const Definition& definition,
                                                     const char* label, std::initializer_list<const char*> names) {
  std::map<std::string, Counter, std::less<>> made;
  for (const char* each : names) made.emplace(each, registry.counter(definition, {{label, each}}));
  return made;
}

void add(const std::map<std::string, Counter, std::less<>>& to, std::string_view name, double by) {
  if (const auto found = to.find(name); found != to.end()) found->second.add(by);
}

}  // namespace

CallbackProbes::CallbackProbes(Registry& registry)
    : waiting(registry.gauge(waiting_callbacks, {})),
      oldest(registry.gauge(oldest_callback, {})),
      in_flight(registry.gauge(calls, {})),
      hosts_down(registry.gauge(down, {})),
      receivers_gone(registry.gauge(gone, {})),
      counted_(children(registry, callbacks, "outcome", {"taken", "delivered", "given_up", "cancelled", "left_out"})),
      attempts_(
          children(registry, attempts, "outcome", {"delivered", "deferred", "gone", "address_refused", "not_sent"})),
      limits_(children(registry, limits, "limit", {"in_flight", "unproven"})),
      duration_(registry.histogram(durations, {}, buckets)) {}

void CallbackProbes::counted(std::string_view what, double by) const {
  add(counted_, what, by);
}

void CallbackProbes::attempted(std::string_view outcome, std::chrono::nanoseconds duration) const {
  add(attempts_, outcome, 1);
  duration_.observe(std::chrono::duration<double>(duration).count());
}

void CallbackProbes::met_limit(std::string_view limit) const {
  add(limits_, limit, 1);
}

}  // namespace titip::metrics
