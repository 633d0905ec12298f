// Delivery of callbacks: the dispatcher of the destination `callback`, whose records the settlements of the others
// made. Its receivers are many and nobody's national service, so it has a breaker and a window for each host, no
// log-ins, no probes and no drain; the queue, the open mark before every send, the lease and the settlement are the
// same as everywhere. What was open when a process ended is simply sent again: a receiver knows it by its webhook-id.
// Threads: everything on its loop. Invariant: a callback is sent only under an open mark that is on stable storage.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <vector>

#include "gateway/clock/clock.h"
#include "gateway/delivery/callback_hosts.h"
#include "gateway/delivery/callback_rules.h"
#include "metrics/callback_probes.h"
#include "metrics/words/said.h"
#include "storage/facilities.h"
#include "storage/sealing.h"
#include "storage/store.h"
#include "upstream/client/callback_door.h"

namespace titip::delivery {

struct CallbacksOptions {
  CallbackPolicy policy{};
  CallbackHostsOptions hosts{};
};

struct CallbacksDoors {
  const storage::Facilities& facilities;
  storage::Store& store;
  storage::Home& home;  // the loop this runs on
  const storage::Sealer& sealer;
  client::CallbackDoor& door;
  const clock::Clock& clock;
  clock::Timers& timers;
  std::function<double()> uniform;  // [0, 1)
  const metrics::CallbackProbes& probes;
  // A receiver said that it is gone, and its facility's gate was shut. Whoever is told makes it durable.
  std::function<void(const std::string& facility, const words::Said& reason)> gone{};
};

class Callbacks {
 public:
  Callbacks(CallbacksOptions options, CallbacksDoors doors);
  ~Callbacks();

  void start();
  // Sends nothing new; `done` runs when nothing is under way any more.
  void stop(std::move_only_function<void()> done);
  // Behind a gate nothing is sent, and callbacks grow old.
  void gate(bool shut);
  void gate_facility(const std::string& facility, bool shut);
  std::size_t active() const { return active_; }

 private:
  struct Work;  // one callback being sent
  using WorkPtr = std::shared_ptr<Work>;
  struct Look;  // one look at a lane, until what it found is under way
  using LookPtr = std::shared_ptr<Look>;

  // callbacks.cc: which lanes to look at, and what to do with what is due
  void claim();
  void learn_lanes();
  void lost_lease();
  std::string host_of(const std::string& facility) const;
  void wake(const std::string& facility);
  void sleep(const std::string& facility, storage::WallTime until);
  void pump();
  void arm_timer();
  void look(CallbackHosts::Turn turn);
  void seen(const LookPtr& look, std::vector<storage::DueBatch> batches);
  void take(const LookPtr& look, storage::Due due);
  void end_unsent(const LookPtr& look, const storage::Submission& record, storage::Event event);
  void step_done(const LookPtr& look);
  void later(const LookPtr& look);
  void show() const;

  // callbacks_send.cc: one callback on its way
  void open(const LookPtr& look, storage::Due due);
  void opened(const LookPtr& look, const WorkPtr& work, storage::Result<std::vector<storage::Changed>> changed);
  void send(const WorkPtr& work);
  void sent(const WorkPtr& work, const rules::Exchange& exchange);
  void ended(const WorkPtr& work, const CallbackAnswer& answer);
  void settle(const WorkPtr& work, storage::Settlement settlement);
  void receiver_is_gone(const std::string& facility);
  void let_go();

  const CallbacksOptions options_;
  const CallbacksDoors doors_;
  CallbackHosts hosts_;
  std::optional<storage::Lease> lease_;
  std::unordered_set<std::string> looked_at_;  // facilities whose lane is being looked at
  std::unordered_set<std::string> again_;      // and has changed meanwhile
  std::set<std::pair<storage::WallTime, std::string>> sleeping_;
  std::unordered_map<std::string, storage::WallTime> sleeps_until_;
  // Damaged in a way the store cannot set apart: not looked at again before the next start.
  std::unordered_set<storage::SubmissionId, storage::SubmissionIdHash> left_alone_;
  std::set<std::string, std::less<>> gated_facilities_;
  bool gated_ = false;
  bool stopping_ = false;
  std::size_t active_ = 0;  // looks and callbacks under way
  std::optional<clock::Timers::Id> timer_;
  std::move_only_function<void()> stopped_;
};

}  // namespace titip::delivery
