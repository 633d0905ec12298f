#include "upstream/client/upstream.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "metrics/log.h"
#include "upstream/rules/trial.h"

namespace titip::client {
namespace {

using rules::BreakerState;
using rules::Exchange;
using rules::Failure;

// The exchange as the rules read it.
Exchange opened(const std::function<void(rules::Reply&)>& open_reply, Exchange exchange) {
  auto* reply = std::get_if<rules::Reply>(&exchange);
  if (reply != nullptr && open_reply) open_reply(*reply);
  return exchange;
}

// The server is there and asks for less; a failure or a time-out may be one record's fault.
bool says_too_much(const Exchange& exchange) {
  const auto* reply = std::get_if<rules::Reply>(&exchange);
  return reply != nullptr && (reply->http_status == 429 || reply->http_status == 503);
}

double seconds_since_epoch(WallTime at) {
  return static_cast<double>(at.time_since_epoch().count()) / 1000.0;
}

}  // namespace

Upstream::Upstream(const profile::Profile& profile, UpstreamOptions options, UpstreamDoors doors)
    : profile_(profile),
      doors_(std::move(doors)),
      breaker_(options.breaker),
      window_(rules::make_concurrency(options.window)),
      refusals_(options.refusals),
      read_refusals_(options.refusals),
      longest_answer_(options.longest_answer) {
  doors_.probes.window.set(window_->size());
}

void Upstream::send_record(OutboundRequest request, std::string route, Caller caller,
                           std::move_only_function<void(Exchange, rules::Classified)> done) {
  const auto began = doors_.steady();
  breaker_.started(began, true);
  ++records_in_flight_;
  const Call call{true, shorten(request), caller.key};
  auto open_reply = std::move(request.open_reply);
  doors_.transport.send(
      std::move(request), [this, route = std::move(route), caller = std::move(caller), call, began,
                           open_reply = std::move(open_reply), done = std::move(done)](Exchange exchange) mutable {
        exchange = opened(open_reply, std::move(exchange));
        auto classified = rules::classify(profile_, route, exchange);
        const bool refused = classified.outcome == rules::OutcomeKind::credentials_refused;
        // That a log-in has expired says nothing of whether the next one will be let in.
        const bool let_in = classified.served && classified.outcome != rules::OutcomeKind::login_expired;
        if ((refused || let_in) && credentials_answered(caller.facility, refused) && refused) {
          classified.outcome = rules::OutcomeKind::deferred;
          classified.served = false;
        }
        const auto in_flight = records_in_flight_--;
        if (classified.served) {
          // A place that is taken while its mark is written is used too: else a window could not grow where the disk
          // is slower than the server.
          const auto took = std::chrono::duration_cast<std::chrono::milliseconds>(doors_.steady() - began);
          window_->served(std::max(in_flight, records_in_hand_), took, doors_.steady());
        } else {
          window_->not_served(in_flight, says_too_much(exchange), doors_.steady());
        }
        note_pause(Asker::delivery, exchange);
        note(call, classified.served ? Said::served : Said::not_served, exchange);
        done(std::move(exchange), std::move(classified));
        if (changed_) changed_();
      });
}

void Upstream::send_read(OutboundRequest request, Caller caller, Asker asker,
                         std::move_only_function<void(Exchange)> done) {
  if (!may_send_read()) return done(Failure::not_admitted);
  breaker_.started(doors_.steady(), false);
  const Call call{false, shorten(request), caller.key, caller.thing};
  auto open_reply = std::move(request.open_reply);
  doors_.transport.send(std::move(request),
                        [this, caller = std::move(caller), call, asker, open_reply = std::move(open_reply),
                         done = std::move(done)](Exchange exchange) mutable {
                          exchange = opened(open_reply, std::move(exchange));
                          note_pause(asker, exchange);
                          note(call, what_it_says(caller, asker, exchange), exchange);
                          done(std::move(exchange));
                          if (changed_) changed_();
                        });
}

// Whether one caller alone is refused is told by what others hear: as with records, the last word of each facility.
Upstream::Said Upstream::what_it_says(const Caller& caller, Asker asker, const Exchange& exchange) {
  const auto verdict = rules::judge_read(profile_, exchange);
  const auto now = doors_.steady();
  const bool counts = asker == Asker::somebody && !caller.facility.empty();
  if (verdict != rules::ReadVerdict::refused) {
    if (counts && verdict == rules::ReadVerdict::served) read_refusals_.answered(caller.facility, false, now);
    return verdict == rules::ReadVerdict::served ? Said::served : Said::not_served;
  }
  if (caller.facility.empty()) return Said::not_served;
  if (counts) read_refusals_.answered(caller.facility, true, now);
  const auto& all = asker == Asker::somebody ? read_refusals_ : refusals_;
  return all.destination_trouble(now) ? Said::not_served : Said::nothing;
}

void Upstream::send_health_read() {
  OutboundRequest request;
  request.method = "GET";
  request.target = profile_.health_read;
  if (doors_.sign_health_read) doors_.sign_health_read(request);
  breaker_.started(doors_.steady(), false);
  const Call call{false, shorten(request)};
  auto open_reply = std::move(request.open_reply);
  doors_.transport.send(std::move(request), [this, call, open_reply = std::move(open_reply)](Exchange exchange) {
    exchange = opened(open_reply, std::move(exchange));
    note_pause(Asker::delivery, exchange);
    const auto verdict = rules::judge_health_read(profile_, exchange);
    if (verdict.refused && doors_.health_read_refused) doors_.health_read_refused();
    note(call, verdict.served ? Said::served : Said::not_served, exchange);
    if (changed_) changed_();
  });
}

std::chrono::milliseconds Upstream::cut_short() const {
  if (state() == BreakerState::closed) return std::chrono::milliseconds(0);
  return longest_answer_ - rules::trial_time(longest_answer_, hung_trials_);
}

// True: it is a trial.
bool Upstream::shorten(OutboundRequest& request) const {
  if (state() == BreakerState::closed) return false;
  request.answer_within = rules::trial_time(longest_answer_, hung_trials_);
  return true;
}

bool Upstream::credentials_answered(const std::string& facility, bool refused) {
  const auto now = doors_.steady();
  if (const auto since = refusals_.answered(facility, refused, now); since && refusals_over_) refusals_over_(*since);
  return refused && refusals_.destination_trouble(now);
}

bool Upstream::may_send_record() const {
  return server_is_ready() && breaker_.may_send_record(doors_.steady());
}
bool Upstream::may_send_read() const {
  return server_is_ready() && breaker_.may_send_read(doors_.steady());
}
bool Upstream::wants_health_read() const {
  return server_is_ready() && breaker_.wants_health_read(doors_.steady());
}

std::optional<rules::SteadyTime> Upstream::wakes_at() const {
  const auto breaker = breaker_.wakes_at();
  if (server_is_ready()) return breaker;
  return breaker ? std::max(*breaker, *server_pause_.until()) : server_pause_.until();
}
BreakerState Upstream::state() const {
  return breaker_.state(doors_.steady());
}

std::uint32_t Upstream::window() const {
  return state() == BreakerState::closed ? window_->size() : 1;
}

void Upstream::records_waiting(bool any) {
  if (any) {
    breaker_.records_can_be_sent();
  } else {
    breaker_.no_record_can_be_sent();
  }
}

void Upstream::note(const Call& call, Said said, const Exchange& exchange) {
  const auto now = doors_.steady();
  const auto* reply = std::get_if<rules::Reply>(&exchange);
  const bool was_closed = breaker_.state(now) == BreakerState::closed;
  if (reply == nullptr && std::get<Failure>(exchange) == Failure::proxy_credentials) {
    breaker_.refused_on_the_way(now, call.is_record, doors_.uniform());
  } else if (said == Said::nothing) {
    breaker_.said_nothing(now, call.is_record);
  } else {
    breaker_.finished(now, call.is_record, said == Said::served, call.key, doors_.uniform(), call.thing);
  }
  if (call.is_trial)
    hung_trials_ = reply == nullptr && std::get<Failure>(exchange) == Failure::response_timeout ? hung_trials_ + 1 : 0;
  if (was_closed && breaker_.state(now) == BreakerState::open) {
    cause_ = reply != nullptr ? fmt::format("http_{}", reply->http_status)
                              : std::string(rules::name(std::get<Failure>(exchange)));
  }
  const bool served = said == Said::served;
  // Of what the server itself said: whoever answers in its place has a clock of his own. The header leaves out what is
  // behind the second: half of one, on average.
  if (served && reply != nullptr && reply->date)
    doors_.probes.clock_differs_by(std::chrono::duration_cast<std::chrono::milliseconds>(doors_.wall() - *reply->date) -
                                   std::chrono::milliseconds(500));
  publish(served);
}

void Upstream::note_pause(Asker asker, const Exchange& exchange) {
  const auto* reply = std::get_if<rules::Reply>(&exchange);
  if (reply == nullptr || reply->retry_after <= std::chrono::seconds(0)) return;
  const bool is_all_of_it = reply->http_status == 503 || (reply->http_status == 429 && asker == Asker::delivery);
  if (!is_all_of_it) return;
  const bool goes_on = !server_is_ready();
  server_pause_.asked(reply->retry_after, doors_.steady());
  if (goes_on) return;
  metrics::log(metrics::Level::warning, "server_asked_to_wait",
               {{metrics::Field::destination, profile_.name},
                {metrics::Field::duration_ms, std::chrono::milliseconds(reply->retry_after).count()}});
}

// Turns what the breaker thinks into health, metrics and log lines. An outage lasts from the first opening until the
// breaker closes; half-open and opening again belong to the same outage.
void Upstream::publish(bool served) {
  const auto state = breaker_.state(doors_.steady());
  const auto now = doors_.wall();
  const std::lock_guard lock(health_mutex_);
  if (served) {
    health_.last_served = now;
    doors_.probes.last_success.set(seconds_since_epoch(now));
  }
  if (state == BreakerState::open && !health_.outage_since) {
    health_.outage_since = now;
    health_.cause = cause_;
    ++health_.outages;
    doors_.probes.outage_began(cause_);
    doors_.probes.outage_started.set(seconds_since_epoch(now));
    metrics::log(metrics::Level::warning, "outage_began", {{metrics::Field::destination, profile_.name}});
  }
  if (state == BreakerState::closed && health_.outage_since) {
    const auto lasted = now - *health_.outage_since;
    health_.outage_since.reset();
    window_->restart();
    doors_.probes.outage_seconds.add(static_cast<double>(lasted.count()) / 1000.0);
    doors_.probes.outage_started.set(0);
    metrics::log(metrics::Level::info, "outage_ended",
                 {{metrics::Field::destination, profile_.name}, {metrics::Field::duration_ms, lasted.count()}});
  }
  health_.state = state;
  health_.asked_to_wait_until.reset();
  if (!server_is_ready()) {
    health_.asked_to_wait_until =
        now + std::chrono::ceil<std::chrono::milliseconds>(*server_pause_.until() - doors_.steady());
  }
  if (state != known_state_) doors_.probes.upstream_state(rules::name(state));
  known_state_ = state;
  doors_.probes.window.set(window_->size());
  doors_.probes.asked_to_wait_until.set(health_.asked_to_wait_until ? seconds_since_epoch(*health_.asked_to_wait_until)
                                                                    : 0);
}

Health Upstream::health() const {
  const std::lock_guard lock(health_mutex_);
  return health_;
}

}  // namespace titip::client
