// One destination put together on its loop: transport, upstream, dispatcher, and the door for reads. Private to the
// root.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <random>
#include <string>

#include "gateway/admin/gates.h"
#include "gateway/clock/clock.h"
#include "gateway/config.h"
#include "gateway/delivery/dispatcher.h"
#include "gateway/intake/intake.h"
#include "gateway/runtime.h"
#include "metrics/catalogue.h"
#include "upstream/client/read_door.h"

namespace titip::gateway {

struct DestinationParts {
  storage::Store& store;
  const storage::Sealer& sealer;
  const storage::Facilities& facilities;
  const clock::Clock& clock;
  metrics::Registry& registry;
  const metrics::CallbackProbes& callbacks;
  std::uint64_t most_callbacks;  // of one facility
  std::size_t log_ins_at_once;
};

class Destination {
 public:
  Destination(DestinationConfig config, profile::Profile profile, DestinationParts parts);

  void start();
  void begin_stop();                                    // sends nothing new
  bool has_stopped() const { return stopped_.load(); }  // nothing is in flight
  void abandon();                                       // ends what is in flight: unknown
  void join() { loop_.stop(); }

  const std::string& name() const { return config_.name; }
  // Sends a second at present, and how much of them deadlines may take. Any thread.
  double sends_per_second() const { return dispatcher_.sends_per_second(); }
  double deadline_share() const { return config_.permits.shares.deadline_at_most; }
  const profile::Profile& profile() const { return profile_; }
  const metrics::DestinationProbes& probes() const { return probes_; }
  metrics::QueueProbes& queue() { return queue_; }
  client::ReadDoor& reads() { return reads_; }
  const Loop& loop() const { return loop_; }
  void credentials_renewed(std::string facility);                                      // any thread
  void authorization_accepted(std::string facility, scheme::Credentials credentials);  // any thread
  // Shut with a reason, or open; before start() or while it runs, any thread.
  void gate(std::optional<admin::Gate> gate);
  std::optional<admin::Gate> gate() const;
  void gate_facility(const std::string& facility, std::optional<admin::Gate> gate);
  std::map<std::string, admin::Gate> gated_facilities() const;
  // Whether what is accepted now for this facility may be sent at once; any thread.
  intake::Standing standing(std::string_view facility) const;
  // The drain: as it stood a few seconds ago, or at its last change; any thread. Told on `home`.
  std::optional<delivery::Drain> drain() const;
  void order_drain(delivery::DrainOrder order, storage::Home& home, storage::Done<delivery::DrainAnswer> done);
  double configured_pace() const { return config_.permits.pace.per_second; }

 private:
  void sign_health_read(client::OutboundRequest& request);
  void surged(const std::optional<std::string>& facility, const words::Said& reason);
  void keep_gate(std::string kind, std::string name, std::string bytes);

  DestinationConfig config_;
  profile::Profile profile_;
  storage::Store& store_;
  const storage::Facilities& facilities_;
  const clock::Clock& clock_;
  Loop loop_;
  metrics::DestinationProbes probes_;
  metrics::QueueProbes queue_;
  std::mt19937_64 random_;
  std::unique_ptr<client::Transport> transport_;
  std::optional<delivery::LetIn> health_carried_;  // by the last health read; the loop's
  client::Upstream upstream_;
  client::ReadDoor reads_;
  delivery::Dispatcher dispatcher_;
  std::atomic<bool> stopped_{false};
  mutable std::mutex gate_mutex_;
  std::optional<admin::Gate> gate_;
  std::map<std::string, admin::Gate, std::less<>> gated_facilities_;
  std::optional<delivery::Drain> drain_;  // under the same mutex
};

}  // namespace titip::gateway
