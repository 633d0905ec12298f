#include "gateway/delivery/dispatcher.h"

#include <algorithm>
#include <utility>

#include "gateway/clock/local_date.h"
#include "gateway/delivery/work.h"
#include "metrics/log.h"
#include "metrics/words/said.h"

namespace titip::delivery {
namespace {

using namespace std::chrono_literals;
using metrics::Field;
using metrics::Level;

}  // namespace

Dispatcher::Dispatcher(DispatcherOptions options, DispatcherDoors doors)
    : options_(std::move(options)),
      doors_(std::move(doors)),
      logins_(options_.login),
      authorizations_({options_.login.pause_first, options_.login.pause_max}),
      late_apply_(options_.settle.late_apply_wait, doors_.clock.steady()),
      permits_(options_.permits, doors_.clock.steady()),
      surges_(options_.surge),
      outages_(options_.destination),
      marks_ahead_(options_.marks_ahead),
      reads_back_(std::ranges::any_of(doors_.profile.routes, can_read_back)) {}

Dispatcher::~Dispatcher() = default;

void Dispatcher::start() {
  doors_.upstream.on_change([this] { pump(); });
  doors_.upstream.on_refusals_over([this](auto since) { forgive(since); });
  doors_.store.subscribe(options_.destination, doors_.home, [this](const storage::CommitNotice& notice) {
    for (const auto& lane : notice.lanes) lanes_.wake(lane);
    pump();
  });
  recall_outage(std::chrono::hours(24));
  recall_served();
  recall_health_credentials();
  recall_drain();  // before anything is sent
}

void Dispatcher::stop(std::move_only_function<void()> done) {
  stopping_ = true;
  give_places();  // whoever stands in line for one is let go
  stopped_ = std::move(done);
  if (timer_) doors_.timers.cancel(*timer_);
  timer_.reset();
  if (active_.empty() && stopped_) std::exchange(stopped_, nullptr)();
}

void Dispatcher::credentials_renewed(const std::string& facility) {
  renew(facility);
  pump();
}

void Dispatcher::gate(bool shut, std::string_view reason) {
  if (std::exchange(gated_, shut) == shut) return;
  metrics::log(shut ? Level::warning : Level::info, shut ? "destination_gated" : "destination_resumed",
               {{Field::destination, options_.destination}, {Field::reason, reason}});
  if (!shut) {
    surges_.reset_all();
    for (const auto& facility : gated_facilities_) surges_.gated(facility);
    learn_lanes();  // behind the gate they were put to rest
  }
  pump();
}

void Dispatcher::gate_facility(const std::string& facility, bool shut, std::string_view reason) {
  const bool changes = shut ? gated_facilities_.insert(facility).second : gated_facilities_.erase(facility) == 1;
  if (!changes) return;
  metrics::log(shut ? Level::warning : Level::info, shut ? "facility_gated" : "facility_resumed",
               {{Field::destination, options_.destination}, {Field::facility, facility}, {Field::reason, reason}});
  doors_.probes.facilities_gated.set(static_cast<double>(gated_facilities_.size()));
  count_stop(facility);
  if (shut) {
    surges_.gated(facility);
  } else {
    surges_.reset(facility);
    lanes_.wake({options_.destination, facility});
  }
  pump();
}

void Dispatcher::release(const WorkPtr& work, bool wake_lane) {
  give_back_claim(work);
  const auto alone = left_alone_.find(work->record.id);
  if (alone != left_alone_.end() && !active_.contains(work->record.id)) {  // its place was given back before
    if (alone->second) not_in_index(work);
    left_alone_.erase(alone);
    lanes_.wake(work->lane);
    return pump();
  }
  active_.erase(work->record.id);
  if (const auto user = std::exchange(work->tries, std::nullopt)) {
    authorizations_.ended(*user);
    look_at_parked_ = true;
  }
  if (std::exchange(work->answered, false)) --answered_;
  give_back_permit(work);
  if (fetching_) let_go_meanwhile_.insert(work->record.id);
  meet_no_more(work);
  if (wake_lane) lanes_.wake(work->lane);
  if (stopping_ && active_.empty() && stopped_) return std::exchange(stopped_, nullptr)();
  pump();
}

void Dispatcher::meet_no_more(const WorkPtr& work) {
  if (std::exchange(work->in_index, false)) not_in_index(work);
}

// It stays in the index when it is let go, in front of others, which a peek must look past.
void Dispatcher::pass_over(const WorkPtr& work) {
  work->in_index = false;  // nobody's to take out but who ends its being left alone
  in_index_[work->lane].insert(work->record.id);
}

void Dispatcher::not_in_index(const WorkPtr& work) {
  const auto lane = in_index_.find(work->lane);
  if (lane == in_index_.end()) return;
  lane->second.erase(work->record.id);
  if (lane->second.empty()) in_index_.erase(lane);
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
  work->outbound.patched.insert(work->outbound.patched.end(), work->placed.begin(), work->placed.end());
  return true;
}

// One call a record: the writer groups them anyway, and one damaged record must not hold up the others.
void Dispatcher::open(const WorkPtr& work) {
  if (must_wait(work)) return release(work, true);  // a gate was shut, or the drain paused, while it was being peeked
  if (has_expired(work->record, served_.of(work->record.facility, doors_.clock.steady()), options_.settle))
    return expire(work);
  if (holds_for_deadline(work)) return hold(work, storage::HoldReason::deadline);
  if (!work->numbers_are_in) return put_in_numbers(work, [this, work] { open(work); });
  if (work->may_be_in_doubt && may_mean_one_in_doubt(*work)) return wait_for_those_in_doubt(work);
  if (!prepare(work)) return;
  work->opened_at = doors_.clock.wall();
  work->started = doors_.clock.steady();
  storage::OpenAttempt mark;
  mark.epoch = work->epoch;
  mark.id = work->record.id;
  mark.expected_version = work->record.version;
  mark.attempt.opened_at = work->opened_at;
  mark.attempt.patched = work->outbound.patched;
  ++opening_;
  doors_.store.open_attempts({std::move(mark)}, doors_.home, [this, work](auto changed) {
    --opening_;
    opened(work, std::move(changed));
  });
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
  meet_no_more(work);
  marks_ahead_.marked(doors_.clock.steady() - work->started);
  in_line_.push_back(work);
  give_places();
}

void Dispatcher::send(const WorkPtr& work) {
  work->started = doors_.clock.steady();
  // The breaker may have opened, a gate been shut or the lease been lost since it was asked for: then nothing is sent,
  // and nothing is counted.
  if (stopping_ || !lease_ || must_wait(work) || !doors_.upstream.may_send_record()) return not_sent(work);
  if (!sign(work->outbound.request, work)) return not_sent(work);
  throughput_.sent(work->started);
  work->cut_short = doors_.upstream.cut_short();
  doors_.upstream.send_record(std::move(work->outbound.request), work->record.route,
                              {work->breaker_key(), work->record.facility},
                              [this, work](const rules::Exchange& exchange, const rules::Classified& classified) {
                                sent(work, exchange, classified);
                                give_places();
                              });
}

// With the secret as it is now, not as it was when the record was looked at. False: there is none any more.
bool Dispatcher::sign(client::OutboundRequest& request, const WorkPtr& work) const {
  if (auto known = doors_.facilities.find(work->record.facility)) work->facility = std::move(known);
  if (!can_sign(doors_.profile, *work->facility)) return false;
  delivery::sign(request, doors_.profile, *work->facility, credentials_for(work), doors_.clock.wall());
  return true;
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
  work->answered = true;
  ++answered_;
  const auto* reply = std::get_if<rules::Reply>(&exchange);
  if (reply != nullptr) marks_ahead_.answered(doors_.clock.steady() - work->started);
  note_standing(work, classified.outcome);
  auto settlement = settle_send(work->record, classified, end_of(work), reply ? reply->http_status : 0,
                                reply ? reply->retry_after : std::chrono::seconds(0), options_.settle);
  doors_.probes.attempted(storage::name(settlement.attempt.outcome), doors_.clock.steady() - work->started);
  if (settlement.event == storage::Event::went_unknown)
    // A server that is given up sooner has the same time to apply it as with any other call.
    late_apply_.went_unknown(work->record.id, doors_.clock.steady() + (reply ? 0ms : work->cut_short));
  note_numbers(work, settlement, in_reply(reply));
  settle(work, std::move(settlement), classified.words, reply);
}

// What the reply says of the facility, beside what it says of the record.
void Dispatcher::note_standing(const WorkPtr& work, rules::OutcomeKind outcome) {
  const auto& facility = work->record.facility;
  using enum rules::OutcomeKind;
  if (outcome == delivered || outcome == duplicate || outcome == rejected || outcome == blocked) {
    logins_.worked(facility);
    if (work->user) let_in(*work->user, work->carried);
  }
  if (outcome == rules::OutcomeKind::login_expired) logins_.expired(facility, doors_.clock.steady());
  if (outcome == rules::OutcomeKind::credentials_refused && !has_another_authorization(work))
    refused_authorization(work);
  count_stop(facility);
}

// What was decided for good, by facility: an app that sends rubbish since yesterday must not send all of it.
void Dispatcher::note_surge(const std::string& facility, bool rejected) {
  const auto surge = surges_.decided(facility, rejected);
  if (surge == rules::Surge::none) return;
  const auto share = static_cast<int>(options_.surge.share * 100);
  if (surge == rules::Surge::facility) {
    const auto reason =
        words::said("over {} % of this facility's last records were rejected; look at why, then resume it", share);
    gate_facility(facility, true, reason.english());
    if (doors_.surged) doors_.surged(facility, reason);
  } else {
    const auto reason =
        words::said("over {} % of the last records of {} facilities were rejected; look at why, then resume", share,
                    options_.surge.facilities);
    gate(true, reason.english());
    if (doors_.surged) doors_.surged(std::nullopt, reason);
  }
}

}  // namespace titip::delivery
