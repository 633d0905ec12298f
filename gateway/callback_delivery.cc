#include "gateway/callback_delivery.h"

#include <utility>
#include <vector>

#include "gateway/clock/local_date.h"
#include "gateway/reads/status.h"

namespace titip::gateway {

using storage::callback_destination;

CallbackDelivery::CallbackDelivery(const CallbackConfig& config, Parts parts)
    : store_(parts.store),
      clock_(parts.clock),
      probes_(parts.registry),
      door_(client::make_callback_transport(loop_.context(), config.transport)) {
  if (!door_) return;
  callbacks_.emplace(
      config.options,
      delivery::CallbacksDoors{
          parts.facilities, parts.store, loop_, parts.sealer, **door_, parts.clock, loop_,
          [this] { return std::uniform_real_distribution<double>(0, 1)(random_); }, probes_,
          [this](const std::string& facility, const words::Said& reason) { receiver_gone(facility, reason); }});
}

std::expected<std::unique_ptr<CallbackDelivery>, std::string> CallbackDelivery::make(const CallbackConfig& config,
                                                                                     Parts parts) {
  std::unique_ptr<CallbackDelivery> made(new CallbackDelivery(config, parts));
  if (!made->door_) return std::unexpected(made->door_.error());
  return made;
}

void CallbackDelivery::start() {
  loop_.post([this] { callbacks_->start(); });
  loop_.start();
}

void CallbackDelivery::begin_stop() {
  loop_.post([this] { callbacks_->stop([this] { stopped_ = true; }); });
}

void CallbackDelivery::abandon() {
  loop_.post([this] { (*door_)->close(); });
}

void CallbackDelivery::gate(std::optional<admin::Gate> gate) {
  const bool shut = gate.has_value();
  {
    const std::lock_guard lock(gate_mutex_);
    gate_ = std::move(gate);
  }
  loop_.post([this, shut] { callbacks_->gate(shut); });
}

std::optional<admin::Gate> CallbackDelivery::gate() const {
  const std::lock_guard lock(gate_mutex_);
  return gate_;
}

void CallbackDelivery::gate_facility(const std::string& facility, std::optional<admin::Gate> gate) {
  const bool shut = gate.has_value();
  {
    const std::lock_guard lock(gate_mutex_);
    if (shut) {
      gated_facilities_.insert_or_assign(facility, *std::move(gate));
    } else {
      gated_facilities_.erase(facility);
    }
  }
  loop_.post([this, facility, shut] { callbacks_->gate_facility(facility, shut); });
}

std::map<std::string, admin::Gate> CallbackDelivery::gated_facilities() const {
  const std::lock_guard lock(gate_mutex_);
  return gated_facilities_;
}

// On the loop: the dispatcher has shut it already; here it is made to last and to be seen.
void CallbackDelivery::receiver_gone(const std::string& facility, const words::Said& reason) {
  const admin::Gate gate{reason, clock::rfc3339(clock_.wall())};
  {
    const std::lock_guard lock(gate_mutex_);
    gated_facilities_.insert_or_assign(facility, gate);
  }
  keep_gate(admin::facility_gate_name(std::string(callback_destination), facility), admin::encode(gate));
}

// A store that takes nothing now is asked again: until then the gate holds for as long as this process does.
void CallbackDelivery::keep_gate(std::string name, std::string bytes) {
  std::vector<storage::PutObject> puts{{std::string(admin::facility_kind), name, std::nullopt, bytes}};
  store_.put_objects(std::move(puts), loop_,
                     [this, name = std::move(name),
                      bytes = std::move(bytes)](const storage::Result<std::vector<storage::Applied>>& applied) {
                       if (applied || stopped_) return;
                       loop_.after(std::chrono::seconds(1), [this, name, bytes] { keep_gate(name, bytes); });
                     });
}

void CallbackDelivery::show(const storage::Counts& counts) const {
  const auto found = counts.destinations.find(callback_destination);
  const auto& each = found != counts.destinations.end() ? found->second : storage::DestinationCounts{};
  probes_.waiting.set(static_cast<double>(reads::pending(each)));
  const auto& pending = each.pending_by_minute;
  const std::chrono::seconds oldest = std::chrono::minutes(pending.empty() ? 0 : pending.begin()->first);
  probes_.oldest.set(static_cast<double>(oldest.count()));
}

}  // namespace titip::gateway
