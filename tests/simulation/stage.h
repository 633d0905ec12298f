// The whole gateway from intake to the boundary of the upstream client, life after life on one store, in one thread on
// time that stands still until nothing more can happen. Every run of one seed is the same run. One thread.
#pragma once

#include <memory>
#include <set>
#include <string>

#include "gateway/delivery/dispatcher.h"
#include "gateway/intake/intake.h"
#include "storage/queue_store.h"
#include "tests/simulation/sim_store.h"
#include "tests/simulation/wire.h"

namespace titip::simulation {

struct StageOptions {
  std::uint64_t seed = 0;
  Control control = Control::none;
  bool repeats_people = false;  // registrations are repeated, to a server that honours the key
  bool parks_edits = false;     // after an edit of unknown outcome a person must look
  std::optional<milliseconds> maximum_age{};
  std::uint32_t facilities = 10;
  std::size_t marks_ahead = 0;  // though the disk takes no time here
  std::string without_reason;   // facility that has no reason for late entries
};

// Runs in place, so that an answer is judged by what holds when it is found out.
class InPlace final : public storage::Home {
 public:
  void post(std::move_only_function<void()> work) override { work(); }
};

class Stage {
 public:
  Stage(StageOptions options, const tests::FakeClock& clock, Agenda& agenda, National& national, Records& records,
        Findings& findings, const storage::Sealer& sealer);
  ~Stage();

  bool alive() const { return life_ != nullptr; }
  void start();
  void die();
  // The store has met a bad write: the process ends itself in a moment.
  bool must_stop() const { return must_stop_; }
  bool step();  // one step of whatever can happen without time passing
  std::optional<clock::SteadyTime> next() const;

  // A clinic's form; the answer may never come (the gateway dies).
  void submit(Form& form, std::move_only_function<void(intake::Answer)> answer);
  void act(storage::Transition what);
  void erase(const storage::SubmissionId& id);
  // Somebody has read the real numbers of a delivered form.
  void tell_numbers(const Form& form);
  void resume(const std::string& facility);  // "": the destination
  void shut(const std::string& facility);
  void resume_all();
  bool is_gated(const std::string& facility) const { return gated_.contains("") || gated_.contains(facility); }
  // What a facility's clock of served time shows at most (ages.h); the server's standing may have changed.
  Age::Served served(const std::string& facility) const { return clocks_.of(facility); }
  void count_served();
  void renew_login(const std::string& facility);
  SimStore& store();
  WatchedKv& kv() { return *kv_; }

  // Compares all there is: counts, contents, what waits for whom, the store's own invariants.
  void look_at_everything();
  // `until_known`: whoever restores can still ask the lost store how far it had come.
  void restore(const storage::MemoryKv& backup, bool until_known);

  std::uint64_t lives = 0;

 private:
  struct Life;
  static constexpr std::string_view destination = "pcare-vaksin";
  storage::StoreOptions store_options();
  storage::QueueStore& engine();
  void gate(const std::optional<std::string>& facility, bool shut);
  double uniform();
  void look_at_counts();
  void look_at_contents();
  void ask_what_waits();

  StageOptions options_;
  const tests::FakeClock& clock_;
  Agenda& agenda_;
  National& national_;
  Records& records_;
  Findings& findings_;
  const storage::Sealer& sealer_;
  profile::Profile profile_;
  storage::Facilities facilities_;
  std::shared_ptr<WatchedKv> kv_;
  InPlace in_place_;             // outlives whoever answers there
  std::set<std::string> gated_;  // "" is the destination. They outlive the process
  ServedClocks clocks_;
  bool must_stop_ = false;
  sampler::Random random_;
  std::unique_ptr<Life> life_;
};

}  // namespace titip::simulation
