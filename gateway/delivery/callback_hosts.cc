#include "gateway/delivery/callback_hosts.h"

#include <algorithm>
#include <functional>
#include <utility>

namespace titip::delivery {

using rules::BreakerState;
using rules::SteadyTime;

void CallbackHosts::enter_ring(const std::string& name, Host& host) {
  if (host.in_ring || host.lanes.empty()) return;
  host.in_ring = true;
  ring_of(host).push_back(name);
}

void CallbackHosts::wake(const std::string& name, const std::string& facility) {
  auto& host = hosts_.try_emplace(name, options_).first->second;
  if (!host.waiting.insert(facility).second) return;
  host.lanes.push_back(facility);
  enter_ring(name, host);
}

std::optional<SteadyTime> CallbackHosts::shut_until(const Host& host, SteadyTime now) {
  if (!host.pause.over(now)) return host.pause.until();
  return host.breaker.state(now) == BreakerState::open ? host.breaker.wakes_at() : std::nullopt;
}

std::uint32_t CallbackHosts::room(Host& host, SteadyTime now) const {
  // There is no health read here: the next callback is the question, one at a time.
  if (host.breaker.wants_health_read(now)) {
    host.breaker.started(now, false);
    host.breaker.finished(now, false, true, 0, 0);
  }
  if (!host.breaker.may_send_record(now)) return 0;
  const auto most = host.breaker.state(now) == BreakerState::closed ? host.window.size() : 1;
  return most > host.in_use ? most - host.in_use : 0;
}

std::optional<CallbackHosts::Turn> CallbackHosts::next(SteadyTime now) {
  limit_met_ = {};
  for (auto due = asleep_.begin(); due != asleep_.end() && due->first <= now; due = asleep_.erase(due)) {
    if (const auto found = hosts_.find(due->second); found != hosts_.end()) {
      found->second.in_ring = false;
      enter_ring(due->second, found->second);
    }
  }
  if (proven_.empty() && unproven_.empty()) return std::nullopt;
  if (in_use_ >= options_.in_flight) {
    limit_met_ = "in_flight";
    return std::nullopt;
  }
  if (auto turn = next_of(proven_, now)) return turn;
  if (unproven_.empty()) return std::nullopt;
  if (unproven_in_use_ >= std::min(options_.unproven, options_.in_flight)) {
    limit_met_ = "unproven";
    return std::nullopt;
  }
  return next_of(unproven_, now);
}

// A host leaves the ring while it may not be called: it comes back when its time has come, or when a call of it ends.
std::optional<CallbackHosts::Turn> CallbackHosts::next_of(std::deque<std::string>& ring, SteadyTime now) {
  while (!ring.empty()) {
    auto name = std::move(ring.front());
    ring.pop_front();
    const auto found = hosts_.find(name);
    if (found == hosts_.end()) continue;
    auto& host = found->second;
    host.in_ring = false;
    if (host.lanes.empty()) continue;
    if (const auto until = shut_until(host, now)) {
      host.in_ring = true;  // it is on its way back
      asleep_.emplace(*until, std::move(name));
      continue;
    }
    if (&ring != &ring_of(host)) {
      enter_ring(name, host);
      continue;
    }
    if (room(host, now) == 0) continue;
    Turn turn{std::move(host.lanes.front()), {name, !host.proven}};
    host.lanes.pop_front();
    host.waiting.erase(turn.facility);
    ++host.in_use;
    ++in_use_;
    if (turn.place.unproven) ++unproven_in_use_;
    enter_ring(name, host);
    return turn;
  }
  return std::nullopt;
}

void CallbackHosts::started(const Place& place, SteadyTime now) {
  if (const auto found = hosts_.find(place.host); found != hosts_.end()) found->second.breaker.started(now, true);
}

void CallbackHosts::finished(const Place& place, bool served, std::chrono::seconds retry_after, double jitter,
                             std::chrono::milliseconds round_trip, SteadyTime now) {
  if (const auto found = hosts_.find(place.host); found != hosts_.end()) {
    auto& host = found->second;
    const bool was_closed = host.breaker.state(now) == BreakerState::closed;
    host.breaker.finished(now, true, served, std::hash<std::string>()(place.host), jitter);
    const bool is_closed = host.breaker.state(now) == BreakerState::closed;
    if (served) {
      if (!was_closed && is_closed) host.window.restart();
      host.window.served(host.in_use, round_trip, now);
    } else {
      host.window.not_served(host.in_use, retry_after.count() > 0, now);
    }
    host.pause.asked(retry_after, now);
    host.proven = served;
  }
  release(place);
}

void CallbackHosts::release(const Place& place) {
  --in_use_;
  if (place.unproven) --unproven_in_use_;
  const auto found = hosts_.find(place.host);
  if (found == hosts_.end()) return;
  --found->second.in_use;
  enter_ring(found->first, found->second);
  forget(found);
}

// What a host with nothing to do has taught is worth a little memory, and no more.
void CallbackHosts::forget(Hosts::iterator host) {
  const auto& each = host->second;
  const bool is_idle = each.lanes.empty() && each.in_use == 0 && !each.in_ring;
  if (is_idle && hosts_.size() > options_.most_hosts) hosts_.erase(host);
}

std::optional<SteadyTime> CallbackHosts::wakes_at() const {
  return asleep_.empty() ? std::nullopt : std::optional(asleep_.begin()->first);
}

bool CallbackHosts::is_up(const std::string& name, SteadyTime now) const {
  const auto found = hosts_.find(name);
  return found == hosts_.end() || found->second.breaker.state(now) == BreakerState::closed;
}

std::uint32_t CallbackHosts::hosts_down(SteadyTime now) const {
  return static_cast<std::uint32_t>(std::ranges::count_if(
      hosts_, [now](const auto& each) { return each.second.breaker.state(now) != BreakerState::closed; }));
}

}  // namespace titip::delivery
