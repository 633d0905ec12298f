#include "gateway/delivery/draining.h"

#include <algorithm>

namespace titip::delivery {
namespace {

using std::chrono::milliseconds;
using storage::State;

// A record's id, which its minute is of, is made a moment before it is accepted.
constexpr auto made_earlier = std::chrono::seconds(10);

// A tenth of a second's worth may be saved up, so that timers need not be exact.
rules::TokenBucketOptions bucket(double per_second) {
  return {.per_second = per_second, .burst = std::max(1.0, per_second / 10)};
}

std::uint64_t in_state(const storage::DestinationCounts& counts, State state) {
  return counts.by_state[static_cast<std::size_t>(state)];
}

}  // namespace

void Draining::stand(std::optional<Drain> drain, Now now) {
  const bool same = drain && drain_ && drain->started_at() == drain_->started_at();
  if (!same) {
    pace_.reset();
    if (drain) pace_.emplace(bucket(drain->plan().per_second), now.steady);
    looked_at_ = {};
  }
  drain_ = std::move(drain);
  written_state_.reset();
}

bool Draining::may_send(WallTime now) const {
  const auto state = drain_->state(now);
  return state == DrainState::canary || state == DrainState::running;
}

std::size_t Draining::within(std::size_t places, Now now) const {
  if (!active(now.wall)) return places;
  auto pace = *pace_;
  std::size_t within = 0;
  for (; within < places && drain_->may_send(in_flight_ + within, now.wall) && pace.may_take(now.steady); ++within)
    pace.take(now.steady);
  return within;
}

bool Draining::may_go_on(WallTime now) const {
  return !active(now) || may_send(now);
}

void Draining::took(rules::SteadyTime now) {
  ++in_flight_;
  if (pace_) pace_->take(now);
}

void Draining::changed(const storage::Submission& before, State to, WallTime now) {
  if (!governs(before.accepted_at, now)) return;
  std::optional<DrainResult> result;
  if (to == State::delivered) result = DrainResult::delivered;
  if (to == State::rejected) result = DrainResult::rejected;
  if (before.state != State::unknown) {
    if (to == State::unknown) result = DrainResult::unknown;
    if (result) drain_->settled(*result, now);
    return;
  }
  if (to == State::unknown || to == State::held) return;  // as unknown as before
  const bool counted = before.unknown_since && *before.unknown_since >= drain_->started_at();
  drain_->resolved(result, counted);
}

std::optional<milliseconds> Draining::wakes_in(Now now) const {
  if (!active(now.wall)) return std::nullopt;
  std::optional<milliseconds> wait;
  const auto no_later_than = [&wait](milliseconds span) {
    wait = std::max(milliseconds(1), std::min(span, wait.value_or(span)));
  };
  const auto until = [&now](rules::SteadyTime at) { return std::chrono::ceil<milliseconds>(at - now.steady); };
  if (written_settled_ != drain_->settled_so_far()) no_later_than(until(written_at_ + note_every));
  if (may_send(now.wall)) {
    no_later_than(until(looked_at_ + note_every));
    if (!pace_->may_take(now.steady)) no_later_than(until(pace_->next_at(now.steady)));
  } else if (const auto at = drain_->wakes_at(now.wall)) {
    no_later_than(*at - now.wall);
  }
  return wait;
}

bool Draining::wants_writing(Now now) const {
  if (!drain_) return false;
  if (written_state_ != drain_->state(now.wall)) return true;
  return written_settled_ != drain_->settled_so_far() && now.steady >= written_at_ + note_every;
}

void Draining::written(Now now) {
  if (!drain_) return;
  written_state_ = drain_->state(now.wall);
  written_settled_ = drain_->settled_so_far();
  written_at_ = now.steady;
}

bool Draining::wants_looking(Now now) const {
  return active(now.wall) && may_send(now.wall) && now.steady >= looked_at_ + note_every;
}

std::optional<std::vector<SearchSpan>> spans_to_search(const storage::DestinationCounts& counts, WallTime before) {
  const auto last = std::chrono::floor<std::chrono::minutes>(before).time_since_epoch().count();
  std::uint64_t older = 0;
  std::vector<SearchSpan> spans;
  for (const auto& [minute, pending] : counts.pending_by_minute) {
    if (minute > last) break;
    if (minute < last) older += pending;
    const WallTime from{std::chrono::minutes(minute)};
    const auto to = std::min(before, from + std::chrono::minutes(1) + made_earlier);
    // A scan looks at what lies around its span too: two that look at the same are one.
    if (!spans.empty() && from - spans.back().before <= 2 * storage::id_margin) {
      spans.back().before = to;
    } else {
      spans.push_back({from, to});
    }
  }
  // A record that is set apart stays counted where it was; whether it is one of these only a search can tell.
  if (older > in_state(counts, State::held) + in_state(counts, State::blocked) + counts.quarantined)
    return std::nullopt;
  return spans;
}

std::uint64_t waiting_in(const storage::DestinationCounts& counts) {
  std::uint64_t waiting = 0;
  for (const auto state : storage::all_states)
    if (!storage::is_terminal(state) && state != State::held) waiting += in_state(counts, state);
  return waiting;
}

}  // namespace titip::delivery
