// The gateway without threads, sockets and disk: intake, the store in memory, delivery and a scripted national server,
// in one thread on time that stands still until it is told to pass. Every run with the same calls is the same run.
// Checked at every write that reaches the server: its open mark is durable, and no other write of that person is open.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "gateway/delivery/callbacks.h"
#include "gateway/delivery/dispatcher.h"
#include "gateway/intake/intake.h"
#include "storage/memory_kv.h"
#include "storage/queue_store.h"
#include "tests/gateway/delivery/national_server.h"
#include "tests/gateway/fakes.h"
#include "tests/gateway/faulty_store.h"
#include "tests/gateway/receiver.h"
#include "upstream/client/upstream.h"

namespace titip::tests {

// A store's engine that survives the process, which may be killed: from then on nothing it writes lasts.
class KillableKv final : public storage::MemoryKv {
 public:
  storage::KvResult<void> commit(const storage::KvBatch& batch) override {
    if (killed) return {};
    return MemoryKv::commit(batch);
  }
  storage::KvResult<void> note(std::string_view bytes) override {
    if (killed) return {};
    return MemoryKv::note(bytes);
  }
  bool killed = false;
};

struct WorldOptions {
  WorldOptions();
  delivery::SettlePolicy settle;
  delivery::LoginOptions login;
  client::UpstreamOptions upstream;
  delivery::PermitOptions permits;
  rules::SurgeOptions surge;
  int facilities = 0;                                     // more of them, "F000" and on
  std::function<void(profile::Profile&)> profile;         // changes the shipped one
  std::string credentials{};                              // of the clinics, as the front hands them on
  std::optional<delivery::CallbacksOptions> callbacks{};  // none: nobody sends them
  delivery::MarksAheadOptions marks_ahead{};
};

struct Dose {
  std::string nik = "3300000000000001";
  std::string batch = "B1";  // tells effects apart
  int number = 1;
  std::string date = "2021-08-16";
  std::string more{};  // JSON members, with a comma in front
  std::string text() const;
};

class World {
 public:
  explicit World(WorldOptions options = {});
  ~World();

  // Taken in custody; the dispatcher may be at work meanwhile.
  storage::SubmissionId accept(const Dose& dose, std::string_view route = "vaksin/simpan",
                               std::string_view facility = "0905R002");
  void clinics_send(std::string credentials) { options_.credentials = std::move(credentials); }
  void start();                               // the dispatcher
  void run();                                 // whatever can happen without time passing
  void pass(std::chrono::milliseconds span);  // lets time pass, timer by timer
  bool step();                                // one step of run(); false: at rest
  void kill();                                // the process is gone, and a new one stands on the same store
  bool pass_until(const std::function<bool()>& holds, std::chrono::milliseconds longest);

  storage::Loaded load(const storage::SubmissionId& id);
  storage::State state(const storage::SubmissionId& id) { return load(id).submission.state; }
  std::vector<storage::Outcome> outcomes(const storage::SubmissionId& id);  // of the timeline
  storage::DestinationCounts counts() const;
  std::size_t writes() const;  // that reached the transport
  std::size_t probes() const;
  std::size_t health_reads() const;
  rules::BreakerState breaker() const { return process_->upstream.state(); }
  client::Health health() const { return process_->upstream.health(); }
  ScriptedTransport& transport() { return process_->transport; }
  ScriptedReceiver& receiver() { return process_->receiver; }
  delivery::Callbacks& callbacks() { return *process_->callbacks; }
  // What needs attention, or any other records of a destination and facility.
  std::vector<storage::Submission> records_of(std::string destination, std::string facility);
  delivery::Dispatcher& dispatcher() { return process_->dispatcher; }
  FaultyStore& store() { return process_->store; }
  client::Upstream& upstream() { return process_->upstream; }
  std::string metrics() { return process_->registry.expose(); }
  const storage::Sealer& sealer() const { return *sealer_; }
  const profile::Profile& profile() const { return profile_; }
  storage::Facilities& facilities() { return facilities_; }
  void change(const storage::Transition& transition);  // by a person
  void put_object(std::string kind, std::string name, std::string bytes);
  delivery::DrainAnswer order_drain(delivery::DrainOrder order);  // told when it is on stable storage
  std::optional<delivery::Drain> drain();                         // as it was written down
  std::vector<delivery::Outage> outages();                        // that were written down, oldest first
  // Damages what the store keeps of this record's line of records, and mends it again.
  struct Damaged {
    std::string key;
    std::string was;
  };
  Damaged damage_head(const storage::SubmissionId& id);
  void heal_head(const Damaged& damaged);

  NationalServer server;
  FakeClock clock;
  std::size_t timers_run = 0;
  std::vector<std::string> surged;              // facilities, or "all of them"
  std::vector<std::string> gone;                // facilities whose receiver is
  std::optional<delivery::Drain> drain_stands;  // as the dispatcher last showed it

 private:
  struct Process {
    explicit Process(World& world);
    FakeHome home;
    FakeTimers timers;
    metrics::Registry registry;
    metrics::DestinationProbes probes;
    metrics::IntakeProbes intake_probes;
    metrics::CallbackProbes callback_probes;
    std::unique_ptr<storage::QueueStore> engine;
    FaultyStore store;
    ScriptedTransport transport;
    client::Upstream upstream;
    intake::Intake intake;
    delivery::Dispatcher dispatcher;
    ScriptedReceiver receiver;
    std::optional<delivery::Callbacks> callbacks;
  };
  storage::StoreOptions store_options();
  void check_write(const client::OutboundRequest& request);

  WorldOptions options_;
  profile::Profile profile_;
  storage::Facilities facilities_;
  TestSealer sealer_;
  std::shared_ptr<KillableKv> kv_ = std::make_shared<KillableKv>();
  std::unique_ptr<Process> process_;
};

// The number of a person who does not exist.
std::string person(int number);
std::uint64_t in_state(const World& world, storage::State state);

}  // namespace titip::tests
