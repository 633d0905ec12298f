// One national server as the gateway sees it: its transport, its circuit breaker, its window, and the health that
// others read. Delivery and pass-through reads go through here, so that both obey the breaker and count in it. Threads:
// everything on the destination's loop, except health(), which any thread may call.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "metrics/catalogue.h"
#include "upstream/client/transport.h"
#include "upstream/profile/profile.h"
#include "upstream/rules/breaker.h"
#include "upstream/rules/classify.h"
#include "upstream/rules/concurrency.h"
#include "upstream/rules/refusals.h"
#include "upstream/rules/server_pause.h"

namespace titip::client {

using WallTime = std::chrono::sys_time<std::chrono::milliseconds>;

// A copy of what is known of the server's health; plain, cheap.
struct Health {
  rules::BreakerState state = rules::BreakerState::closed;
  std::optional<WallTime> outage_since;  // from the first opening until it closes again
  std::optional<WallTime> last_served;
  std::uint32_t outages = 0;                    // since the process started
  std::string cause;                            // of the outage: the failure that opened the breaker, by name
  std::optional<WallTime> asked_to_wait_until;  // by the server's Retry-After
};

struct UpstreamOptions {
  rules::BreakerOptions breaker;
  rules::ConcurrencyOptions window;
  rules::RefusalsOptions refusals;
  std::chrono::milliseconds longest_answer{30'000};  // the transport's time-out
};

struct UpstreamDoors {
  Transport& transport;
  std::function<rules::SteadyTime()> steady;
  std::function<WallTime()> wall;
  std::function<double()> uniform;  // [0, 1)
  metrics::DestinationProbes& probes;
  // Signs the health read, where the scheme asks for it. May be empty: a refusal in the service's envelope is a sign of
  // life too.
  std::function<void(OutboundRequest&)> sign_health_read{};
  std::function<void()> health_read_refused{};  // for the credentials that it carried; may be empty
};

class Upstream {
 public:
  Upstream(const profile::Profile& profile, UpstreamOptions options, UpstreamDoors doors);

  // `key` tells callers apart in the breaker, `thing` what a lone caller asks for. `facility`: with whose credentials;
  // empty: nobody's that are known.
  struct Caller {
    std::uint64_t key = 0;
    std::string facility{};
    std::uint64_t thing = 0;
  };
  // The caller has asked may_send_record() and holds a durable open mark. Credentials refused for many facilities at
  // once come back as deferred and not served: the server's trouble, not theirs.
  void send_record(OutboundRequest request, std::string route, Caller caller,
                   std::move_only_function<void(rules::Exchange, rules::Classified)> done);
  // For whom a read is: a Retry-After with 429 to somebody's own question is theirs, not the destination's.
  enum class Asker : std::uint8_t { delivery, somebody };
  // Answers Failure::not_admitted at once while the breaker does not admit reads.
  // A probe is its record's call, a pass-through read its facility's, a log-in nobody's (key 0). Refused by a bare 401
  // or 403 it says nothing of the destination, unless so many facilities are that it is the destination's trouble.
  void send_read(OutboundRequest request, Caller caller, Asker asker,
                 std::move_only_function<void(rules::Exchange)> done);
  void send_health_read();
  // What a log-in says of a facility's credentials. True: they are refused for many at once, so believe it of nobody.
  bool credentials_answered(const std::string& facility, bool refused);
  // Runs on the loop when that is over, before whoever asked hears of it: refusals since then meant nothing.
  void on_refusals_over(std::function<void(rules::SteadyTime since)> over) { refusals_over_ = std::move(over); }

  bool may_send_record() const;
  // Where others wait, they are tried before this one: it tripped the breaker, which is not closed.
  bool is_suspect(std::uint64_t key) const { return breaker_.is_suspect(key); }
  bool may_send_read() const;
  bool wants_health_read() const;
  rules::BreakerState state() const;
  // How much shorter than any other the time-out of a call is that is sent now (rules/trial.h).
  std::chrono::milliseconds cut_short() const;
  // When time alone lets something start again: the breaker's pause is over, and the one that the server asked for.
  std::optional<rules::SteadyTime> wakes_at() const;
  std::uint32_t window() const;  // records that may be in flight: 1 in half-open
  void records_waiting(bool any);
  // How many places of the window are taken, by those too whose open mark is still being written.
  void records_in_hand(std::uint32_t places) { records_in_hand_ = places; }
  // The breaker turns half-open by time alone: call when wakes_at() has come, so that health and metrics say so.
  void refresh() { publish(false); }

  // Runs on the loop after every change of state or capacity.
  void on_change(std::function<void()> changed) { changed_ = std::move(changed); }

  Health health() const;
  void close() { doors_.transport.close(); }

 private:
  enum class Said : std::uint8_t { served, not_served, nothing };
  struct Call {
    bool is_record = false;
    bool is_trial = false;
    std::uint64_t key = 0;
    std::uint64_t thing = 0;
  };
  bool shorten(OutboundRequest& request) const;
  Said what_it_says(const Caller& caller, Asker asker, const rules::Exchange& exchange);
  void note(const Call& call, Said said, const rules::Exchange& exchange);
  void note_pause(Asker asker, const rules::Exchange& exchange);
  bool server_is_ready() const { return server_pause_.over(doors_.steady()); }
  void publish(bool served);

  const profile::Profile& profile_;
  UpstreamDoors doors_;
  rules::Breaker breaker_;
  std::unique_ptr<rules::Concurrency> window_;
  rules::Refusals refusals_;
  rules::Refusals read_refusals_;  // of reads that somebody asked for; they begin and end nobody's pause
  std::chrono::milliseconds longest_answer_;
  std::uint32_t hung_trials_ = 0;  // in a row
  rules::ServerPause server_pause_;
  std::string cause_;  // of the last opening
  std::uint32_t records_in_flight_ = 0;
  std::uint32_t records_in_hand_ = 0;
  rules::BreakerState known_state_ = rules::BreakerState::closed;
  std::function<void()> changed_;
  std::function<void(rules::SteadyTime)> refusals_over_;
  mutable std::mutex health_mutex_;
  Health health_;
};

}  // namespace titip::client
