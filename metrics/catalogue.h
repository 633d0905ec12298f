// Every metric of Titip, once: its name, its help and its typed probe. Labels are bounded: destinations, states,
// outcomes, route ids of profiles; never a facility, a person, an id, a raw path or a message. Threads: probes are made
// at start and used from any thread.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <map>
#include <mutex>
#include <span>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

#include "metrics/registry.h"
#include "metrics/store_probes.h"

namespace titip::metrics {

// One listener's requests. `route` is a route id or one of our own fixed names.
class HttpProbes {
 public:
  HttpProbes(Registry& registry, std::string listener);
  void answered(std::string_view route, std::string_view method, int status, std::chrono::nanoseconds duration);
  void refused(std::string_view reason);  // by the guard or a limit, before a route was known
  Gauge connections;
  Gauge in_flight_bytes;
  Gauge addresses;

 private:
  struct Child {
    Counter requests;
    Histogram duration;
  };
  const Child& child(std::string_view route, std::string_view method, int status);
  const Counter& refusal(std::string_view reason);

  Registry& registry_;
  std::string listener_;
  std::mutex mutex_;
  std::map<std::tuple<std::string, std::string, int>, Child, std::less<>> children_;
  std::map<std::string, Counter, std::less<>> refusals_;
};

// What became of what clinics sent. Channels: mount, api.
class IntakeProbes {
 public:
  // Of what was not stored though it was fit to be: refused (the store takes nothing), overloaded (its queue is full),
  // too_late (it could not be stored while the clinic waits),
  // over_quota (as many of its facility are pending as may be).
  enum class Verdict : std::uint8_t {
    accepted,
    replayed,
    conflict,
    invalid,
    throttled,
    refused,
    overloaded,
    too_late,
    over_quota
  };
  // What the clinic of a record that was accepted was told. The national answer: relayed. From custody, because it was
  // settled without one; because time was up (timed_out); or at once, because the clinic did not want to wait, the
  // server is down, a gate is shut, something of its key goes before it, its lane has work that is due, or too many
  // wait.
  enum class Told : std::uint8_t { relayed, settled, timed_out, not_wanted, down, gated, behind, backlog, crowded };
  explicit IntakeProbes(Registry& registry);
  void received(std::string_view channel, Verdict verdict) const;
  // `waited`: for the national answer, of those that were relayed.
  void told(Told told, std::chrono::nanoseconds waited) const;

 private:
  std::array<std::array<Counter, 9>, 2> received_;
  std::array<Counter, 9> told_;
  Histogram relayed_after_;
};

// A destination's drain as it stands. No state: there is none.
struct DrainNumbers {
  std::string_view state{};  // canary, running, paused, aborted, done
  bool paused = false;
  std::uint64_t settled = 0;
  std::uint64_t waiting = 0;
  double per_second = 0;
  std::chrono::seconds eta{0};
};

// One destination's delivery, owned by its loop; counters may be read elsewhere.
class DestinationProbes {
 public:
  DestinationProbes(Registry& registry, const std::string& destination);
  void attempted(std::string_view outcome, std::chrono::nanoseconds duration) const;
  void probed(std::string_view result) const;
  void upstream_state(std::string_view state) const;  // closed, half-open, open
  void drain_stands(const DrainNumbers& numbers) const;
  void delivered_after(std::string_view channel, std::chrono::milliseconds since_accepted) const;
  void outage_began(std::string_view cause) const;  // the named failure, or "http_503"
  void clock_differs_by(std::chrono::milliseconds offset);

  double unknown_outcomes() const;
  double probes() const;

  Counter outage_seconds;
  Gauge outage_started;  // seconds since the epoch, 0 while there is none
  Gauge last_success;    // seconds since the epoch, 0 before the first
  Gauge window;
  Gauge in_flight;
  Gauge facilities_paused;
  Gauge facilities_gated;
  Gauge asked_to_wait_until;  // seconds since the epoch; 0: the server asked for no pause
  Counter deadlines_missed;
  Counter retries_held_back;  // looks at due repetitions that the retry budget did not let through

 private:
  std::map<std::string, Counter, std::less<>> attempts_;
  std::map<std::string, Histogram, std::less<>> durations_;
  std::map<std::string, Counter, std::less<>> probes_;
  std::map<std::string, Gauge, std::less<>> states_;
  std::map<std::string, Gauge, std::less<>> drain_states_;
  Gauge drain_settled_;
  Gauge drain_waiting_;
  Gauge drain_rate_;
  Gauge drain_paused_;
  Gauge drain_eta_;
  OptionalGauge clock_offset_;
  std::map<std::string, Counter, std::less<>> outages_;
  std::map<std::string, Histogram, std::less<>> end_to_end_;  // by channel
};

// The queue as it stands, filled at exposition from the store's incremental counts.
class QueueProbes {
 public:
  QueueProbes(Registry& registry, const std::string& destination);
  void submissions(std::string_view state, std::uint64_t count);
  // From what waits by the minute (since 1970) of its acceptance.
  void ages(const std::map<std::int64_t, std::uint64_t>& pending_by_minute,
            std::chrono::sys_time<std::chrono::milliseconds> now);
  // The bounds of Postfix's qshape.
  static constexpr std::array<std::chrono::minutes, 9> age_bounds{
      std::chrono::minutes(5),   std::chrono::minutes(10),  std::chrono::minutes(20),
      std::chrono::minutes(40),  std::chrono::minutes(80),  std::chrono::minutes(160),
      std::chrono::minutes(320), std::chrono::minutes(640), std::chrono::minutes(1280)};
  Gauge bytes;
  Gauge ledger_difference;
  Gauge needs_attention;
  Gauge gated;

 private:
  Registry& registry_;
  std::string destination_;
  std::map<std::string, Gauge, std::less<>> by_state_;
  std::vector<Gauge> by_age_;  // as the bounds, and what is older
  OptionalGauge oldest_;
};

class CommitProbes final : public StoreProbes {
 public:
  explicit CommitProbes(Registry& registry);
  void committed(std::chrono::nanoseconds duration, std::size_t calls) override;
  void failed(std::string_view kind) override;
  void takes(std::span<const std::uint64_t> bytes_by_kind);  // tables, blobs, logs, ballast, other
  Gauge writer_queue;
  Gauge writer_queue_bytes;
  Gauge last_patrol;  // seconds since the epoch, 0 before the first
  Gauge free_bytes;

 private:
  Registry& registry_;
  Histogram duration_;
  Histogram batch_;
  std::vector<Gauge> bytes_;
};

class ReadProbes {
 public:
  explicit ReadProbes(Registry& registry);
  void answered(std::string_view source) const;       // upstream, fresh, stale, custody, verifier, unavailable
  void login_refused(std::string_view reason) const;  // unknown_user, wrong_password, too_old, throttled, crowded
  Gauge kept_bytes;

 private:
  std::map<std::string, Counter, std::less<>> reads_;
  std::map<std::string, Counter, std::less<>> refusals_;
};

// What retention erased, and when it last came round.
class RetentionProbes {
 public:
  explicit RetentionProbes(Registry& registry);
  Counter records;
  Counter bytes;
  Gauge last_pass;  // seconds since the epoch, 0 before the first
  Gauge clock_doubted;
};

// What operators did. Actions: the commands of the control socket.
class AdminProbes {
 public:
  explicit AdminProbes(Registry& registry);
  void acted(std::string_view action) const;

 private:
  std::map<std::string, Counter, std::less<>> actions_;
};

// The facilities that are known, filled at exposition; by no facility's name.
class FacilityProbes {
 public:
  explicit FacilityProbes(Registry& registry);
  Gauge enabled;
  Gauge disabled;
};

void build_info(Registry& registry, const std::string& version, const std::string& revision);
// /proc/self at each exposition: the process_* family every Prometheus user expects.
void process_metrics(Registry& registry);

}  // namespace titip::metrics
