// Delivery of one destination: peeks due records lane by lane, opens an attempt durably, sends, classifies, settles;
// asks after what is unknown. The one place where storage and upstream meet. Which record, when, and what becomes of it
// is decided by pure rules (lanes, logins, late_apply, settle); this file only carries things between the doors.
// Threads: everything on the destination's loop.
// Invariant: a record is sent only under an open mark that is on stable storage, and at most one attempt of it is open;
// and only while a lease is held, whose epoch the mark and what came of it carry.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "gateway/clock/clock.h"
#include "gateway/delivery/lanes.h"
#include "gateway/delivery/late_apply.h"
#include "gateway/delivery/logins.h"
#include "gateway/delivery/settle.h"
#include "metrics/catalogue.h"
#include "storage/facilities.h"
#include "storage/payload.h"
#include "storage/sealing.h"
#include "storage/store.h"
#include "upstream/client/upstream.h"
#include "upstream/profile/profile.h"

namespace titip::delivery {

struct DispatcherOptions {
  std::string destination;
  SettlePolicy settle;
  LoginOptions login;
};

struct DispatcherDoors {
  const profile::Profile& profile;
  const storage::Facilities& facilities;
  storage::Store& store;
  storage::Home& home;  // the loop this dispatcher runs on
  const storage::Sealer& sealer;
  client::Upstream& upstream;
  const clock::Clock& clock;
  clock::Timers& timers;
  std::function<double()> uniform;  // [0, 1)
  const metrics::DestinationProbes& probes;
};

class Dispatcher {
 public:
  Dispatcher(DispatcherOptions options, DispatcherDoors doors);
  ~Dispatcher();

  void start();
  // Sends nothing new; what is in flight may still end. `done` runs when nothing is active any more.
  void stop(std::move_only_function<void()> done);
  // A log-in of this facility was accepted by the server: a pause for refused credentials ends.
  void credentials_renewed(const std::string& facility);
  // Behind a gate no new attempt starts: no record changes its state, what is in flight ends, unknown ones are asked
  // after as ever. The reason is for the log; whoever sets the gate keeps it.
  void gate(bool shut, std::string_view reason);

  std::size_t active() const { return active_.size(); }

 private:
  struct Work;  // one record being sent or asked about
  using WorkPtr = std::shared_ptr<Work>;

  // looking for work
  void claim();
  void lost_lease();
  void learn_lanes();
  void pump();
  void look();
  void arm_timer();
  std::size_t room() const;
  bool may_fetch() const { return lease_ && !fetching_ && !store_waits_ && room() > 0; }
  bool can_send(const storage::Lane& lane) const;
  bool is_open(const storage::Lane& lane);
  void fetch(std::size_t room);
  void fetched(const std::vector<Lanes::Chosen>& chosen, const std::vector<std::size_t>& limits, std::size_t room,
               std::vector<storage::DueBatch> batches);
  WorkPtr take(storage::Due due);
  void release(const WorkPtr& work, bool wake_lane);
  void release_for_later(const WorkPtr& work);
  void wait_for_store();
  void could_not_fetch(storage::Error error);

  // sending
  void open(const WorkPtr& work);
  void opened(const WorkPtr& work, storage::Result<std::vector<storage::Changed>> changed);
  bool prepare(const WorkPtr& work);
  void send(const WorkPtr& work);
  void not_sent(const WorkPtr& work);
  void sent(const WorkPtr& work, const rules::Exchange& exchange, const rules::Classified& classified);
  void note_standing(const WorkPtr& work, rules::OutcomeKind outcome);

  // asking
  void ask(const WorkPtr& work);
  void ask_later(const WorkPtr& work, std::chrono::milliseconds wait);
  void asked(const WorkPtr& work, bool may_decide, const rules::Exchange& exchange);

  // settling
  AttemptEnd end_of(const WorkPtr& work) const;
  void settle(const WorkPtr& work, storage::Settlement settlement, const std::string& words, const rules::Reply* reply);
  void leave_alone(const WorkPtr& work, bool stays_in_index);
  void store_settlement(const WorkPtr& work, storage::Settlement settlement);
  void settled(const WorkPtr& work, const storage::Settlement& settlement,
               storage::Result<std::vector<storage::Changed>> changed);
  void hold(const WorkPtr& work, storage::HoldReason reason);
  void give_up_asking(const WorkPtr& work);
  void move(const WorkPtr& work, storage::Event event, storage::HoldReason reason);

  // logging in
  void log_in(const std::string& facility);
  void send_login(const std::string& facility, const std::string& username, const std::string& password);

  DispatcherOptions options_;
  DispatcherDoors doors_;
  Lanes lanes_;
  Logins logins_;
  LateApply late_apply_;
  std::unordered_map<storage::SubmissionId, WorkPtr, storage::SubmissionIdHash> active_;
  std::map<storage::Lane, std::size_t> active_in_lane_;
  // Records whose entries are damaged: left alone until the next start, so that they hold nobody else up.
  std::unordered_map<storage::SubmissionId, bool, storage::SubmissionIdHash> left_alone_;  // whether it is in the index
  std::optional<storage::Lease> lease_;  // without one nothing is looked for
  std::size_t lanes_at_once_;
  bool gated_ = false;
  bool fetching_ = false;
  bool store_waits_ = false;  // it took no change a moment ago
  // Let go of while a peek was under way: the peek may still show them as they were.
  std::unordered_set<storage::SubmissionId, storage::SubmissionIdHash> let_go_meanwhile_;
  bool pumping_ = false;
  bool pump_again_ = false;
  bool stopping_ = false;
  std::move_only_function<void()> stopped_;
  std::optional<clock::Timers::Id> timer_;
};

}  // namespace titip::delivery
