#include "gateway/delivery/dispatcher.h"

#include <algorithm>
#include <utility>

#include "gateway/clock/local_date.h"
#include "gateway/delivery/work.h"
#include "metrics/log.h"

namespace titip::delivery {
namespace {

using metrics::Field;
using metrics::Level;
using rules::BreakerState;
using storage::DueClass;
using storage::State;

constexpr std::size_t most_lanes_at_once = 16;
constexpr std::size_t logins_at_once = 4;
constexpr auto longest_sleep = std::chrono::milliseconds(60'000);

std::optional<storage::WallTime> earlier(std::optional<storage::WallTime> a, std::optional<storage::WallTime> b) {
  if (!a || !b) return a ? a : b;
  return std::min(*a, *b);
}

}  // namespace

Dispatcher::Dispatcher(DispatcherOptions options, DispatcherDoors doors)
    : options_(std::move(options)),
      doors_(std::move(doors)),
      logins_(options_.login),
      late_apply_(options_.settle.late_apply_wait, doors_.clock.steady()),
      lanes_at_once_(most_lanes_at_once) {}

Dispatcher::~Dispatcher() = default;

void Dispatcher::start() {
  doors_.upstream.on_change([this] { pump(); });
  doors_.store.subscribe(doors_.home, [this](const storage::CommitNotice& notice) {
    for (const auto& lane : notice.lanes)
      if (lane.destination == options_.destination) lanes_.wake(lane);
    pump();
  });
  claim();
}

void Dispatcher::stop(std::move_only_function<void()> done) {
  stopping_ = true;
  stopped_ = std::move(done);
  if (timer_) doors_.timers.cancel(*timer_);
  timer_.reset();
  if (active_.empty() && stopped_) std::exchange(stopped_, nullptr)();
}

void Dispatcher::credentials_renewed(const std::string& facility) {
  logins_.renewed(facility);
  pump();
}

void Dispatcher::gate(bool shut, std::string_view reason) {
  if (std::exchange(gated_, shut) == shut) return;
  metrics::log(shut ? Level::warning : Level::info, shut ? "destination_gated" : "destination_resumed",
               {{Field::destination, options_.destination}, {Field::reason, reason}});
  if (!shut) learn_lanes();  // behind the gate they were put to rest
  pump();
}

// --- looking for work ---

// Called whenever anything changed; calls that come from inside one are folded into it.
void Dispatcher::pump() {
  pump_again_ = true;
  if (pumping_ || stopping_) return;
  pumping_ = true;
  while (std::exchange(pump_again_, false)) look();
  pumping_ = false;
  arm_timer();
}

void Dispatcher::look() {
  auto& upstream = doors_.upstream;
  doors_.probes.in_flight.set(static_cast<double>(active_.size()));
  doors_.probes.facilities_paused.set(static_cast<double>(logins_.paused(doors_.clock.steady())));
  // Only half-open asks; a lane whose facility must not send would keep it half-open for as long as that lasts.
  upstream.records_waiting(!active_.empty() || (upstream.state() != BreakerState::closed && !gated_ &&
                                                lanes_.any_awake([this](const auto& lane) { return can_send(lane); })));
  if (upstream.state() == BreakerState::open) return;
  if (upstream.wants_health_read()) upstream.send_health_read();
  if (may_fetch() && lanes_.any_awake()) fetch(room());
}

// How many more records may be taken. In half-open one, and only when it may be sent at once.
std::size_t Dispatcher::room() const {
  const std::size_t window = doors_.upstream.window();
  if (active_.size() >= window) return 0;
  if (doors_.upstream.state() != BreakerState::closed && !doors_.upstream.may_send_record()) return 0;
  return window - active_.size();
}

void Dispatcher::arm_timer() {
  if (timer_) doors_.timers.cancel(*timer_);
  timer_.reset();
  if (stopping_) return;
  const auto steady = doors_.clock.steady();
  auto delay = longest_sleep;
  const auto no_later_than = [&](std::chrono::milliseconds other) { delay = std::min(delay, other); };
  // Past in half-open: from then on what is in flight wakes us.
  if (const auto wakes = doors_.upstream.wakes_at(); wakes && *wakes > steady)
    no_later_than(std::chrono::ceil<std::chrono::milliseconds>(*wakes - steady));
  if (const auto wakes = logins_.next_wake(steady))
    no_later_than(std::chrono::ceil<std::chrono::milliseconds>(*wakes - steady));
  // A lane that falls due while the window is full is looked at when a place becomes free.
  if (const auto wakes = lanes_.next_wake(); wakes && may_fetch()) no_later_than(*wakes - doors_.clock.wall());
  timer_ = doors_.timers.after(std::max(delay, std::chrono::milliseconds(1)), [this] {
    timer_.reset();
    doors_.upstream.refresh();
    if (lanes_.next_wake() && *lanes_.next_wake() <= doors_.clock.wall() && may_fetch() &&
        doors_.upstream.state() != BreakerState::open)
      fetch(room());
    pump();
  });
}

// Whether time alone, or a log-in, lets this lane send soon.
bool Dispatcher::can_send(const storage::Lane& lane) const {
  return doors_.facilities.find(lane.facility) != nullptr &&
         logins_.standing(lane.facility, doors_.clock.steady()) != Standing::paused;
}

// A lane is closed while its facility must log in first; whoever finds it so starts the log-in.
bool Dispatcher::is_open(const storage::Lane& lane) {
  if (doors_.facilities.find(lane.facility) == nullptr) return false;
  switch (logins_.standing(lane.facility, doors_.clock.steady())) {
    case Standing::usable:
      return true;
    case Standing::needs_login:
      if (doors_.upstream.may_send_read() && logins_.in_progress() < logins_at_once) log_in(lane.facility);
      return false;
    case Standing::waiting:
    case Standing::logging_in:
    case Standing::paused:
      return false;
  }
  return false;
}

void Dispatcher::fetch(std::size_t room) {
  const auto now = doors_.clock.wall();
  auto chosen = lanes_.choose(std::min(room, lanes_at_once_), now, [this](const auto& lane) { return is_open(lane); });
  if (chosen.empty()) return;
  const std::size_t share = (room + chosen.size() - 1) / chosen.size();
  std::vector<storage::DueQuery> queries;
  std::vector<std::size_t> limits;
  for (const auto& each : chosen) {
    const auto held = active_in_lane_.find(each.lane);
    // What is in hand but not opened yet is still in the index and must not hide what stands behind it.
    limits.push_back(share + (held != active_in_lane_.end() ? held->second : 0));
    for (const auto due_class : {DueClass::probe, DueClass::send}) {
      queries.push_back(
          {.lane = each.lane, .due_class = due_class, .now = now, .limit = limits.back(), .shards = lease_->shards});
    }
    if (gated_) queries.back().limit = 0;  // behind a gate nothing is sent; what is unknown is asked after
  }
  fetching_ = true;
  let_go_meanwhile_.clear();
  doors_.store.next_due(std::move(queries), doors_.home,
                        [this, chosen = std::move(chosen), limits = std::move(limits),
                         room](storage::Result<std::vector<storage::DueBatch>> batches) {
                          fetching_ = false;
                          if (stopping_) return;
                          if (!batches) return could_not_fetch(batches.error());
                          lanes_at_once_ = std::min(most_lanes_at_once, lanes_at_once_ * 2);
                          fetched(chosen, limits, room, std::move(*batches));
                          pump();
                        });
}

// One unreadable block must not stop every lane: from now on they are asked one by one, until that works again.
void Dispatcher::could_not_fetch(storage::Error error) {
  if (error != storage::Error::overloaded)
    metrics::log(Level::error, "due_records_unreadable",
                 {{Field::destination, options_.destination}, {Field::failure, storage::name(error)}});
  lanes_at_once_ = 1;
  wait_for_store();
}

void Dispatcher::fetched(const std::vector<Lanes::Chosen>& chosen, const std::vector<std::size_t>& limits,
                         std::size_t room, std::vector<storage::DueBatch> batches) {
  std::vector<WorkPtr> sends;
  std::vector<WorkPtr> questions;
  for (std::size_t at = 0; at < chosen.size(); ++at) {
    bool more = false;
    for (auto* batch : {&batches[2 * at], &batches[2 * at + 1]}) {
      more = more || batch->items.size() >= limits[at];
      for (auto& due : batch->items) {
        if (active_.contains(due.submission.id) || left_alone_.contains(due.submission.id)) continue;
        more = true;
        if (let_go_meanwhile_.contains(due.submission.id)) continue;  // what was peeked is older than its settlement
        if (sends.size() + questions.size() >= room) break;
        const bool unknown = due.submission.state == State::unknown;
        if (auto work = take(std::move(due))) (unknown ? questions : sends).push_back(std::move(work));
      }
    }
    const auto sends_at = gated_ ? std::nullopt : batches[2 * at + 1].next_due_at;
    if (!more) lanes_.rest(chosen[at], earlier(batches[2 * at].next_due_at, sends_at));
  }
  for (const auto& work : questions) ask(work);
  for (const auto& work : sends) open(work);
}

// Takes a due record in hand; nothing if it cannot be read, which a person must look at.
Dispatcher::WorkPtr Dispatcher::take(storage::Due due) {
  auto work = std::make_shared<Work>();
  work->record = std::move(due.submission);
  work->lane = {work->record.destination, work->record.facility};
  work->epoch = lease_ ? lease_->epoch : 0;
  active_.emplace(work->record.id, work);
  ++active_in_lane_[work->lane];
  work->route = profile::find_route(doors_.profile, work->record.route);
  work->facility = doors_.facilities.find(work->record.facility);
  const auto key = doors_.sealer.unwrap(work->record.id, work->record.wrapped_key);
  const auto plain = key ? doors_.sealer.open(*key, work->record.id, "payload", due.payload) : std::nullopt;
  auto payload = plain ? storage::decode_payload(*plain) : std::nullopt;
  if (work->route == nullptr || work->facility == nullptr || !payload) {
    metrics::log(Level::error, "record_unreadable",
                 {{Field::submission, work->record.id.text()}, {Field::route, work->record.route}});
    if (work->record.state == State::unknown) {
      give_up_asking(work);
    } else {
      hold(work, storage::HoldReason::person);
    }
    return nullptr;
  }
  work->key = *key;
  work->payload = std::move(*payload);
  return work;
}

void Dispatcher::release(const WorkPtr& work, bool wake_lane) {
  const auto alone = left_alone_.find(work->record.id);
  if (alone != left_alone_.end() && !active_.contains(work->record.id)) {  // its place was given back before
    if (alone->second && --active_in_lane_[work->lane] == 0) active_in_lane_.erase(work->lane);
    left_alone_.erase(alone);
    lanes_.wake(work->lane);
    return pump();
  }
  active_.erase(work->record.id);
  if (fetching_) let_go_meanwhile_.insert(work->record.id);
  if (--active_in_lane_[work->lane] == 0) active_in_lane_.erase(work->lane);
  if (wake_lane) lanes_.wake(work->lane);
  if (stopping_ && active_.empty() && stopped_) return std::exchange(stopped_, nullptr)();
  pump();
}

// --- sending ---

// Builds the request; false: the record is held instead.
bool Dispatcher::prepare(const WorkPtr& work) {
  const auto today = clock::local_date(doors_.clock.wall(), doors_.profile.utc_offset);
  auto outbound = build_outbound({doors_.profile, *work->route, work->record, work->payload, *work->facility, today});
  if (!outbound) {
    hold(work, outbound.error() == Hindrance::no_late_entry_reason ? storage::HoldReason::late_entry
                                                                   : storage::HoldReason::person);
    return false;
  }
  work->outbound = std::move(*outbound);
  return true;
}

// One call a record: the writer groups them anyway, and one damaged record must not hold up the others.
void Dispatcher::open(const WorkPtr& work) {
  if (gated_) return release(work, true);  // the gate was shut while it was being peeked
  if (!prepare(work)) return;
  work->opened_at = doors_.clock.wall();
  storage::OpenAttempt mark;
  mark.epoch = work->epoch;
  mark.id = work->record.id;
  mark.expected_version = work->record.version;
  mark.attempt.opened_at = work->opened_at;
  mark.attempt.patched = work->outbound.patched;
  doors_.store.open_attempts({std::move(mark)}, doors_.home,
                             [this, work](auto changed) { opened(work, std::move(changed)); });
}

void Dispatcher::opened(const WorkPtr& work, storage::Result<std::vector<storage::Changed>> changed) {
  if (!changed && changed.error() == storage::Error::corrupt) return leave_alone(work, true);
  if (!changed) return release_for_later(work);
  const storage::Changed& change = changed->front();
  if (change.applied == storage::Applied::fenced) {
    lost_lease();
    return release(work, false);
  }
  if (change.applied != storage::Applied::yes) return release(work, true);
  work->record.version = change.version;
  work->record.state = change.state;
  send(work);
}

void Dispatcher::send(const WorkPtr& work) {
  work->started = doors_.clock.steady();
  // The breaker may have opened, or a gate been shut, while the mark was being written: then nothing is sent, and
  // nothing is counted.
  if (stopping_ || gated_ || !doors_.upstream.may_send_record()) return not_sent(work);
  doors_.upstream.send_record(std::move(work->outbound.request), work->record.route, work->breaker_key(),
                              [this, work](const rules::Exchange& exchange, const rules::Classified& classified) {
                                sent(work, exchange, classified);
                              });
}

void Dispatcher::not_sent(const WorkPtr& work) {
  const rules::Classified classified{
      rules::OutcomeKind::deferred, std::string(rules::name(rules::Failure::not_admitted)), true, {}};
  auto end = end_of(work);
  end.breaker_closed = false;
  auto settlement = settle_send(work->record, classified, end, 0, {}, options_.settle);
  settlement.attempt.outcome = storage::Outcome::not_sent;
  doors_.probes.attempted(storage::name(settlement.attempt.outcome), doors_.clock.steady() - work->started);
  settle(work, std::move(settlement), {}, nullptr);
}

void Dispatcher::sent(const WorkPtr& work, const rules::Exchange& exchange, const rules::Classified& classified) {
  if (never_left(exchange)) return not_sent(work);
  const auto* reply = std::get_if<rules::Reply>(&exchange);
  note_standing(work, classified.outcome);
  auto settlement = settle_send(work->record, classified, end_of(work), reply ? reply->http_status : 0,
                                reply ? reply->retry_after : std::chrono::seconds(0), options_.settle);
  doors_.probes.attempted(storage::name(settlement.attempt.outcome), doors_.clock.steady() - work->started);
  if (settlement.event == storage::Event::went_unknown)
    late_apply_.went_unknown(work->record.id, doors_.clock.steady());
  settle(work, std::move(settlement), classified.words, reply);
}

// What the reply says of the facility, beside what it says of the record.
void Dispatcher::note_standing(const WorkPtr& work, rules::OutcomeKind outcome) {
  const auto& facility = work->record.facility;
  using enum rules::OutcomeKind;
  if (outcome == delivered || outcome == rejected || outcome == blocked) logins_.worked(facility);
  if (outcome == rules::OutcomeKind::login_expired) logins_.expired(facility, doors_.clock.steady());
  if (outcome == rules::OutcomeKind::credentials_refused) {
    logins_.refused(facility, doors_.clock.steady());
    metrics::log(Level::warning, "credentials_refused",
                 {{Field::destination, options_.destination}, {Field::facility, facility}});
  }
}

}  // namespace titip::delivery
