#include "upstream/rules/breaker.h"

#include <algorithm>
#include <vector>

namespace titip::rules {
namespace {

// The window keeps at most this many calls; at higher rates it is shorter in time, which is as good a sample.
constexpr std::size_t max_calls = 10'000;

// At most so many of the calls are not served while the server is well.
constexpr double well_ratio = 0.1;

}  // namespace

std::string_view name(BreakerState state) {
  switch (state) {
    case BreakerState::closed:
      return "closed";
    case BreakerState::open:
      return "open";
    case BreakerState::half_open:
      return "half-open";
  }
  return "closed";
}

Breaker::Breaker(BreakerOptions options) : options_(options) {
  options_.minimum_calls = std::max(1U, options_.minimum_calls);
  options_.minimum_keys = std::max(1U, options_.minimum_keys);
  options_.successes_to_close = std::max(1U, options_.successes_to_close);
  options_.open_max = std::max(options_.open_first, options_.open_max);
}

BreakerState Breaker::state(SteadyTime now) const {
  if (!tripped_) {
    return BreakerState::closed;
  }
  return now < open_until_ ? BreakerState::open : BreakerState::half_open;
}

bool Breaker::waits_for_late_calls(SteadyTime now) const {
  return records_.late + reads_.late > 0 && now < opened_at_ + options_.late_calls_max;
}

bool Breaker::may_try(SteadyTime now) const {
  return state(now) == BreakerState::half_open && !waits_for_late_calls(now);
}

bool Breaker::may_send_record(SteadyTime now) const {
  return !tripped_ || (may_try(now) && health_seen_ && records_.current == 0);
}

bool Breaker::may_send_read(SteadyTime now) const {
  return !tripped_ || may_try(now);
}

bool Breaker::wants_health_read(SteadyTime now) const {
  return may_try(now) && reads_.current == 0 && (!health_seen_ || reads_close_);
}

std::optional<SteadyTime> Breaker::wakes_at() const {
  return tripped_ ? std::optional(open_until_) : std::nullopt;
}

void Breaker::started(SteadyTime now, bool is_record) {
  if (tripped_ && !waits_for_late_calls(now)) {
    records_.late = 0;  // whatever is left has outlived every time-out: it will not be reported any more
    reads_.late = 0;
  }
  idle_ = idle(now);
  idle_since_.reset();
  ++in_flight(is_record).current;
}

std::chrono::milliseconds Breaker::idle(SteadyTime now) const {
  if (!idle_since_) {
    return idle_;
  }
  return idle_ + std::chrono::duration_cast<std::chrono::milliseconds>(now - *idle_since_);
}

bool Breaker::ended(SteadyTime now, bool is_record) {
  InFlight& flight = in_flight(is_record);
  if (flight.late > 0) {
    --flight.late;
    return false;
  }
  if (flight.current == 0) {
    return false;  // outlived every time-out after all
  }
  --flight.current;
  if (under_way() == 0) {
    idle_since_ = now;
  }
  return true;
}

void Breaker::said_nothing(SteadyTime now, bool is_record) {
  if (ended(now, is_record)) {
    overtaken_ -= std::min(overtaken_, 1U);
  }
}

void Breaker::refused_on_the_way(SteadyTime now, bool is_record, double jitter) {
  if (ended(now, is_record)) {
    pause_ = options_.open_max;
    open(now, pause_, jitter);
  }
}

void Breaker::finished(SteadyTime now, bool is_record, bool served, std::uint64_t key, double jitter,
                       std::uint64_t thing) {
  if (!ended(now, is_record)) {
    return;
  }
  switch (state(now)) {
    case BreakerState::open:
      return;
    case BreakerState::closed:
      if (is_record && !served && has_own_trouble(key)) {
        return;
      }
      note({now, served, key, thing});
      note_silence(now, served, key);
      if (!served && (should_trip() || is_silent())) {
        for (const Call& call : calls_) {
          if (!call.served) {
            suspect(call.key);
          }
        }
        for (const Silent& call : silence_) {
          suspect(call.key);
        }
        trip(now, jitter);
      } else if (is_record) {
        note_own_trouble(served, key);
      }
      return;
    case BreakerState::half_open:
      if (!served) {
        suspect(key);
        reopen(now, is_record, jitter);
        return;
      }
      health_seen_ = true;
      if ((is_record || reads_close_) && ++successes_ >= options_.successes_to_close) {
        close();
      }
      return;
  }
}

bool Breaker::is_suspect(std::uint64_t key) const {
  return std::ranges::find(suspects_, key) != suspects_.end() || has_own_trouble(key);
}

bool Breaker::has_own_trouble(std::uint64_t key) const {
  return std::ranges::find(own_trouble_, key) != own_trouble_.end();
}

void Breaker::note_own_trouble(bool served, std::uint64_t key) {
  if (served) {
    std::erase(own_trouble_, key);
    return;
  }
  const bool others_are_well = calls_.size() >= options_.minimum_calls &&
                               static_cast<double>(not_served_) <= well_ratio * static_cast<double>(calls_.size());
  if (key == 0 || !others_are_well) {
    return;
  }
  own_trouble_.push_back(key);
  if (own_trouble_.size() > most_in_own_trouble) {
    own_trouble_.pop_front();
  }
}

// Nobody's calls (health reads, log-ins) say nothing of anybody.
void Breaker::suspect(std::uint64_t key) {
  if (key == 0 || is_suspect(key)) {
    return;
  }
  suspects_.push_back(key);
  if (suspects_.size() > most_suspects) {
    suspects_.pop_front();
  }
}

void Breaker::note(const Call& call) {
  const SteadyTime now = call.at;
  calls_.push_back(call);
  not_served_ += call.served ? 0 : 1;
  while (calls_.size() > max_calls || calls_.front().at < now - options_.window) {
    not_served_ -= calls_.front().served ? 0 : 1;
    calls_.pop_front();
  }
}

// Which of the calls under way ended is not told, so those that began before the last success are taken to end first.
// Nobody's calls (log-ins) say nothing.
void Breaker::note_silence(SteadyTime now, bool served, std::uint64_t key) {
  if (served) {
    silence_.clear();
    overtaken_ = under_way();
    return;
  }
  if (overtaken_ > 0) {
    --overtaken_;
    return;
  }
  if (key == 0) {
    return;
  }
  silence_.push_back({idle(now), key});
  if (silence_.size() > options_.minimum_calls) {
    silence_.pop_front();
  }
}

// Only where the window holds too few calls to say anything. A record that hangs again and again while nobody else
// calls is not enough, however often it does.
bool Breaker::is_silent() const {
  if (calls_.size() >= options_.minimum_calls) {
    return false;
  }
  if (silence_.size() < options_.minimum_calls || silence_.back().idle - silence_.front().idle > options_.window) {
    return false;
  }
  std::vector<std::uint64_t> keys;
  for (const Silent& call : silence_) {
    if (std::ranges::find(keys, call.key) == keys.end()) {
      keys.push_back(call.key);
    }
  }
  return keys.size() >= options_.minimum_keys;
}

bool Breaker::should_trip() const {
  if (calls_.size() < options_.minimum_calls ||
      static_cast<double>(not_served_) < options_.failure_ratio * static_cast<double>(calls_.size())) {
    return false;
  }
  if (!is_widespread(&Call::key)) return false;
  const bool is_alone = std::ranges::all_of(calls_, [&](const Call& call) { return call.key == calls_.front().key; });
  return !is_alone || is_widespread(&Call::thing);
}

// Whether enough different ones went unserved; where there are fewer at all, whether all of them did.
bool Breaker::is_widespread(std::uint64_t Call::* by) const {
  std::vector<std::uint64_t> all;  // at most minimum_keys of each
  std::vector<std::uint64_t> unserved;
  const auto add = [&](std::vector<std::uint64_t>& keys, std::uint64_t key) {
    if (keys.size() < options_.minimum_keys && std::ranges::find(keys, key) == keys.end()) {
      keys.push_back(key);
    }
  };
  for (const Call& call : calls_) {
    add(all, call.*by);
    if (!call.served) {
      add(unserved, call.*by);
    }
    if (unserved.size() == options_.minimum_keys) {
      return true;
    }
  }
  return unserved.size() >= all.size();
}

void Breaker::trip(SteadyTime now, double jitter) {
  pause_ = options_.open_first;
  open(now, pause_, jitter);
}

void Breaker::reopen(SteadyTime now, bool by_record, double jitter) {
  if (by_record) {
    pause_ = std::min(pause_ * 2, options_.open_max);
  }
  open(now, by_record ? pause_ : options_.open_first, jitter);
}

void Breaker::open(SteadyTime now, std::chrono::milliseconds pause, double jitter) {
  const double lengthened = static_cast<double>(pause.count()) * (1.0 + 0.2 * std::clamp(jitter, 0.0, 1.0));
  tripped_ = true;
  opened_at_ = now;
  open_until_ = now + std::chrono::milliseconds(static_cast<std::chrono::milliseconds::rep>(lengthened));
  successes_ = 0;
  health_seen_ = false;
  for (InFlight* flight : {&records_, &reads_}) {
    flight->late += flight->current;
    flight->current = 0;
  }
  ++times_opened_;
  forget_calls();
}

void Breaker::forget_calls() {
  calls_.clear();
  not_served_ = 0;
  silence_.clear();
  overtaken_ = 0;
}

void Breaker::close() {
  tripped_ = false;
  suspects_.clear();
  successes_ = 0;
  health_seen_ = false;
  forget_calls();
}

}  // namespace titip::rules
