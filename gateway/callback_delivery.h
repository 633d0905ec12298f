// Callbacks put together on their loop: transport, dispatcher, gates. Private to the root.
#pragma once

#include <atomic>
#include <expected>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <random>
#include <string>

#include "gateway/admin/gates.h"
#include "gateway/config.h"
#include "gateway/delivery/callbacks.h"
#include "gateway/runtime.h"
#include "metrics/callback_probes.h"

namespace titip::gateway {

class CallbackDelivery {
 public:
  struct Parts {
    storage::Store& store;
    const storage::Sealer& sealer;
    const storage::Facilities& facilities;
    const clock::Clock& clock;
    metrics::Registry& registry;
  };
  // The error is a sentence: the certificates of the config cannot be used.
  static std::expected<std::unique_ptr<CallbackDelivery>, std::string> make(const CallbackConfig& config, Parts parts);

  void start();
  void begin_stop();
  bool has_stopped() const { return stopped_.load(); }
  void abandon();
  void join() { loop_.stop(); }

  const metrics::CallbackProbes& probes() const { return probes_; }
  const Loop& loop() const { return loop_; }
  // As a destination's (destination.h).
  void gate(std::optional<admin::Gate> gate);
  std::optional<admin::Gate> gate() const;
  void gate_facility(const std::string& facility, std::optional<admin::Gate> gate);
  std::map<std::string, admin::Gate> gated_facilities() const;
  // From the store's counts, at exposition.
  void show(const storage::Counts& counts) const;

 private:
  CallbackDelivery(const CallbackConfig& config, Parts parts);
  void receiver_gone(const std::string& facility, const words::Said& reason);
  void keep_gate(std::string name, std::string bytes);

  storage::Store& store_;
  const clock::Clock& clock_;
  Loop loop_{"callbacks"};
  metrics::CallbackProbes probes_;
  std::mt19937_64 random_{std::random_device{}()};
  std::optional<delivery::Callbacks> callbacks_;  // none: there is no door
  // Goes first: what it still has in hand it gives back to those above.
  std::expected<std::unique_ptr<client::CallbackDoor>, std::string> door_;
  std::atomic<bool> stopped_{false};
  mutable std::mutex gate_mutex_;
  std::optional<admin::Gate> gate_;
  std::map<std::string, admin::Gate> gated_facilities_;
};

}  // namespace titip::gateway
