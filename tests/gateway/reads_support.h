// What tests of reads and of the front share: one destination's upstream over a scripted transport, its door for reads,
// workers that work when they are told to.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "gateway/reads/destination_reads.h"
#include "metrics/catalogue.h"
#include "tests/gateway/fakes.h"
#include "tests/gateway/faulty_store.h"
#include "tests/upstream/shipped_profile.h"
#include "upstream/client/read_door.h"

namespace titip::tests {

class ReadsWorld {
 public:
  static constexpr std::size_t log_ins_at_once = 3;

  explicit ReadsWorld(profile::Profile of = pcare_vaksin())
      : profile(std::move(of)),
        store(*(engine = open())),
        upstream(profile, {},
                 {transport, [this] { return clock.steady(); }, [this] { return clock.wall(); }, [] { return 0.5; },
                  destination_probes}),
        door(upstream, [this](auto work) { home.post(std::move(work)); }, log_ins_at_once) {}

  reads::PassThroughDoors pass_through_doors() {
    return {profile, door,  [this](auto work) { home.post(std::move(work)); }, std::chrono::hours(7), read_probes,
            clock,   timers};
  }
  reads::CachedDoors cached_doors() { return {pass_through_doors(), "pcare-vaksin", store, home, *sealer, clock}; }
  reads::LogInDoors log_in_doors(const reads::LogInTriesOptions& tries = {}) {
    return {pass_through_doors(),
            "pcare-vaksin",
            store,
            home,
            *sealer,
            clock,
            [this](auto work) { workers.post(std::move(work)); },
            [this](const std::string& facility) { renewed.push_back(facility); },
            std::make_shared<reads::LogInTries>(tries, std::chrono::days(30))};
  }

  // Whatever can happen; the workers only if asked for.
  void run(bool with_workers = true) {
    while (engine->pump() || home.run() || transport.run() || (with_workers && workers.run())) {
    }
  }
  void server_goes_down() {
    transport.server = [](const auto&) { return rules::Failure::connect_refused; };
    for (std::uint64_t key = 1; key <= 30 && upstream.state() == rules::BreakerState::closed; ++key) {
      upstream.send_read({"GET", "/referensi/alasan", {}, {}}, {key}, client::Upstream::Asker::somebody,
                         [](const auto&) {});
      run();
    }
    ASSERT_EQ(upstream.state(), rules::BreakerState::open);
  }

  void pass(std::chrono::milliseconds span) {
    clock.advance(span);
    while (timers.run_due()) {
    }
    run();
  }

  const profile::Profile profile;
  FakeClock clock;
  FakeTimers timers{clock};
  FakeHome home;
  FakeHome workers;
  TestSealer sealer;
  metrics::Registry registry;
  metrics::DestinationProbes destination_probes{registry, "pcare-vaksin"};
  metrics::ReadProbes read_probes{registry};
  std::unique_ptr<storage::MemoryStore> engine;
  FaultyStore store;
  ScriptedTransport transport;
  client::Upstream upstream;
  client::ReadDoor door;
  std::vector<std::string> renewed;  // facilities whose log-in the server accepted

 private:
  std::unique_ptr<storage::MemoryStore> open() {
    storage::StoreOptions options;
    options.now = [this] { return clock.wall(); };
    options.steady = [this] { return clock.steady(); };
    options.on_fatal = [](const std::string& why) { ADD_FAILURE() << why; };
    return storage::open_memory_store(std::move(options), storage::Pumping::by_hand);
  }
};

}  // namespace titip::tests
