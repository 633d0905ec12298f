// Whose callbacks go next. Every host has a breaker, a window and a pause (Retry-After) of its own, as a national
// service has; hosts take turns, and so do the facilities of one host. A dead host costs the others nothing: it may
// hold no more places than its window, and all hosts together that are not known to answer (new, or failed at their
// last call) no more than `unproven` of the `in_flight` places there are. Pure: time is an argument; one owner.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>

#include "upstream/rules/breaker.h"
#include "upstream/rules/server_pause.h"
#include "upstream/rules/window.h"

namespace titip::delivery {

struct CallbackHostsOptions {
  std::uint32_t in_flight = 64;
  std::uint32_t unproven = 32;
  rules::WindowOptions window{1, 8};
  // One facility may be all that a host has, so who calls is no sign of anything.
  rules::BreakerOptions breaker{.minimum_keys = 1, .successes_to_close = 1};
  std::size_t most_hosts = 4'096;  // remembered beyond those that have something to do
};

class CallbackHosts {
 public:
  explicit CallbackHosts(CallbackHostsOptions options) : options_(options) {}

  // A facility has something for this host. Twice is once.
  void wake(const std::string& host, const std::string& facility);

  // A place that was given out, to be given back by release() or, if it was used, by finished().
  struct Place {
    std::string host;
    bool unproven = false;
  };
  struct Turn {
    std::string facility;
    Place place;
  };
  // Nothing: nobody may go now.
  std::optional<Turn> next(rules::SteadyTime now);
  void started(const Place& place, rules::SteadyTime now);
  void finished(const Place& place, bool served, std::chrono::seconds retry_after, double jitter,
                std::chrono::milliseconds round_trip, rules::SteadyTime now);
  void release(const Place& place);

  // When time alone lets somebody go who waits now.
  std::optional<rules::SteadyTime> wakes_at() const;
  bool is_up(const std::string& host, rules::SteadyTime now) const;
  std::uint32_t in_flight() const { return in_use_; }
  std::size_t remembered() const { return hosts_.size(); }
  std::uint32_t hosts_down(rules::SteadyTime now) const;
  // Why next() said nothing though somebody could be called: "in_flight", "unproven", or nothing.
  std::string_view limit_met() const { return limit_met_; }

 private:
  struct Host {
    explicit Host(const CallbackHostsOptions& options) : breaker(options.breaker), window(options.window) {}
    rules::Breaker breaker;
    rules::Window window;
    rules::ServerPause pause;
    bool proven = false;
    bool in_ring = false;
    std::uint32_t in_use = 0;
    std::deque<std::string> lanes;
    std::set<std::string, std::less<>> waiting;  // the same, to find them
  };
  using Hosts = std::map<std::string, Host, std::less<>>;

  std::deque<std::string>& ring_of(const Host& host) { return host.proven ? proven_ : unproven_; }
  void enter_ring(const std::string& name, Host& host);
  std::optional<Turn> next_of(std::deque<std::string>& ring, rules::SteadyTime now);
  static std::optional<rules::SteadyTime> shut_until(const Host& host, rules::SteadyTime now);
  std::uint32_t room(Host& host, rules::SteadyTime now) const;
  void forget(Hosts::iterator host);

  CallbackHostsOptions options_;
  Hosts hosts_;
  std::deque<std::string> proven_;    // hosts with lanes that may go, or will when a call ends
  std::deque<std::string> unproven_;  // the same, of those not known to answer
  std::multimap<rules::SteadyTime, std::string> asleep_;
  std::uint32_t in_use_ = 0;
  std::uint32_t unproven_in_use_ = 0;
  std::string_view limit_met_;
};

}  // namespace titip::delivery
