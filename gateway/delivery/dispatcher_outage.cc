// Outages as records: what the breaker did, written down while it lasts, so that it is evidence afterwards.
#include <algorithm>
#include <utility>

#include "gateway/delivery/work.h"
#include "metrics/log.h"

namespace titip::delivery {
namespace {

constexpr std::size_t page = 100;
constexpr int further_each_time = 8;
constexpr auto again_after = std::chrono::milliseconds(1'000);
constexpr auto leaves_a_backlog = std::chrono::seconds(60);

}  // namespace

// One that was going on when the last process ended is looked for: of this destination's records the newest, if it has
// no end. Their names sort by destination and beginning, so the search looks back from now, further each time, until
// there is one, and goes on to the last. Until that is known nothing is written.
void Dispatcher::recall_outage(std::chrono::milliseconds back) {
  const auto now = doors_.clock.wall();
  const bool all = back >= now.time_since_epoch();
  Outage oldest;
  oldest.destination = options_.destination;
  oldest.began_at = now - back;
  auto after = all ? object_prefix(options_.destination) : object_name(oldest);
  read_outages(std::move(after), {}, [this, back, all](NewestOutage newest) {
    if (!newest.any && !all) return recall_outage(back * further_each_time);
    if (newest.outage) remember_end(*newest.outage);
    if (newest.outage && !newest.outage->ended_at) outages_.resume(std::move(*newest.outage));
    knows_outage_ = true;
    note_outage();
  });
}

void Dispatcher::read_outages(std::string after, NewestOutage so_far, std::function<void(NewestOutage)> take) {
  until_answered<NamedObjects>(
      [this, after = std::move(after)](auto done) {
        doors_.store.list_objects(std::string(outage_kind), after, page, doors_.home, std::move(done));
      },
      [this, newest = std::move(so_far), take = std::move(take)](storage::Result<NamedObjects> list) mutable {
        // A damaged record among them must not end the keeping of records: what comes is a new outage then.
        if (!list) return take({.any = true});
        bool others = false;
        for (const auto& [name, object] : *list) {
          others = !name.starts_with(object_prefix(options_.destination));
          if (others) break;
          newest.any = true;
          auto outage = decode_outage(object.bytes);
          if (outage) newest.outage = std::move(*outage);
        }
        if (others || list->size() < page) return take(std::move(newest));
        read_outages(list->back().first, std::move(newest), std::move(take));
      });
}

storage::DestinationCounts Dispatcher::counted() const {
  const auto counts = doors_.store.counts();
  const auto found = counts.destinations.find(options_.destination);
  return found != counts.destinations.end() ? found->second : storage::DestinationCounts{};
}

// At every change of the breaker, and now and then while it is not closed.
void Dispatcher::note_outage() {
  if (!knows_outage_) return;
  const auto health = doors_.upstream.health();
  // One that began before a restart goes on until the server has served somebody again.
  const bool available = health.state == rules::BreakerState::closed && (!outages_.open() || health.last_served);
  if (available && !outages_.open()) return;
  const auto now = doors_.clock.wall();
  if (!available && outages_.open() && noted_outage_at_ && now < *noted_outage_at_ + note_every) return;
  noted_outage_at_ = now;
  const auto counts = counted();
  std::uint64_t pending = 0;
  for (const auto state : storage::all_states)
    if (!storage::is_terminal(state)) pending += counts.by_state[static_cast<std::size_t>(state)];
  const auto changed = outages_.changed({available, health.cause, counts.accepted, pending, now});
  if (!changed) return;
  remember_end(*changed);
  keep_outage(*changed);
}

void Dispatcher::remember_end(const Outage& outage) {
  const auto length = lasted(outage);
  if (length && *length >= leaves_a_backlog) back_since_ = outage.ended_at;
}

// What came in during an outage is backlog when it ends, however young: were it fresh, whoever comes now would stand
// behind all of it for as long as the drain lasts.
storage::WallTime Dispatcher::fresh_since(storage::WallTime now) const {
  const auto by_age = now - options_.fresh_age;
  if (!back_since_ || *back_since_ > now) return by_age;  // the clock was set back
  return std::max(by_age, *back_since_);
}

// Written again until the store takes it; a newer word about the same outage overtakes it by its end alone.
void Dispatcher::keep_outage(const Outage& outage) {
  doors_.store.put_objects({{std::string(outage_kind), object_name(outage), std::nullopt, encode(outage)}}, doors_.home,
                           [this, outage](const storage::Result<std::vector<storage::Applied>>& applied) {
                             if (applied || stopping_) return;
                             const auto& open = outages_.open();
                             const bool overtaken = !outage.ended_at && (!open || open->began_at != outage.began_at);
                             if (!overtaken) doors_.timers.after(again_after, [this, outage] { keep_outage(outage); });
                           });
}

}  // namespace titip::delivery
