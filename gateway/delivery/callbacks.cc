#include "gateway/delivery/callbacks.h"

#include <algorithm>
#include <utility>

#include "gateway/delivery/callback_news.h"
#include "gateway/delivery/callback_work.h"
#include "metrics/log.h"
#include "upstream/scheme/callback_url.h"

namespace titip::delivery {
namespace {

using metrics::Field;
using metrics::Level;
using std::chrono::milliseconds;
using storage::Event;

constexpr auto once_more_after = milliseconds(1'000);
constexpr milliseconds longest_sleep = std::chrono::minutes(1);
constexpr std::size_t looked_through = 100;  // records of a lane that is not sent to, in one look

}  // namespace

Callbacks::Callbacks(CallbacksOptions options, CallbacksDoors doors)
    : options_(options), doors_(std::move(doors)), hosts_(options_.hosts) {}

Callbacks::~Callbacks() = default;

void Callbacks::start() {
  doors_.store.subscribe(std::string(callback_destination), doors_.home, [this](const storage::CommitNotice& notice) {
    for (const auto& lane : notice.lanes) wake(lane.facility);
    pump();
  });
  claim();
}

void Callbacks::stop(std::move_only_function<void()> done) {
  stopping_ = true;
  if (timer_) doors_.timers.cancel(*timer_);
  timer_.reset();
  stopped_ = std::move(done);
  if (active_ == 0) std::exchange(stopped_, nullptr)();
}

void Callbacks::let_go() {
  --active_;
  if (stopping_ && active_ == 0 && stopped_) return std::exchange(stopped_, nullptr)();
  pump();
}

void Callbacks::claim() {
  doors_.store.claim(storage::all_shards(), doors_.home, [this](storage::Result<storage::Lease> lease) {
    if (stopping_) return;
    if (!lease) {
      doors_.timers.after(once_more_after, [this] { claim(); });
      return;
    }
    lease_ = *lease;
    learn_lanes();
  });
}

void Callbacks::lost_lease() {
  if (!lease_) return;
  metrics::log(Level::error, "lease_lost", {{Field::destination, callback_destination}});
  lease_.reset();
  doors_.timers.after(once_more_after, [this] { claim(); });
}

// What was waiting before.
void Callbacks::learn_lanes() {
  doors_.store.lanes(std::string(callback_destination), doors_.home,
                     [this](storage::Result<std::vector<storage::Lane>> lanes) {
                       if (stopping_) return;
                       if (!lanes) {
                         doors_.timers.after(once_more_after, [this] { learn_lanes(); });
                         return;
                       }
                       for (const auto& lane : *lanes) wake(lane.facility);
                       pump();
                     });
}

void Callbacks::gate(bool shut) {
  gated_ = shut;
  if (!shut && lease_) learn_lanes();
}

void Callbacks::gate_facility(const std::string& facility, bool shut) {
  if (shut) {
    gated_facilities_.insert(facility);
  } else {
    gated_facilities_.erase(facility);
    wake(facility);
  }
  show();
  pump();
}

void Callbacks::show() const {
  doors_.probes.in_flight.set(hosts_.in_flight());
  doors_.probes.hosts_down.set(hosts_.hosts_down(doors_.clock.steady()));
  doors_.probes.receivers_gone.set(static_cast<double>(gated_facilities_.size()));
}

// Where a facility's callbacks go at present. Empty: nowhere, but they are looked at all the same, for they grow old.
std::string Callbacks::host_of(const std::string& facility) const {
  if (gated_ || gated_facilities_.contains(facility)) return {};
  const auto known = doors_.facilities.find(facility);
  if (known == nullptr || known->callback_url.empty()) return {};
  const auto url = scheme::parse_callback_url(known->callback_url);
  return url ? url->origin() : std::string();
}

void Callbacks::wake(const std::string& facility) {
  if (looked_at_.contains(facility)) {
    again_.insert(facility);
    return;
  }
  if (const auto asleep = sleeps_until_.find(facility); asleep != sleeps_until_.end()) {
    sleeping_.erase({asleep->second, facility});
    sleeps_until_.erase(asleep);
  }
  hosts_.wake(host_of(facility), facility);
}

void Callbacks::sleep(const std::string& facility, storage::WallTime until) {
  sleeps_until_.insert_or_assign(facility, until);
  sleeping_.emplace(until, facility);
}

void Callbacks::pump() {
  if (!lease_ || stopping_) return;
  const auto now = doors_.clock.wall();
  while (!sleeping_.empty() && sleeping_.begin()->first <= now) {
    const auto facility = sleeping_.begin()->second;
    sleeping_.erase(sleeping_.begin());
    sleeps_until_.erase(facility);
    wake(facility);
  }
  while (lease_ && !stopping_) {
    auto turn = hosts_.next(doors_.clock.steady());
    if (!turn) break;
    look(std::move(*turn));
  }
  if (!hosts_.limit_met().empty()) doors_.probes.met_limit(hosts_.limit_met());
  show();
  arm_timer();
}

void Callbacks::arm_timer() {
  if (timer_) doors_.timers.cancel(*std::exchange(timer_, std::nullopt));
  auto delay = longest_sleep;
  if (!sleeping_.empty()) delay = std::min(delay, sleeping_.begin()->first - doors_.clock.wall());
  if (const auto at = hosts_.wakes_at())
    delay = std::min(delay, std::chrono::ceil<milliseconds>(*at - doors_.clock.steady()));
  timer_ = doors_.timers.after(std::max(delay, milliseconds(1)), [this] {
    timer_.reset();
    pump();
  });
}

void Callbacks::look(CallbackHosts::Turn turn) {
  if (looked_at_.contains(turn.facility)) {  // its host changed while it waited for its turn
    again_.insert(turn.facility);
    return hosts_.release(turn.place);
  }
  auto look = std::make_shared<Look>();
  look->facility = std::move(turn.facility);
  look->place = std::move(turn.place);
  looked_at_.insert(look->facility);
  ++active_;
  const bool is_sent_to = !look->place.host.empty();
  storage::DueQuery query{.lane = {std::string(callback_destination), look->facility},
                          .due_class = storage::DueClass::probe,
                          .now = doors_.clock.wall(),
                          .limit = looked_through + left_alone_.size(),
                          .shards = lease_->shards};
  std::vector<storage::DueQuery> both{query};
  query.due_class = storage::DueClass::send;
  if (is_sent_to) query.limit = 1 + left_alone_.size();
  both.push_back(std::move(query));
  doors_.store.next_due(std::move(both), doors_.home,
                        [this, look](storage::Result<std::vector<storage::DueBatch>> batches) {
                          if (batches) return seen(look, std::move(*batches));
                          metrics::log(Level::error, "due_records_unreadable",
                                       {{Field::destination, callback_destination},
                                        {Field::facility, look->facility},
                                        {Field::failure, storage::name(batches.error())}});
                          later(look);
                        });
}

void Callbacks::seen(const LookPtr& look, std::vector<storage::DueBatch> batches) {
  for (auto& due : batches[0].items) {
    // Nobody knows what came of it, and it does no harm twice.
    if (!left_alone_.contains(due.submission.id)) end_unsent(look, due.submission, Event::repeat_allowed);
  }
  for (auto& due : batches[1].items)
    if (!left_alone_.contains(due.submission.id)) take(look, std::move(due));
  std::optional<storage::WallTime> next;
  for (const auto& batch : batches) {
    look->wake = look->wake || batch.more;
    if (batch.next_due_at) next = std::min(next.value_or(*batch.next_due_at), *batch.next_due_at);
  }
  // Shut, or nobody knows the facility: looked at again for what has grown old, or for what has changed.
  const bool has_due = !batches[1].items.empty();
  if (has_due && !look->wake)
    next = std::min(next.value_or(storage::WallTime::max()), doors_.clock.wall() + longest_sleep);
  if (!look->wake && next) sleep(look->facility, *next);
  step_done(look);
}

// A record that may go: it is opened, ended, or left where it is.
void Callbacks::take(const LookPtr& look, storage::Due due) {
  if (is_given_up(due.submission, doors_.clock.wall(), options_.policy))
    return end_unsent(look, due.submission, Event::expire);
  const auto host = host_of(look->facility);
  if (host != look->place.host) {
    look->wake = true;  // it is told elsewhere since
    return;
  }
  if (!host.empty()) return look->place_is_used ? void(look->wake = true) : open(look, std::move(due));
  const bool is_shut = gated_ || gated_facilities_.contains(look->facility);
  const auto known = doors_.facilities.find(look->facility);
  if (!is_shut && known != nullptr && known->callback_url.empty()) end_unsent(look, due.submission, Event::cancel);
}

// Given up, not wanted any more, or put back in the queue.
void Callbacks::end_unsent(const LookPtr& look, const storage::Submission& record, Event event) {
  ++look->steps;
  look->wake = true;
  storage::Transition transition{.id = record.id,
                                 .expected_state = record.state,
                                 .expected_version = record.version,
                                 .event = event,
                                 .hold_reason = storage::HoldReason::none,
                                 .due_at = {}};
  if (event == Event::repeat_allowed) transition.due_at = doors_.clock.wall();
  doors_.store.transition({std::move(transition)}, doors_.home, [this, look, record, event](const auto& changed) {
    if (!changed && changed.error() != storage::Error::corrupt) return later(look);
    if (!changed) left_alone_.insert(record.id);
    if (changed && changed->front().applied == storage::Applied::yes) {
      if (event == Event::cancel) doors_.probes.counted("cancelled");
      if (event == Event::expire) {
        doors_.probes.counted("given_up");
        metrics::log(Level::warning, "callback_given_up",
                     {{Field::facility, record.facility},
                      {Field::submission, record.id.text()},
                      {Field::rule, record.outcome_rule}});
      }
    }
    step_done(look);
  });
}

// The store took nothing now.
void Callbacks::later(const LookPtr& look) {
  look->wake = true;
  doors_.timers.after(callback_again_after, [this, look] { step_done(look); });
}

void Callbacks::step_done(const LookPtr& look) {
  if (--look->steps > 0) return;
  looked_at_.erase(look->facility);
  if (!look->place_is_used) hosts_.release(look->place);
  if (again_.erase(look->facility) > 0 || look->wake) wake(look->facility);
  let_go();
}

}  // namespace titip::delivery
