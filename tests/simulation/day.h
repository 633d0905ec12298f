// One simulated day and the night after it, from one seed: weather, clinics, officers, deaths of the gateway at any
// step, a store that is busy, a restore; and then peace, in which the backlog must come home. One thread.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "tests/simulation/clinics.h"
#include "tests/simulation/officers.h"

namespace titip::simulation {

struct DayOptions {
  std::uint64_t seed = 0;
  Control control = Control::none;
  bool tracing = false;
  bool talking = false;  // what the gateway logs is shown
};

struct DayCounts {
  std::uint64_t simulated_ms = 0;
  std::uint64_t submissions = 0;
  std::uint64_t crashes = 0;
  std::uint64_t unknown = 0;
  std::uint64_t probes = 0;
  std::uint64_t writes = 0;

  void add(const DayCounts& more) {
    simulated_ms += more.simulated_ms;
    submissions += more.submissions;
    crashes += more.crashes;
    unknown += more.unknown;
    probes += more.probes;
    writes += more.writes;
  }
};

struct DayResult : DayCounts {
  std::string promise;  // that was broken; empty: none
  std::string words;
  std::uint64_t steps = 0;
  std::vector<std::size_t> moves;
  std::vector<std::string> trace;
};

class Day {
 public:
  Day(DayOptions options, const storage::Sealer& sealer);
  DayResult run();

 private:
  void plan_deaths();
  void plan_store_trouble();
  void plan_bad_writes();
  void plan_served_time();
  void plan_lockouts();
  void plan_gates();
  void plan_restore();
  void plan_officers();
  void come_up_later();
  void crash();
  void run_until(milliseconds time);
  void run_now();
  void bring_home();
  milliseconds any_time(milliseconds until);
  milliseconds since_start() const;

  const DayOptions options_;
  const storage::Sealer& sealer_;
  tests::FakeClock clock_;
  const clock::SteadyTime started_;
  sampler::Random random_;
  milliseconds last_fault_;
  Findings findings_;
  Agenda agenda_;
  const bool repeats_people_;
  const std::optional<milliseconds> maximum_age_;
  Records records_;
  National national_;
  Stage stage_;
  Clinics clinics_;
  Officers officers_;
  std::shared_ptr<storage::MemoryKv> backup_;
  std::optional<std::uint32_t> steps_to_live_;
  std::uint64_t crashes_ = 0;
  std::uint64_t steps_ = 0;
};

}  // namespace titip::simulation
