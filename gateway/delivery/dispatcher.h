// Delivery of one destination: peeks due records lane by lane, opens an attempt durably, sends, classifies, settles;
// asks after what is unknown. The one place where storage and upstream meet. Which record, when, and what becomes of it
// is decided by pure rules (lanes, logins, late_apply, settle); this file only carries things between the doors.
// Threads: everything on the destination's loop.
// Invariant: a record is sent only under an open mark that is on stable storage, and at most one attempt of it is open;
// and only while a lease is held, whose epoch the mark and what came of it carry.
#pragma once

#include <atomic>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "gateway/clock/clock.h"
#include "gateway/delivery/authorizations.h"
#include "gateway/delivery/drain_order.h"
#include "gateway/delivery/draining.h"
#include "gateway/delivery/lanes.h"
#include "gateway/delivery/last_let_in.h"
#include "gateway/delivery/late_apply.h"
#include "gateway/delivery/logins.h"
#include "gateway/delivery/marks_ahead.h"
#include "gateway/delivery/outages.h"
#include "gateway/delivery/parked.h"
#include "gateway/delivery/permits.h"
#include "gateway/delivery/served_time.h"
#include "gateway/delivery/settle.h"
#include "metrics/callback_probes.h"
#include "metrics/catalogue.h"
#include "metrics/words/said.h"
#include "storage/facilities.h"
#include "storage/payload.h"
#include "storage/sealing.h"
#include "storage/store.h"
#include "upstream/client/upstream.h"
#include "upstream/profile/chains.h"
#include "upstream/profile/profile.h"
#include "upstream/rules/probe.h"
#include "upstream/rules/surge.h"
#include "upstream/rules/throughput.h"
#include "upstream/scheme/bpjs_calls.h"

namespace titip::delivery {

struct DispatcherOptions {
  std::string destination;
  SettlePolicy settle{};
  LoginOptions login{};
  PermitOptions permits{};
  rules::SurgeOptions surge{};
  std::chrono::milliseconds fresh_age{3'600'000};  // accepted since so long: somebody may still be waiting for it
  std::chrono::milliseconds deadline_near{3 * 3'600'000};  // a deadline that is nearer makes its record go first
  std::uint64_t most_callbacks = 10'000;                   // of one facility may be due; more are left out
  MarksAheadOptions marks_ahead{};
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
  // A surge of rejections shut a facility's gate, or (no facility) the destination's. Whoever is told makes it durable.
  std::function<void(const std::optional<std::string>& facility, const words::Said& reason)> surged{};
  // The drain as it stands, at every change of its state and every few seconds; nothing: there is none.
  std::function<void(const std::optional<Drain>&)> drain_stands{};
  // Where it is counted how many callbacks came of it; may be nothing.
  const metrics::CallbackProbes* callbacks = nullptr;
};

// What became of an order. `kept`: it is on stable storage; if not, it holds all the same, and is written again.
struct DrainAnswer {
  std::optional<DrainRefused> refused{};
  std::optional<Drain> drain{};
  bool kept = false;
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
  // The server let a user of this facility in with these, on a read: records that were refused with an older password
  // go with it.
  void authorization_accepted(const std::string& facility, const scheme::Credentials& credentials);
  // Whose credentials a health read carries; nothing: none are known. On the loop.
  const std::optional<LetIn>& health_credentials() const { return last_let_in_.known(); }
  void health_read_refused(const LetIn& carried);
  // Behind a gate no new attempt starts: no record changes its state, what is in flight ends, unknown ones are asked
  // after as ever. The reason is for the log; whoever sets the gate keeps it.
  void gate(bool shut, std::string_view reason);
  // The same for one facility.
  void gate_facility(const std::string& facility, bool shut, std::string_view reason);
  // A drain governs the backlog, which is what was accepted before it began; the rest goes on beside it. `done` runs
  // when the store has taken it.
  void order_drain(DrainOrder order, std::move_only_function<void(DrainAnswer)> done);

  std::size_t active() const { return active_.size(); }
  // Sends a second at present; 0: none, or nothing can be sent. Any thread.
  double sends_per_second() const { return sends_per_second_.load(std::memory_order_relaxed); }

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
  std::chrono::milliseconds until_something_happens() const;
  std::size_t room() const;
  bool may_fetch() const;
  bool can_send(const storage::Lane& lane) const;
  bool is_open(const storage::Lane& lane);
  bool has_secret(const storage::Facility& facility);
  void note_secret(const storage::Facility& facility);
  void note_secrets();
  bool must_go_alone(const storage::Lane& lane) const;
  bool is_gated(const storage::Lane& lane) const { return gated_ || gated_facilities_.contains(lane.facility); }
  struct Fetch;  // what was asked of the store, and for how many places
  struct FetchAsk;
  rules::Waiting waiting() const;
  void fetch(std::size_t room);
  void choose(Fetch& fetch, Ring ring, std::size_t places);
  void ask_due(Fetch& fetch, const Lanes::Chosen& chosen, std::size_t places);
  void ask_fresh(Fetch& fetch, storage::DueQuery query);
  void fetched(Fetch& fetch, std::vector<storage::DueBatch> batches);
  bool take_from(Fetch& fetch, FetchAsk& ask, storage::DueBatch& batch);
  bool is_drained(const storage::Submission& record, Ring ring) const;
  void take_one(Fetch& fetch, Ring ring, storage::Due due);
  void hold_back(const storage::Lane& lane, std::size_t repetitions);
  void permit(const WorkPtr& work, Ring ring, const rules::Waiting& waiting, bool retry);
  void give_back_permit(const WorkPtr& work);
  void wake_held_back();
  WorkPtr take(storage::Due due);
  void put_back(const WorkPtr& work);
  void release(const WorkPtr& work, bool wake_lane);
  void meet_no_more(const WorkPtr& work);
  void pass_over(const WorkPtr& work);
  void not_in_index(const WorkPtr& work);
  std::size_t places_taken() const;
  std::size_t places() const;
  bool has_a_place() const;
  void give_places();
  void release_for_later(const WorkPtr& work);
  void wait_for_store();
  void could_not_fetch(storage::Error error);
  // Asks until the store answers; that something is damaged is an answer.
  template <typename T>
  void until_answered(std::function<void(storage::Done<T>)> ask, std::function<void(storage::Result<T>)> take);
  void read_object(std::string_view kind, std::function<void(storage::Result<std::optional<storage::Object>>)> take);

  // sending
  void open(const WorkPtr& work);
  void opened(const WorkPtr& work, storage::Result<std::vector<storage::Changed>> changed);
  bool prepare(const WorkPtr& work);
  void send(const WorkPtr& work);
  bool sign(client::OutboundRequest& request, const WorkPtr& work) const;
  void not_sent(const WorkPtr& work);
  void sent(const WorkPtr& work, const rules::Exchange& exchange, const rules::Classified& classified);
  void note_standing(const WorkPtr& work, rules::OutcomeKind outcome);
  void note_surge(const std::string& facility, bool rejected);

  // asking
  using Question = std::pair<std::string, std::string>;  // whose, and the target of its first page
  void ask(const WorkPtr& work);
  std::optional<client::OutboundRequest> question_of(const Work& work, std::uint64_t start) const;
  bool join_question(const WorkPtr& work);
  void note_answer(const WorkPtr& asker, const rules::Exchange& exchange);
  void read_page(const Question& question, client::OutboundRequest request);
  void page_read(const Question& question, const rules::Exchange& exchange);
  rules::ProbeResult look_for(const Work& work, const rules::ProbeRead& read) const;
  void ask_later(const WorkPtr& work, std::chrono::milliseconds wait);
  struct Answered;  // a list that was read, for one who waited for it
  void judge(const WorkPtr& work, const Answered& answered);
  void asked(const WorkPtr& work, bool may_decide, const rules::ProbeRead& read, const rules::Exchange& last);

  // twins
  static const profile::Yield* number_that_tells_apart(const profile::Route& route);
  void tell_apart(const WorkPtr& work, Answered answered);
  void told_apart(const WorkPtr& work, const std::vector<std::string>& numbers,
                  const std::vector<storage::Digest>& keys,
                  const std::vector<std::optional<storage::Reference>>& known);
  void give_back_claim(const WorkPtr& work);

  // DELETEs that may mean one in doubt
  static bool may_mean_one_in_doubt(const Work& work);
  void wait_for_those_in_doubt(const WorkPtr& work);
  void put_off(const WorkPtr& work);

  // authorizations
  scheme::Credentials credentials_for(const WorkPtr& work) const;
  bool brings_passwords() const { return doors_.profile.scheme.kind == profile::SchemeKind::bpjs_signature; }
  bool is_paused(const std::string& facility) const;
  std::size_t paused_facilities() const;
  bool looks_for_passwords() const { return brings_passwords() && !parked_.full(); }
  bool parks(const WorkPtr& work);
  bool asks_later(const WorkPtr& work);
  void let_in(const Authorizations::User& user, const scheme::Credentials& credentials);
  void recall_health_credentials();
  void keep_health_credentials();
  void look_at_parked();
  void refused_authorization(const WorkPtr& work);
  void renew(const std::string& facility);
  void forgive(clock::SteadyTime since);
  void hold_if_refused_for_good(const WorkPtr& work, const storage::Changed& changed);
  bool has_another_authorization(const WorkPtr& work);
  void recall_authorization(const Authorizations::User& user, const std::string& refused);
  void accepted_authorization(const Authorizations::User& user, const std::string& authorization);

  // numbers
  struct Request;
  using SayNumber = std::function<std::optional<std::string>(const profile::RequestView&, const profile::Yield&)>;
  storage::Digest number_key(const Work& work, std::string_view name, const std::vector<std::string>& scope,
                             std::string_view number) const;
  void put_in_numbers(const WorkPtr& work, std::move_only_function<void()> then);
  std::optional<std::string> opened_number(const storage::Reference& reference) const;
  void lacks_a_number(const WorkPtr& work);
  std::vector<storage::Resolved> resolve(const WorkPtr& work, const SayNumber& say) const;
  static SayNumber in_reply(const rules::Reply* reply);
  SayNumber in_entry(const WorkPtr& work, const rules::ProbeRead& read) const;
  static bool lacks_numbers(const Work& work, const std::vector<storage::Resolved>& resolved);
  static bool can_read_back(const profile::Route& route);
  void note_numbers(const WorkPtr& work, storage::Settlement& settlement, const SayNumber& say) const;
  void read_back(const WorkPtr& work);
  void numbers_read(const WorkPtr& work, const rules::ProbeRead& read, const rules::Exchange& last);
  bool looks_provisional(const profile::QuotedNumber& quoted) const;
  void keep_numbers(const WorkPtr& work, std::vector<storage::Resolved> resolved, bool again, bool may_give_up = true);

  // settling
  AttemptEnd end_of(const WorkPtr& work) const;
  void settle(const WorkPtr& work, storage::Settlement settlement, const std::string& words, const rules::Reply* reply);
  void leave_alone(const WorkPtr& work, bool stays_in_index);
  void store_settlement(const WorkPtr& work, storage::Settlement settlement);
  std::vector<storage::News> news_of(const WorkPtr& work, storage::Event event, std::string_view rule) const;
  void count_news(const storage::Changed& changed) const;
  void settled(const WorkPtr& work, const storage::Settlement& settlement,
               storage::Result<std::vector<storage::Changed>> changed);
  void hold(const WorkPtr& work, storage::HoldReason reason);
  void give_up_asking(const WorkPtr& work);
  void move(const WorkPtr& work, storage::Event event, storage::HoldReason reason);

  // outages
  using NamedObjects = std::vector<std::pair<std::string, storage::Object>>;
  struct NewestOutage {
    bool any = false;  // whether it can be read or not
    std::optional<Outage> outage{};
  };
  void recall_outage(std::chrono::milliseconds back);
  void read_outages(std::string after, NewestOutage so_far, std::function<void(NewestOutage)> take);
  storage::DestinationCounts counted() const;
  void note_outage();
  void keep_outage(const Outage& outage);
  void remember_end(const Outage& outage);
  storage::WallTime fresh_since(storage::WallTime now) const;

  // the drain
  Draining::Now drain_now() const { return {doors_.clock.wall(), doors_.clock.steady()}; }
  bool must_wait(const WorkPtr& work) const;
  void recall_drain();
  void recalled_drain(storage::Result<std::optional<storage::Object>> object);
  void note_drain();
  void take_back_lanes();
  void keep_drain();
  void show_drain();
  void look_for_the_end();
  struct EndSearch;
  void search(std::shared_ptr<EndSearch> search);
  void searched(std::shared_ptr<EndSearch> search, const storage::Result<storage::ScanPage>& page);

  // maximum age
  void recall_served();
  bool can_be_sent_to() const;
  void count_served();
  void count_stop(const std::string& facility);
  void expire(const WorkPtr& work);

  // deadlines
  void look_at_deadlines();
  bool holds_for_deadline(const WorkPtr& work) const;

  // logging in
  void log_in(const std::string& facility);
  void send_login(const std::string& facility, const std::string& username, const std::string& password);

  DispatcherOptions options_;
  DispatcherDoors doors_;
  Lanes lanes_;
  Logins logins_;
  Authorizations authorizations_;
  LastLetIn last_let_in_;
  Parked parked_;
  bool look_at_parked_ = false;                    // somebody's wait may be over
  std::optional<clock::SteadyTime> parked_until_;  // the first of them, as far as was known at the last look
  std::set<std::string> shut_out_;                 // facilities none of whose users is let in
  LateApply late_apply_;
  // Questions under way.
  struct SharedRead {
    storage::WallTime opened_at{};
    clock::SteadyTime started{};
    std::vector<WorkPtr> waiting{};
    rules::ProbeRead read{};
  };
  std::map<Question, SharedRead> reads_;
  // Numbers in such lists that a record is about to be given: the store does not know it yet.
  std::map<storage::Digest, storage::SubmissionId> claims_;
  Permits permits_;
  rules::Surges surges_;
  // What an outage has cost so far, and the clock of served time: a crash makes it forget so much at most.
  static constexpr auto note_every = std::chrono::seconds(60);
  OutageLog outages_;
  bool knows_outage_ = false;
  std::optional<storage::WallTime> back_since_;  // the end of the last outage that was long enough to leave a backlog
  std::optional<storage::WallTime> noted_outage_at_;
  Draining draining_;
  bool knows_drain_ = false;
  bool drain_unreadable_ = false;
  bool drain_unwritten_ = false;  // it changed while it was being written
  bool writes_drain_ = false;
  bool searches_ = false;
  std::vector<std::move_only_function<void(bool kept)>> told_of_drain_;  // when it has been written
  ServedTime served_;
  std::optional<ServedNote> noted_served_;
  std::optional<clock::SteadyTime> noted_served_at_;
  rules::Throughput throughput_;
  std::atomic<double> sends_per_second_{0};
  bool deadlines_near_ = false;
  std::optional<storage::WallTime> deadlines_looked_at_;
  std::optional<clock::SteadyTime> deadlines_look_again_;
  bool age_began_ = false;  // of a record, since the clock was last looked at
  std::unordered_map<storage::SubmissionId, WorkPtr, storage::SubmissionIdHash> active_;
  std::map<storage::Lane, storage::SubmissionIds> in_index_;  // of them, those that a peek would still meet
  std::size_t answered_ = 0;                                  // of them, those that only wait for the store
  std::size_t opening_ = 0;                                   // of them, those whose mark is being written
  std::deque<WorkPtr> in_line_;                               // of them, those that wait for a place of the window
  MarksAhead marks_ahead_;
  // Records whose entries are damaged: left alone until the next start, so that they hold nobody else up.
  std::unordered_map<storage::SubmissionId, bool, storage::SubmissionIdHash> left_alone_;  // whether it is in the index
  std::optional<storage::Lease> lease_;  // without one nothing is looked for
  static constexpr std::size_t most_lanes_at_once = 16;
  std::size_t lanes_at_once_ = most_lanes_at_once;
  bool reads_back_ = false;  // some route gives numbers that are read from a list
  bool gated_ = false;
  std::set<std::string, std::less<>> gated_facilities_;
  std::set<std::string, std::less<>> unsigned_;  // facilities without what their calls are signed with
  std::map<std::string, storage::Facilities::Found, std::less<>> refused_as_;  // as they were when the server refused
  std::optional<clock::SteadyTime> secrets_looked_at_;
  // Lanes that had more due than there were places: while there are any, fresh records have a ring of their own.
  std::set<storage::Lane> deep_;
  // Lanes with repetitions that are due and that the retry budget did not let through; and the lane that had the last
  // one, so that the next is another's.
  std::set<storage::Lane> over_budget_;
  storage::Lane last_to_repeat_;
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
