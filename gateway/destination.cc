#include "gateway/destination.h"

#include <algorithm>

namespace titip::gateway {
namespace {

delivery::DispatcherOptions dispatcher_options(const DestinationConfig& config) {
  return {config.name, config.settle, config.login, config.permits, config.surge, config.fresh_age};
}

// The breaker must outwait the calls that were under way when it tripped.
client::UpstreamOptions upstream_options(const DestinationConfig& config) {
  auto options = config.upstream;
  const auto& transport = config.transport;
  const auto longest_call =
      transport.resolve_timeout + transport.connect_timeout + transport.write_timeout + transport.response_timeout;
  options.breaker.late_calls_max = std::max(options.breaker.late_calls_max, longest_call + std::chrono::seconds(1));
  return options;
}

std::function<double()> uniform(std::mt19937_64& random) {
  return [&random] { return std::uniform_real_distribution<double>(0, 1)(random); };
}

}  // namespace

Destination::Destination(DestinationConfig config, profile::Profile profile, DestinationParts parts)
    : config_(std::move(config)),
      profile_(std::move(profile)),
      loop_("deliver-" + config_.name),
      probes_(parts.registry, config_.name),
      queue_(parts.registry, config_.name),
      random_(std::random_device{}()),
      transport_(client::make_http_transport(loop_.context(), config_.transport)),
      upstream_(profile_, upstream_options(config_),
                {*transport_, [&clock = parts.clock] { return clock.steady(); },
                 [&clock = parts.clock] { return clock.wall(); }, uniform(random_), probes_}),
      reads_(upstream_, [this](auto work) { loop_.post(std::move(work)); }),
      dispatcher_(dispatcher_options(config_), {profile_, parts.facilities, parts.store, loop_, parts.sealer, upstream_,
                                                parts.clock, loop_, uniform(random_), probes_}) {}

void Destination::start() {
  loop_.post([this] { dispatcher_.start(); });
  loop_.start();
}

void Destination::begin_stop() {
  loop_.post([this] { dispatcher_.stop([this] { stopped_ = true; }); });
}

void Destination::abandon() {
  loop_.post([this] { upstream_.close(); });
}

void Destination::credentials_renewed(std::string facility) {
  loop_.post([this, facility = std::move(facility)] { dispatcher_.credentials_renewed(facility); });
}

void Destination::gate(std::optional<admin::Gate> gate) {
  const bool shut = gate.has_value();
  auto reason = shut ? gate->reason : std::string();
  {
    const std::lock_guard lock(gate_mutex_);
    gate_ = std::move(gate);
  }
  loop_.post([this, shut, reason = std::move(reason)] { dispatcher_.gate(shut, reason); });
}

std::optional<admin::Gate> Destination::gate() const {
  const std::lock_guard lock(gate_mutex_);
  return gate_;
}

}  // namespace titip::gateway
