// How the dispatcher brings what came of a record to the store, and lets go of it.
#include <algorithm>
#include <utility>

#include "gateway/delivery/work.h"
#include "metrics/log.h"
#include "storage/kept_reply.h"

namespace titip::delivery {
namespace {

using metrics::Field;
using metrics::Level;
using rules::BreakerState;
using storage::State;

// A store that takes nothing now may do so in a moment.
constexpr auto again_after = std::chrono::milliseconds(100);
constexpr auto slow_again_after = std::chrono::milliseconds(10'000);  // a record is damaged

}  // namespace

AttemptEnd Dispatcher::end_of(const WorkPtr& work) const {
  return {work->opened_at,  doors_.clock.wall(),
          *work->route,     doors_.upstream.state() == BreakerState::closed,
          doors_.uniform(), served_.of(work->record.facility, doors_.clock.steady())};
}

void Dispatcher::settle(const WorkPtr& work, storage::Settlement settlement, const std::string& words,
                        const rules::Reply* reply) {
  const auto& id = work->record.id;
  settlement.attempt.patched = work->outbound.patched;
  if (!words.empty()) settlement.attempt.note = doors_.sealer.seal(work->key, id, "note", words);
  const bool decided = settlement.event == storage::Event::delivered || settlement.event == storage::Event::rejected;
  if (decided && reply != nullptr)
    settlement.reply = doors_.sealer.seal(
        work->key, id, "reply", encode(storage::KeptReply{reply->http_status, reply->content_type, reply->body}));
  store_settlement(work, std::move(settlement));
}

void Dispatcher::store_settlement(const WorkPtr& work, storage::Settlement settlement) {
  settlement.epoch = work->epoch;
  if (settlement.news.empty()) settlement.news = news_of(work, settlement.event, settlement.attempt.rule);
  std::vector<storage::Settlement> batch{settlement};
  doors_.store.settle(
      std::move(batch), doors_.home,
      [this, work, settlement = std::move(settlement)](storage::Result<std::vector<storage::Changed>> changed) mutable {
        // Nothing was written and the store is well: an outcome must not be lost, so it is brought again.
        if (!changed && changed.error() != storage::Error::in_doubt && !stopping_ && doors_.store.health().writable) {
          const bool damaged = changed.error() == storage::Error::corrupt;
          if (damaged && active_.contains(work->record.id)) leave_alone(work, work->record.state == State::unknown);
          doors_.timers.after(damaged ? slow_again_after : again_after,
                              [this, work, settlement = std::move(settlement)]() mutable {
                                store_settlement(work, std::move(settlement));
                              });
          return;
        }
        settled(work, settlement, std::move(changed));
      });
}

// A record whose entries are damaged gives its place back and is not looked at again; it holds nobody else up. A
// settlement of it is still brought again, and ends this when the store takes it.
void Dispatcher::leave_alone(const WorkPtr& work, bool stays_in_index) {
  metrics::log(Level::error, "record_left_alone", {{Field::submission, work->record.id.text()}});
  left_alone_.emplace(work->record.id, stays_in_index);
  if (stays_in_index) pass_over(work);
  release(work, true);
}

void Dispatcher::settled(const WorkPtr& work, const storage::Settlement& settlement,
                         storage::Result<std::vector<storage::Changed>> changed) {
  // Without the store's word the record stays as the store knows it: an open attempt, unknown after the restart.
  if (!changed) return release(work, false);
  const auto [applied, state] = std::pair(changed->front().applied, changed->front().state);
  count_news(changed->front());
  if (applied != storage::Applied::yes)
    metrics::log(
        Level::error, "settlement_stale",
        {{Field::submission, work->record.id.text()}, {Field::outcome, storage::name(settlement.attempt.outcome)}});
  if (applied == storage::Applied::fenced) {
    lost_lease();
    return release(work, false);
  }
  if (state != State::unknown) late_apply_.settled(work->record.id);
  if (applied == storage::Applied::yes) draining_.changed(work->record, state, doors_.clock.wall());
  if (applied == storage::Applied::yes && state == State::delivered)
    doors_.probes.delivered_after(work->record.channel, *settlement.attempt.ended_at - work->record.accepted_at);
  if (applied == storage::Applied::yes && (state == State::delivered || state == State::rejected))
    note_surge(work->record.facility, state == State::rejected);
  if (state == State::deferred && !work->record.aging_since) age_began_ = true;
  // What is asked for as fresh falls due without anybody knowing when.
  const auto fresh_since = doors_.clock.wall() - options_.fresh_age;
  if (state == State::deferred && settlement.due_at &&
      work->record.accepted_at >= std::min(fresh_since, draining_.began(doors_.clock.wall()).value_or(fresh_since)))
    lanes_.remind(work->lane, *settlement.due_at);
  const bool refused = std::exchange(work->password_refused, false);
  if (refused && applied == storage::Applied::yes && state == State::queued)
    return hold_if_refused_for_good(work, changed->front());
  release(work, true);
}

void Dispatcher::hold(const WorkPtr& work, storage::HoldReason reason) {
  move(work, storage::Event::hold, reason);
}

void Dispatcher::move(const WorkPtr& work, storage::Event event, storage::HoldReason reason) {
  storage::Transition transition;
  transition.id = work->record.id;
  transition.expected_state = work->record.state;
  transition.expected_version = work->record.version;
  transition.event = event;
  transition.hold_reason = reason;
  transition.news = news_of(work, event, work->record.outcome_rule);
  if (event == storage::Event::repeat_allowed) transition.due_at = doors_.clock.wall();
  doors_.store.transition({transition}, doors_.home, [this, work](const auto& changed) {
    if (changed && changed->front().applied == storage::Applied::yes)
      draining_.changed(work->record, changed->front().state, doors_.clock.wall());
    if (changed) count_news(changed->front());
    if (changed) return release(work, true);
    changed.error() == storage::Error::corrupt ? leave_alone(work, true) : release_for_later(work);
  });
}

// The store took no change now: look again in a moment, not at once.
void Dispatcher::release_for_later(const WorkPtr& work) {
  wait_for_store();
  release(work, true);
}

void Dispatcher::wait_for_store() {
  if (std::exchange(store_waits_, true)) return;
  doors_.timers.after(again_after, [this] {
    store_waits_ = false;
    pump();
  });
}

}  // namespace titip::delivery
