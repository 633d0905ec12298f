// Who may go: when the dispatcher looks for work, how many records it may take, which lanes are open, and what the
// permits say of a record that is taken.
#include <algorithm>
#include <utility>

#include "gateway/delivery/work.h"

namespace titip::delivery {
namespace {

using rules::BreakerState;
using storage::State;

constexpr auto longest_sleep = std::chrono::milliseconds(60'000);

rules::SendClass class_of(Ring ring) {
  if (ring == Ring::all) return rules::SendClass::backlog;
  return ring == Ring::fresh ? rules::SendClass::fresh : rules::SendClass::deadline;
}

}  // namespace

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
  doors_.probes.facilities_paused.set(static_cast<double>(paused_facilities()));
  lanes_.wake_due(doors_.clock.wall());
  if (!fetching_) wake_held_back();
  note_secrets();
  look_at_parked();
  // Only half-open asks; a lane whose facility must not send would keep it half-open for as long as that lasts.
  upstream.records_in_hand(static_cast<std::uint32_t>(places_taken()));
  upstream.records_waiting(!active_.empty() ||
                           (upstream.state() != BreakerState::closed &&
                            lanes_.any_awake(Ring::all, [this](const auto& lane) { return can_send(lane); })));
  note_outage();
  note_drain();
  count_served();
  look_at_deadlines();
  give_places();
  if (upstream.state() == BreakerState::open) return;
  if (upstream.wants_health_read()) upstream.send_health_read();
  take_back_lanes();
  if (may_fetch() && lanes_.any_awake()) fetch(room());
}

// How many more records may be taken. In half-open one, and only when it may be sent at once.
std::size_t Dispatcher::room() const {
  const std::size_t taken = places_taken();
  if (taken >= places() || !doors_.upstream.may_send_record()) return 0;
  return permits_.within_pace(places() - taken, doors_.clock.steady());
}

bool Dispatcher::may_fetch() const {
  if (!lease_ || fetching_ || store_waits_ || room() == 0) return false;
  const bool closed = doors_.upstream.state() == BreakerState::closed;
  return !closed || places() - places_taken() >= marks_ahead_.worth_a_look(doors_.upstream.window());
}

// Of the window, and for those whose mark may be written before it has room for them.
std::size_t Dispatcher::places() const {
  const std::size_t window = doors_.upstream.window();
  return doors_.upstream.state() == BreakerState::closed ? window + marks_ahead_.places(window) : window;
}

// Whether the server may be asked one more thing. While the breaker is not closed there is no line: who comes is let
// through or sent back at once.
bool Dispatcher::has_a_place() const {
  if (stopping_ || !lease_ || doors_.upstream.state() != BreakerState::closed) return true;
  return places_taken() - in_line_.size() - opening_ < doors_.upstream.window();
}

void Dispatcher::give_places() {
  while (!in_line_.empty() && has_a_place()) {
    const auto work = std::move(in_line_.front());
    in_line_.pop_front();
    if (work->record.state == State::in_flight) {
      send(work);
    } else if (stopping_) {
      release(work, false);
    } else {
      work->record.state == State::delivered ? read_back(work) : ask(work);
    }
  }
}

// Whom the server has answered is out of its way: what came of him is the store's to take, and the next may go
// meanwhile. As many as may be in flight, and no more, so wait: a store that takes nothing stops us.
std::size_t Dispatcher::places_taken() const {
  if (doors_.upstream.state() != BreakerState::closed) return active_.size();
  return active_.size() - std::min<std::size_t>(answered_, doors_.upstream.window());
}

void Dispatcher::arm_timer() {
  if (timer_) doors_.timers.cancel(*timer_);
  timer_.reset();
  if (stopping_) return;
  timer_ = doors_.timers.after(until_something_happens(), [this] {
    timer_.reset();
    doors_.upstream.refresh();
    pump();
  });
}

std::chrono::milliseconds Dispatcher::until_something_happens() const {
  const auto steady = doors_.clock.steady();
  auto delay = longest_sleep;
  const auto no_later_than = [&](std::optional<clock::SteadyTime> at) {
    if (at && *at > steady) delay = std::min(delay, std::chrono::ceil<std::chrono::milliseconds>(*at - steady));
  };
  no_later_than(doors_.upstream.wakes_at());  // past in half-open: from then on what is in flight wakes us
  no_later_than(logins_.next_wake(steady));
  no_later_than(authorizations_.next_wake(steady));
  no_later_than(parked_until_);
  no_later_than(permits_.wakes_at(steady));
  if (const auto wakes = draining_.wakes_in(drain_now())) delay = std::min(delay, *wakes);
  // A lane that falls due while the window is full is looked at when a place becomes free.
  if (const auto wakes = lanes_.next_wake(); wakes && may_fetch())
    delay = std::min(delay, std::chrono::milliseconds(*wakes - doors_.clock.wall()));
  return std::max(delay, std::chrono::milliseconds(1));
}

// What classes have something to send. Fresh records and deadlines have a claim of their own only while there is a
// queue to stand in.
rules::Waiting Dispatcher::waiting() const {
  const bool queue =
      !deep_.empty() || lanes_.awake(Ring::all) > most_lanes_at_once || draining_.active(doors_.clock.wall());
  const auto sendable = [this](const auto& lane) { return can_send(lane); };
  return {.deadline = queue && deadlines_near_ && lanes_.any_awake(Ring::deadline, sendable),
          .fresh = queue && lanes_.any_awake(Ring::fresh, sendable),
          .backlog = lanes_.any_awake(Ring::all)};
}

// Of the backlog that a drain governs. What comes as fresh brings older ones along.
bool Dispatcher::is_drained(const storage::Submission& record, Ring ring) const {
  return ring != Ring::fresh && is_sent(record) && draining_.governs(record.accepted_at, doors_.clock.wall());
}

// They are looked at again when a repetition has ended.
void Dispatcher::hold_back(const storage::Lane& lane, std::size_t repetitions) {
  doors_.probes.retries_held_back.add(static_cast<double>(repetitions));
  if (permits_.may_retry()) return lanes_.wake(lane);  // one ended while the store was asked
  over_budget_.insert(lane);
}

void Dispatcher::permit(const WorkPtr& work, Ring ring, const rules::Waiting& waiting, bool retry) {
  const auto now = doors_.clock.steady();
  if (!is_sent(work->record)) return permits_.asked(now);
  work->permitted = true;
  work->retry = retry;
  permits_.took(class_of(ring), waiting, retry, now);
  if (retry) last_to_repeat_ = work->lane;
}

void Dispatcher::give_back_permit(const WorkPtr& work) {
  if (std::exchange(work->drained, false)) draining_.gave_back();
  if (!std::exchange(work->permitted, false)) return;
  permits_.gave_back(work->retry);
  wake_held_back();  // before its own lane is
}

// A few, in turn: whoever is woken first gets the one place there may be, and the others are looked at in vain.
void Dispatcher::wake_held_back() {
  if (!permits_.may_retry()) return;
  for (auto left = lanes_at_once_; left > 0 && !over_budget_.empty(); --left) {
    auto next = over_budget_.upper_bound(last_to_repeat_);
    if (next == over_budget_.end()) next = over_budget_.begin();
    lanes_.wake(*next);
    over_budget_.erase(next);
  }
}

}  // namespace titip::delivery
