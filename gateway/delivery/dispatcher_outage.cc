// Outages as records: what the breaker did, written down while it lasts, so that it is evidence afterwards.
#include <utility>

#include "gateway/delivery/work.h"
#include "metrics/log.h"

namespace titip::delivery {
namespace {

constexpr std::size_t page = 100;
constexpr auto again_after = std::chrono::milliseconds(1'000);

}  // namespace

// One that was going on when the last process ended is looked for among the records, oldest first: of this destination
// the newest, if it has no end. Until that is known nothing is written.
void Dispatcher::recall_outage(std::string after) {
  doors_.store.list_objects(std::string(outage_kind), std::move(after), page, doors_.home,
                            [this](storage::Result<std::vector<std::pair<std::string, storage::Object>>> list) {
                              if (stopping_) return;
                              if (!list) {
                                doors_.timers.after(again_after,
                                                    [this] { recall_outage(object_prefix(options_.destination)); });
                                return;
                              }
                              bool others = false;
                              for (const auto& [name, object] : *list) {
                                others = !name.starts_with(object_prefix(options_.destination));
                                if (others) break;
                                auto outage = decode_outage(object.bytes);
                                if (outage && !outage->ended_at) recalled_ = std::move(*outage);
                              }
                              if (!others && list->size() == page) return recall_outage(list->back().first);
                              if (recalled_)
                                outages_.resume(*std::exchange(recalled_, std::nullopt), counted().accepted);
                              knows_outage_ = true;
                              note_outage();
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
  if (const auto changed = outages_.changed({available, health.cause, counts.accepted, pending, now}))
    keep_outage(*changed);
}

// Written again until the store takes it; a newer word about the same outage overtakes it by its end alone.
void Dispatcher::keep_outage(const Outage& outage) {
  doors_.store.put_objects({{std::string(outage_kind), object_name(outage), std::nullopt, encode(outage)}}, doors_.home,
                           [this, outage](const storage::Result<std::vector<storage::Applied>>& applied) {
                             if (applied || stopping_) return;
                             const bool overtaken = !outage.ended_at && !outages_.open();
                             if (!overtaken) doors_.timers.after(again_after, [this, outage] { keep_outage(outage); });
                           });
}

}  // namespace titip::delivery
