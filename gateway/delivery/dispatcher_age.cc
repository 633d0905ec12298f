// The maximum age: it counts by a clock that stands still while nothing could have been sent, and that lasts over a
// restart. An outage of a week expires nothing; a server that is up and puts a record off for ever does.
#include <utility>

#include "gateway/delivery/work.h"
#include "metrics/log.h"

namespace titip::delivery {
namespace {

using metrics::Field;
using metrics::Level;

}  // namespace

// Until the note is read no age is known, and nothing expires.
void Dispatcher::recall_served() {
  read_object(served_kind, [this](const storage::Result<std::optional<storage::Object>>& object) {
    // Without a note, or with a damaged one, the clock begins anew: too young is safe.
    ServedNote note;
    if (object && *object) {
      auto known = decode_served((*object)->bytes);
      if (known) note = std::move(*known);
    }
    served_.resume(note, doors_.clock.steady());
    noted_served_ = std::move(note);
    pump();
  });
}

// Whatever keeps records from being sent must be named here, or they age meanwhile.
bool Dispatcher::can_be_sent_to() const {
  return lease_ && !gated_ && !stopping_ && doors_.upstream.state() == rules::BreakerState::closed &&
         doors_.upstream.may_send_record() && !store_waits_ && !draining_.active(doors_.clock.wall());
}

void Dispatcher::count_served() {
  const auto now = doors_.clock.steady();
  served_.sendable(can_be_sent_to(), now);
  if (!served_.known()) return;
  // Somebody's age began to count by a clock that the note is far behind of: a crash must not set it back so far.
  const bool far_behind = std::exchange(age_began_, false) && served_.served(now) - noted_served_->served > note_every;
  if (!far_behind && noted_served_at_ && now < *noted_served_at_ + note_every) return;
  noted_served_at_ = now;
  // While nothing was put off nobody's age is being counted, and what the clock forgets harms nobody.
  if (counted().by_state[static_cast<std::size_t>(storage::State::deferred)] == 0) return;
  auto note = served_.note(now);
  if (note == noted_served_) return;
  auto bytes = encode(note);
  noted_served_ = std::move(note);
  // One that is not taken is overtaken by the next.
  doors_.store.put_objects({{std::string(served_kind), options_.destination, std::nullopt, std::move(bytes)}},
                           doors_.home, [](const auto&) {});
}

// After everything that may have stopped a facility, or let it go on. What is in between (a log-in under way) changes
// nothing: the pause ends when a log-in is accepted.
void Dispatcher::count_stop(const std::string& facility) {
  const auto now = doors_.clock.steady();
  const auto standing = logins_.standing(facility, now);
  const bool shut_out = brings_passwords() && authorizations_.nobody_let_in(facility);
  if (shut_out) {
    shut_out_.insert(facility);
  } else {
    shut_out_.erase(facility);
  }
  if (gated_facilities_.contains(facility) || standing == Standing::paused || shut_out ||
      unsigned_.contains(facility)) {
    served_.stop(facility, now);
  } else if (standing == Standing::usable) {
    served_.go_on(facility, now);
  }
}

// A person must look at it; it does not hold its key any more.
void Dispatcher::expire(const WorkPtr& work) {
  metrics::log(Level::warning, "record_expired",
               {{Field::destination, options_.destination},
                {Field::facility, work->record.facility},
                {Field::submission, work->record.id.text()},
                {Field::rule, work->record.outcome_rule}});
  move(work, storage::Event::expire, storage::HoldReason::none);
}

}  // namespace titip::delivery
