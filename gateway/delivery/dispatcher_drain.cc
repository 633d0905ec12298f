// The dispatcher's drain: recalled before anything is sent, written down while it goes on, ended when nothing of its
// backlog waits any more. What it lets go is decided in draining.h.
#include <utility>

#include "gateway/delivery/work.h"
#include "metrics/log.h"
#include "metrics/words/said.h"

namespace titip::delivery {
namespace {

using metrics::Field;
using metrics::Level;
using storage::State;

constexpr auto again_after = std::chrono::milliseconds(1'000);
constexpr auto unreadable =
    words::text("the record of a drain cannot be read: take it away with `titip drain cancel`, then resume");

}  // namespace

// A search for records of the backlog that wait, by their acceptance.
struct Dispatcher::EndSearch {
  storage::WallTime began;  // the drain's
  std::vector<SearchSpan> spans;
  std::size_t at = 0;
  storage::ScanQuery query;
};

void Dispatcher::recall_drain() {
  read_object(drain_kind, [this](auto object) { recalled_drain(std::move(object)); });
}

// Work begins only now. A drain that nobody can read any more must not let everything go: a gate stands in its place.
void Dispatcher::recalled_drain(storage::Result<std::optional<storage::Object>> object) {
  const bool damaged = !object;
  if (!damaged && *object) {
    auto drain = Drain::decode((*object)->bytes);
    if (drain) {
      draining_.stand(*std::move(drain), drain_now());
      draining_.written(drain_now());
    } else {
      metrics::log(Level::error, "drain_unreadable",
                   {{Field::destination, options_.destination}, {Field::reason, drain.error().english()}});
    }
  }
  drain_unreadable_ = damaged || (*object && !draining_.drain());
  if (drain_unreadable_) {
    gate(true, unreadable.english);
    if (doors_.surged) doors_.surged(std::nullopt, unreadable);
  }
  knows_drain_ = true;
  show_drain();
  claim();
}

void Dispatcher::order_drain(DrainOrder order, std::move_only_function<void(DrainAnswer)> done) {
  if (!knows_drain_ || stopping_)
    return done(
        {DrainRefused{false, words::said("The gateway is starting or stopping; try again in a moment.")}, {}, false});
  const bool forgets = drain_unreadable_ && order.what == DrainOrder::What::cancel;
  auto drain = forgets ? std::expected<std::optional<Drain>, DrainRefused>()
                       : obey(order, draining_.drain(), waiting_in(counted()), doors_.clock.wall());
  if (!drain) return done({std::move(drain.error()), draining_.drain(), false});
  drain_unreadable_ = false;
  draining_.stand(std::move(*drain), drain_now());
  told_of_drain_.emplace_back(
      [done = std::move(done), stands = draining_.drain()](bool kept) mutable { done({{}, std::move(stands), kept}); });
  keep_drain();
  pump();
}

bool Dispatcher::must_wait(const WorkPtr& work) const {
  return is_gated(work->lane) || (work->drained && !draining_.may_go_on(doors_.clock.wall()));
}

// At every look: written at every change of state, and every few seconds while it gets on.
void Dispatcher::note_drain() {
  if (!draining_.drain()) return;
  if (draining_.wants_writing(drain_now())) keep_drain();
  look_for_the_end();
}

// Lanes whose backlog waits for the drain come back as far as it lets some go.
void Dispatcher::take_back_lanes() {
  if (!lanes_.any_aside()) return;
  if (!draining_.active(doors_.clock.wall())) return lanes_.take_back(SIZE_MAX, [](const auto&) { return true; });
  if (!may_fetch()) return;
  if (const auto places = draining_.within(room(), drain_now()); places > 0)
    lanes_.take_back(places, [this](const auto& lane) {
      return can_send(lane) && logins_.standing(lane.facility, doors_.clock.steady()) == Standing::usable;
    });
}

// One writing at a time, the newest state last; again until the store takes it.
void Dispatcher::keep_drain() {
  drain_unwritten_ = writes_drain_;
  if (writes_drain_) return;
  writes_drain_ = true;
  draining_.written(drain_now());
  show_drain();
  const auto& drain = draining_.drain();
  doors_.store.put_objects(
      {{std::string(drain_kind), options_.destination, std::nullopt, drain ? drain->encode() : std::string()}},
      doors_.home,
      [this, told = std::exchange(told_of_drain_, {})](storage::Result<std::vector<storage::Applied>> applied) mutable {
        for (auto& each : told) each(applied.has_value());
        if (!applied && !stopping_) {
          doors_.timers.after(again_after, [this] {
            writes_drain_ = false;
            keep_drain();
          });
          return;
        }
        writes_drain_ = false;
        if (applied && drain_unwritten_) keep_drain();
      });
}

void Dispatcher::show_drain() {
  const auto now = doors_.clock.wall();
  const auto& drain = draining_.drain();
  metrics::DrainNumbers numbers;
  if (drain) {
    const auto state = drain->state(now);
    numbers.state = name(state);
    numbers.paused = state == DrainState::paused || state == DrainState::aborted;
    numbers.settled = drain->settled_so_far();
    numbers.waiting = drain->waiting();
    numbers.per_second = drain->plan().per_second;
    numbers.eta = drain->eta(now).value_or(std::chrono::seconds(0));
  }
  doors_.probes.drain_stands(numbers);
  if (doors_.drain_stands) doors_.drain_stands(drain);
}

// It is done when no record that was accepted before it began waits to be sent or to be asked after. The counts by the
// minute say for certain that some do; that none does is seen in the records.
void Dispatcher::look_for_the_end() {
  if (searches_ || !draining_.wants_looking(drain_now())) return;
  draining_.looked(drain_now());
  const auto began = draining_.drain()->started_at();
  auto spans = spans_to_search(counted(), began);
  if (!spans) return;
  searches_ = true;
  auto next = std::make_shared<EndSearch>(began, std::move(*spans));
  next->query.filter.destination = options_.destination;
  next->query.filter.states = {State::queued, State::deferred, State::in_flight, State::unknown};
  next->query.limit = 1;
  search(std::move(next));
}

void Dispatcher::search(std::shared_ptr<EndSearch> search) {
  if (draining_.began(doors_.clock.wall()) != search->began) {  // taken away, or another one
    searches_ = false;
    return;
  }
  if (search->at == search->spans.size()) {
    searches_ = false;
    draining_.nothing_left(doors_.clock.wall());
    metrics::log(Level::info, "drain_done", {{Field::destination, options_.destination}});
    return pump();
  }
  search->query.filter.accepted_from = search->spans[search->at].from;
  search->query.filter.accepted_before = search->spans[search->at].before;
  doors_.store.scan(search->query, doors_.home,
                    [this, search](const storage::Result<storage::ScanPage>& page) { searched(search, page); });
}

void Dispatcher::searched(std::shared_ptr<EndSearch> search, const storage::Result<storage::ScanPage>& page) {
  draining_.looked(drain_now());  // the next look is due some time after this one has ended
  if (stopping_ || !page || !page->items.empty()) {
    searches_ = false;
    return;
  }
  search->query.after = page->next;
  if (!page->next) ++search->at;
  this->search(std::move(search));
}

}  // namespace titip::delivery
