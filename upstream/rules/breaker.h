// The circuit breaker of one destination. Pure: state and time in, state out; no clock, no lock, one owner.
// Closed -> open: in a time window, enough calls from enough different keys, too many of them not served (a poison
// record must not look like an outage). Or silence, where the window holds too few calls to say anything because each
// hangs for longer than it is long: as many of them one upon the other, begun since the last was served, none served.
// Open -> half-open when the pause is over: health reads first, then one record at a time. Half-open -> closed after
// `successes_to_close`; a record not served reopens with twice the pause, up to `open_max`, a read not served with the
// first one: asking costs the server little, and whoever comes between its return and the next question waits as if
// there had been no return. Whatever the state, who stands on the way and refuses what he is shown opens it for
// `open_max`. Invariant: a call that was started before the breaker tripped decides nothing when it ends
// after. So nothing starts in half-open until those have ended
// (`late_calls_max` bounds the wait, should one never be reported).
#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <optional>
#include <string_view>

#include "upstream/rules/exchange.h"

namespace titip::rules {

struct BreakerOptions {
  std::chrono::milliseconds window{10'000};
  std::uint32_t minimum_calls = 5;
  // Different facilities or ordering keys among the calls not served; fewer where fewer call at all (a lone clinic).
  std::uint32_t minimum_keys = 2;
  double failure_ratio = 0.5;
  std::chrono::milliseconds open_first{15'000};
  std::chrono::milliseconds open_max{300'000};
  std::uint32_t successes_to_close = 3;
  std::chrono::milliseconds late_calls_max{120'000};  // longer than any time-out of a call
};

enum class BreakerState : std::uint8_t { closed, open, half_open };
std::string_view name(BreakerState state);

class Breaker {
 public:
  explicit Breaker(BreakerOptions options);

  BreakerState state(SteadyTime now) const;  // open turns half-open by time alone

  // What may start now. In half-open: a health read while none has succeeded yet, then one record at a time.
  bool may_send_record(SteadyTime now) const;
  bool may_send_read(SteadyTime now) const;  // pass-through reads, log-ins and probes: closed or half-open
  bool wants_health_read(SteadyTime now) const;
  std::optional<SteadyTime> wakes_at() const;  // when open ends
  // While it is not closed: calls of this key tripped it, or reopened it, or it is in trouble of its own. Others are
  // tried first, where there are any: a record that the server cannot bear must not be what says whether the server is
  // back.
  bool is_suspect(std::uint64_t key) const;

  // Every call that was sent is noted exactly once. `key` distinguishes who called (a hash of the ordering key).
  // `is_record` is false for health reads and other reads. `jitter` in [0, 1) lengthens the next pause by up to a
  // fifth.
  void started(SteadyTime now, bool is_record);
  // `thing`: what a caller asked for; told apart only where a single caller calls at all.
  void finished(SteadyTime now, bool is_record, bool served, std::uint64_t key, double jitter, std::uint64_t thing = 0);
  // The other way to end: what came says nothing of the destination (the caller's own credentials were refused by
  // something that is not the service itself).
  void said_nothing(SteadyTime now, bool is_record);
  // And the third: somebody on the way there refused our own credentials (a proxy, 407). He will refuse them of
  // everybody, and again, until a person has mended them; and who shows wrong ones often may be shut out for good. So
  // one is enough, and the pause is the longest.
  void refused_on_the_way(SteadyTime now, bool is_record, double jitter);

  // Only health reads can be tried: they alone may then close the breaker. Said again whenever it changes.
  void no_record_can_be_sent() { reads_close_ = true; }
  void records_can_be_sent() { reads_close_ = false; }

  std::uint32_t times_opened() const { return times_opened_; }  // reopening from half-open included

 private:
  struct Call {
    SteadyTime at;
    bool served;
    std::uint64_t key;
    std::uint64_t thing;
  };
  struct InFlight {
    std::uint32_t current = 0;  // started since the last trip
    std::uint32_t late = 0;     // started before it
  };
  InFlight& in_flight(bool is_record) { return is_record ? records_ : reads_; }
  bool waits_for_late_calls(SteadyTime now) const;
  bool may_try(SteadyTime now) const;  // half-open, and nothing from before the trip in the way
  bool should_trip() const;
  bool is_widespread(std::uint64_t Call::* by) const;
  void trip(SteadyTime now, double jitter);
  void reopen(SteadyTime now, bool by_record, double jitter);
  void open(SteadyTime now, std::chrono::milliseconds pause, double jitter);
  void close();
  bool ended(SteadyTime now, bool is_record);  // false: it decides nothing
  void forget_calls();
  void note(const Call& call);
  void note_silence(SteadyTime now, bool served, std::uint64_t key);
  bool is_silent() const;
  std::uint32_t under_way() const { return records_.current + reads_.current; }
  std::chrono::milliseconds idle(SteadyTime now) const;
  void suspect(std::uint64_t key);
  bool has_own_trouble(std::uint64_t key) const;
  void note_own_trouble(bool served, std::uint64_t key);

  BreakerOptions options_;
  bool tripped_ = false;
  SteadyTime opened_at_{};
  SteadyTime open_until_{};
  std::chrono::milliseconds pause_{0};  // after the last record that was not served
  std::uint32_t successes_ = 0;
  bool health_seen_ = false;
  InFlight records_;
  InFlight reads_;
  bool reads_close_ = false;
  std::uint32_t times_opened_ = 0;
  std::uint32_t not_served_ = 0;  // among calls_
  std::deque<Call> calls_;        // closed only: those of the window
  struct Silent {
    std::chrono::milliseconds idle;  // what idle() said
    std::uint64_t key;
  };
  std::deque<Silent> silence_;         // closed only: the latest calls that began after the last one served
  std::uint32_t overtaken_ = 0;        // closed only: calls under way that began before that
  std::chrono::milliseconds idle_{0};  // so long nothing was under way, before
  std::optional<SteadyTime> idle_since_;
  static constexpr std::size_t most_suspects = 64;
  std::deque<std::uint64_t> suspects_;  // not closed only; the latest
  // Keys whose record was not served while nearly everybody else was. Until a record of theirs is served, that another
  // is not says nothing of the server: at night nobody else may call.
  static constexpr std::size_t most_in_own_trouble = 1'024;
  std::deque<std::uint64_t> own_trouble_;  // the latest
};

}  // namespace titip::rules
