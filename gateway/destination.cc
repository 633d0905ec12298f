#include "gateway/destination.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "gateway/clock/local_date.h"
#include "gateway/delivery/outbound.h"

namespace titip::gateway {
namespace {

delivery::DispatcherOptions dispatcher_options(const DestinationConfig& config, std::uint64_t most_callbacks) {
  return {config.name,  config.settle,    config.login,         config.permits,
          config.surge, config.fresh_age, config.deadline_near, most_callbacks};
}

// The breaker must outwait the calls that were under way when it tripped.
client::UpstreamOptions upstream_options(const DestinationConfig& config) {
  auto options = config.upstream;
  const auto& transport = config.transport;
  // To a socket, through a proxy, into TLS: each has the time that connecting has.
  const auto connecting = transport.connect_timeout * (1 + (transport.proxy ? 1 : 0) + (transport.base.tls ? 1 : 0));
  const auto longest_call =
      transport.resolve_timeout + connecting + transport.write_timeout + transport.response_timeout;
  options.breaker.late_calls_max = std::max(options.breaker.late_calls_max, longest_call + std::chrono::seconds(1));
  options.longest_answer = transport.response_timeout;
  return options;
}

std::function<double()> uniform(std::mt19937_64& random) {
  return [&random] { return std::uniform_real_distribution<double>(0, 1)(random); };
}

}  // namespace

Destination::Destination(DestinationConfig config, profile::Profile profile, DestinationParts parts)
    : config_(std::move(config)),
      profile_(std::move(profile)),
      store_(parts.store),
      facilities_(parts.facilities),
      clock_(parts.clock),
      loop_("deliver-" + config_.name),
      probes_(parts.registry, config_.name),
      queue_(parts.registry, config_.name),
      random_(std::random_device{}()),
      transport_(client::make_http_transport(loop_.context(), config_.transport)),
      upstream_(profile_, upstream_options(config_),
                {*transport_, [&clock = parts.clock] { return clock.steady(); },
                 [&clock = parts.clock] { return clock.wall(); }, uniform(random_), probes_,
                 [this](auto& request) { sign_health_read(request); },
                 [this] {
                   if (health_carried_) dispatcher_.health_read_refused(*health_carried_);
                 }}),
      reads_(
          upstream_, [this](auto work) { loop_.post(std::move(work)); }, parts.log_ins_at_once),
      dispatcher_(
          dispatcher_options(config_, parts.most_callbacks),
          {profile_, parts.facilities, parts.store, loop_, parts.sealer, upstream_, parts.clock, loop_,
           uniform(random_), probes_, [this](const auto& facility, const auto& reason) { surged(facility, reason); },
           [this](const auto& drain) {
             const std::lock_guard lock(gate_mutex_);
             drain_ = drain;
           },
           &parts.callbacks}) {}

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

void Destination::authorization_accepted(std::string facility, scheme::Credentials credentials) {
  loop_.post([this, facility = std::move(facility), credentials = std::move(credentials)] {
    dispatcher_.authorization_accepted(facility, credentials);
  });
}

// As a facility that the server has let in, and with its credentials; else with any facility's secret: whoever has one
// is known to the server, and nothing of that facility is asked for. On the loop.
void Destination::sign_health_read(client::OutboundRequest& request) {
  health_carried_.reset();
  if (profile_.scheme.kind != profile::SchemeKind::bpjs_signature) return;
  const auto& let_in = dispatcher_.health_credentials();
  auto facility = let_in ? facilities_.find(let_in->facility) : nullptr;
  const bool is_theirs = facility != nullptr && !facility->disabled && delivery::can_sign(profile_, *facility);
  if (!is_theirs) facility = facilities_.any_consumer();
  if (facility == nullptr) return;
  if (is_theirs) health_carried_ = let_in;
  const auto credentials = is_theirs ? let_in->credentials : scheme::Credentials{};
  delivery::sign(request, profile_, *facility, credentials, clock_.wall());
}

void Destination::credentials_renewed(std::string facility) {
  loop_.post([this, facility = std::move(facility)] { dispatcher_.credentials_renewed(facility); });
}

void Destination::gate(std::optional<admin::Gate> gate) {
  const bool shut = gate.has_value();
  auto reason = shut ? gate->reason.english() : std::string();  // for the log
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

void Destination::gate_facility(const std::string& facility, std::optional<admin::Gate> gate) {
  const bool shut = gate.has_value();
  auto reason = shut ? gate->reason.english() : std::string();  // for the log
  {
    const std::lock_guard lock(gate_mutex_);
    if (shut) {
      gated_facilities_.insert_or_assign(facility, *std::move(gate));
    } else {
      gated_facilities_.erase(facility);
    }
  }
  loop_.post([this, facility, shut, reason = std::move(reason)] { dispatcher_.gate_facility(facility, shut, reason); });
}

std::map<std::string, admin::Gate> Destination::gated_facilities() const {
  const std::lock_guard lock(gate_mutex_);
  return {gated_facilities_.begin(), gated_facilities_.end()};
}

intake::Standing Destination::standing(std::string_view facility) const {
  const auto health = upstream_.health();
  const bool asked_to_wait = health.asked_to_wait_until && *health.asked_to_wait_until > clock_.wall();
  if (health.state != rules::BreakerState::closed || asked_to_wait) return intake::Standing::down;
  const std::lock_guard lock(gate_mutex_);
  return gate_ || gated_facilities_.contains(facility) ? intake::Standing::gated : intake::Standing::served;
}

std::optional<delivery::Drain> Destination::drain() const {
  const std::lock_guard lock(gate_mutex_);
  return drain_;
}

void Destination::order_drain(delivery::DrainOrder order, storage::Home& home,
                              storage::Done<delivery::DrainAnswer> done) {
  loop_.post([this, order = std::move(order), &home, done = std::move(done)]() mutable {
    dispatcher_.order_drain(std::move(order), [&home, done = std::move(done)](delivery::DrainAnswer answer) mutable {
      home.post([done = std::move(done), answer = std::move(answer)]() mutable { done(std::move(answer)); });
    });
  });
}

// On the loop: the dispatcher has shut it already; here it is made to last and to be seen.
void Destination::surged(const std::optional<std::string>& facility, const words::Said& reason) {
  const admin::Gate gate{reason, clock::rfc3339(clock_.wall())};
  auto bytes = admin::encode(gate);
  const std::lock_guard lock(gate_mutex_);
  if (facility) {
    gated_facilities_.insert_or_assign(*facility, gate);
    keep_gate(std::string(admin::facility_kind), admin::facility_gate_name(config_.name, *facility), std::move(bytes));
  } else {
    gate_ = gate;
    keep_gate(std::string(admin::gate_kind), config_.name, std::move(bytes));
  }
}

// A store that takes nothing now is asked again: until then the gate holds for as long as this process does.
void Destination::keep_gate(std::string kind, std::string name, std::string bytes) {
  std::vector<storage::PutObject> puts{{kind, name, std::nullopt, bytes}};
  store_.put_objects(std::move(puts), loop_,
                     [this, kind = std::move(kind), name = std::move(name),
                      bytes = std::move(bytes)](const storage::Result<std::vector<storage::Applied>>& applied) {
                       if (applied || stopped_) return;
                       loop_.after(std::chrono::seconds(1),
                                   [this, kind, name, bytes] { keep_gate(kind, name, bytes); });
                     });
}

}  // namespace titip::gateway
