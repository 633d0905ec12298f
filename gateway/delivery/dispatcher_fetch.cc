// What the dispatcher asks the store for, lane by lane, and what of the answer it takes in hand. Who may go at all:
// dispatcher_turns.cc.
#include <algorithm>
#include <array>
#include <span>
#include <utility>

#include "gateway/delivery/work.h"
#include "metrics/log.h"

namespace titip::delivery {
namespace {

using metrics::Field;
using metrics::Level;
using rules::BreakerState;
using storage::DueClass;
using storage::State;

constexpr std::size_t most_suspects = 64;                   // that tripped the breaker, and are tried after all others
constexpr auto look_again_after = std::chrono::minutes(5);  // at a lane that a drain has set aside

std::optional<storage::WallTime> earlier(std::optional<storage::WallTime> a, std::optional<storage::WallTime> b) {
  if (!a || !b) return a ? a : b;
  return std::min(*a, *b);
}

}  // namespace

struct Dispatcher::FetchAsk {
  Lanes::Chosen chosen;
  std::size_t limit = 0;
  std::size_t batches = 1;  // that belong to it
  bool withheld = false;    // the drain let none of this lane's backlog go
};

struct Dispatcher::Fetch {
  storage::WallTime now{};
  std::optional<storage::WallTime> drain_began;  // of the one that governed when it was asked
  std::size_t drained = 0;                       // places the drain still leaves to the backlog
  rules::Waiting waiting;
  std::array<std::size_t, all_rings.size()> places{};  // left to each ring
  std::vector<FetchAsk> asks;
  std::vector<storage::DueQuery> queries;  // of each ask: what to ask about and what to send; or what of the ring
  std::vector<WorkPtr> sends;
  std::vector<WorkPtr> questions;
  // The breaker is half-open: one record is tried, and one that tripped it only if there is no other: the
  // one that has waited longest, or one that the server cannot bear would be the answer for all for ever.
  bool half_open = false;
  std::optional<std::pair<storage::Due, Ring>> suspect;

  std::size_t& places_of(Ring ring) { return places[static_cast<std::size_t>(ring)]; }
};

void Dispatcher::fetch(std::size_t room) {
  Fetch fetch;
  fetch.now = doors_.clock.wall();
  fetch.waiting = waiting();
  fetch.drain_began = draining_.began(fetch.now);
  fetch.drained = draining_.within(room, drain_now());
  fetch.half_open = doors_.upstream.state() != BreakerState::closed;
  const auto dealt = permits_.deal(room, fetch.waiting);
  choose(fetch, Ring::deadline, dealt.deadline);
  choose(fetch, Ring::fresh, dealt.fresh);
  choose(fetch, Ring::all, fetch.asks.empty() ? room : dealt.backlog);
  // The share of a backlog that cannot go now (its facilities may not send) is anybody's.
  if (fetch.asks.empty()) choose(fetch, Ring::deadline, fetch.waiting.deadline ? room : 0);
  if (fetch.asks.empty()) choose(fetch, Ring::fresh, fetch.waiting.fresh ? room : 0);
  if (fetch.asks.empty()) return;
  fetching_ = true;
  let_go_meanwhile_.clear();
  auto queries = std::move(fetch.queries);
  doors_.store.next_due(
      std::move(queries), doors_.home,
      [this, fetch = std::move(fetch)](storage::Result<std::vector<storage::DueBatch>> batches) mutable {
        fetching_ = false;
        if (stopping_) return;
        if (!batches) return could_not_fetch(batches.error());
        lanes_at_once_ = std::min(most_lanes_at_once, lanes_at_once_ * 2);
        fetched(fetch, std::move(*batches));
        pump();
      });
}

void Dispatcher::choose(Fetch& fetch, Ring ring, std::size_t places) {
  const auto open = [this, ring](const auto& lane) { return (ring == Ring::all || !is_gated(lane)) && is_open(lane); };
  // Of the backlog no more than the drain lets go now; where that is nothing, lanes are looked at to set them aside.
  const auto wanted = ring == Ring::all && fetch.drained > 0 ? std::min(places, fetch.drained) : places;
  const auto lanes = fetch.half_open && places > 0 ? lanes_at_once_ : std::min(wanted, lanes_at_once_);
  const auto chosen = lanes_.choose(ring, lanes, open);
  if (chosen.empty()) return;
  fetch.places_of(ring) = places;
  for (std::size_t i = 0; i < chosen.size(); ++i)
    ask_due(fetch, chosen[i], std::max<std::size_t>(1, wanted / chosen.size() + (i < wanted % chosen.size() ? 1 : 0)));
}

void Dispatcher::ask_due(Fetch& fetch, const Lanes::Chosen& chosen, std::size_t places) {
  storage::DueQuery query{.lane = chosen.lane,
                          .due_class = DueClass::fresh,
                          .now = fetch.now,
                          .limit = places + (fetch.half_open ? most_suspects : 0),
                          .fresh_since = fresh_since(fetch.now),
                          .shards = lease_->shards,
                          .first_tries_only = !permits_.may_retry(),
                          .until = fetch.now + options_.deadline_near,
                          .without = parked_.of(chosen.lane.facility)};
  // What is in hand but not opened yet is still in the index: it must neither hide what stands behind it, nor be read
  // again at every look.
  if (const auto in_hand = in_index_.find(chosen.lane); in_hand != in_index_.end()) query.in_hand = in_hand->second;
  if (chosen.ring == Ring::deadline) query.due_class = DueClass::deadline;
  fetch.asks.push_back({chosen, query.limit});
  if (chosen.ring == Ring::fresh) return ask_fresh(fetch, std::move(query));
  if (chosen.ring == Ring::deadline) return fetch.queries.push_back(std::move(query));
  auto questions = query;
  questions.due_class = DueClass::probe;
  questions.first_tries_only = false;
  questions.without = nullptr;
  fetch.queries.push_back(questions);
  questions.due_class = DueClass::read_back;
  if (reads_back_) fetch.queries.push_back(std::move(questions));
  fetch.asks.back().batches = reads_back_ ? 3 : 2;
  query.due_class = DueClass::send;
  // Behind a gate nothing is sent; what is unknown is asked after. Nor is the backlog while the drain stands still.
  fetch.asks.back().withheld = fetch.drained == 0;
  if (is_gated(chosen.lane) || fetch.drained == 0) query.limit = 0;
  fetch.queries.push_back(std::move(query));
}

// Beside a drain everything that was accepted since it began is fresh, so that it does not wait for the backlog; what
// is fresh by its age goes first all the same.
void Dispatcher::ask_fresh(Fetch& fetch, storage::DueQuery query) {
  if (!draining_.active(fetch.now)) return fetch.queries.push_back(std::move(query));
  const auto began = draining_.drain()->started_at();
  const bool both = query.fresh_since > began;
  fetch.asks.back().batches = both ? 2 : 1;
  if (both) fetch.queries.push_back(query);
  query.fresh_since = began;
  fetch.queries.push_back(std::move(query));
}

void Dispatcher::fetched(Fetch& fetch, std::vector<storage::DueBatch> batches) {
  if (fetch.drain_began != draining_.began(doors_.clock.wall())) return;  // asked for what may not, or need not, go now
  std::size_t at = 0;
  for (auto& ask : fetch.asks) {
    const auto& chosen = ask.chosen;
    const std::span answers(&batches[at], ask.batches);
    at += ask.batches;
    if (chosen.ring == Ring::all) deep_.erase(chosen.lane);
    bool more = false;
    for (auto& batch : answers) more = take_from(fetch, ask, batch) || more;
    if (more) continue;
    if (chosen.ring != Ring::all) {
      lanes_.rest(chosen, std::nullopt);
    } else {
      const auto question = earlier(answers[0].next_due_at, answers[ask.batches - 2].next_due_at);
      if (is_gated(chosen.lane)) {
        lanes_.rest(chosen, question);
      } else if (ask.withheld) {
        lanes_.set_aside(chosen, *earlier(question, fetch.now + look_again_after));
      } else {
        lanes_.rest(chosen, earlier(question, answers.back().next_due_at));
      }
    }
  }
  const bool any = !fetch.sends.empty() || !fetch.questions.empty();
  if (fetch.suspect && !any) take_one(fetch, fetch.suspect->second, std::move(fetch.suspect->first));
  in_line_.insert(in_line_.end(), fetch.questions.begin(), fetch.questions.end());
  give_places();
  for (const auto& work : fetch.sends) open(work);
}

// Whether the lane is worth another look at once.
bool Dispatcher::take_from(Fetch& fetch, FetchAsk& ask, storage::DueBatch& batch) {
  const auto& chosen = ask.chosen;
  bool more = false;
  bool full = !batch.items.empty() && batch.items.size() >= ask.limit;
  bool deep = full;
  std::size_t held_back = batch.left_out;
  for (auto& due : batch.items) {
    if (active_.contains(due.submission.id) || left_alone_.contains(due.submission.id)) continue;
    if (is_drained(due.submission, chosen.ring) && fetch.drained == 0) {
      ask.withheld = true;
      full = false;
      continue;
    }
    const bool retry = is_sent(due.submission) && storage::is_repetition(due.submission);
    if (retry && !permits_.may_retry()) {
      ++held_back;  // the next look leaves such out, and sees what stands behind them
      continue;
    }
    more = true;
    if (let_go_meanwhile_.contains(due.submission.id)) continue;  // what was peeked is older than its settlement
    if (fetch.places_of(chosen.ring) == 0 || must_go_alone(chosen.lane)) {
      deep = true;
      break;
    }
    if (fetch.half_open && doors_.upstream.is_suspect(breaker_key_of(due.submission))) {
      const bool has_waited_longer = !fetch.suspect || due.submission.due_at < fetch.suspect->first.submission.due_at;
      if (has_waited_longer) fetch.suspect.emplace(std::move(due), chosen.ring);
      continue;
    }
    take_one(fetch, chosen.ring, std::move(due));
  }
  if (deep && chosen.ring == Ring::all) deep_.insert(chosen.lane);
  if (held_back > 0) hold_back(chosen.lane, held_back);
  return more || full;
}

void Dispatcher::take_one(Fetch& fetch, Ring ring, storage::Due due) {
  const bool sent = is_sent(due.submission);
  const bool retry = sent && storage::is_repetition(due.submission);
  const bool drained = is_drained(due.submission, ring);
  auto work = take(std::move(due));
  if (!work || (sent ? parks(work) : asks_later(work))) return;
  --fetch.places_of(ring);
  permit(work, ring, fetch.waiting, retry);
  if (drained) {
    work->drained = true;
    --fetch.drained;
    draining_.took(doors_.clock.steady());
  }
  (sent ? fetch.sends : fetch.questions).push_back(std::move(work));
}

void Dispatcher::read_object(std::string_view kind,
                             std::function<void(storage::Result<std::optional<storage::Object>>)> take) {
  until_answered<std::optional<storage::Object>>(
      [this, kind = std::string(kind)](auto done) {
        doors_.store.get_object(kind, options_.destination, doors_.home, std::move(done));
      },
      std::move(take));
}

// One unreadable block must not stop every lane: from now on they are asked one by one, until that works again.
void Dispatcher::could_not_fetch(storage::Error error) {
  if (error != storage::Error::overloaded)
    metrics::log(Level::error, "due_records_unreadable",
                 {{Field::destination, options_.destination}, {Field::failure, storage::name(error)}});
  lanes_at_once_ = 1;
  wait_for_store();
}

// It is not for now after all, and no change was made.
void Dispatcher::put_back(const WorkPtr& work) {
  active_.erase(work->record.id);
  meet_no_more(work);
}

// Takes a due record in hand; nothing if it cannot be read, which a person must look at.
Dispatcher::WorkPtr Dispatcher::take(storage::Due due) {
  auto work = std::make_shared<Work>();
  work->record = std::move(due.submission);
  work->lane = {work->record.destination, work->record.facility};
  work->epoch = lease_ ? lease_->epoch : 0;
  active_.emplace(work->record.id, work);
  in_index_[work->lane].insert(work->record.id);
  work->route = profile::find_route(doors_.profile, work->record.route);
  work->facility = doors_.facilities.find(work->record.facility);
  const auto key = doors_.sealer.unwrap(work->record.id, work->record.wrapped_key);
  const auto plain = key ? doors_.sealer.open(*key, work->record.id, "payload", due.payload) : std::nullopt;
  auto payload = plain ? storage::decode_payload(*plain) : std::nullopt;
  if (work->route == nullptr || work->facility == nullptr || !payload) {
    metrics::log(Level::error, "record_unreadable",
                 {{Field::submission, work->record.id.text()}, {Field::route, work->record.route}});
    if (work->record.state == State::unknown) {
      give_up_asking(work);
    } else if (work->record.state == State::delivered) {
      keep_numbers(work, {}, false);
    } else {
      hold(work, storage::HoldReason::person);
    }
    return nullptr;
  }
  work->key = *key;
  work->payload = std::move(*payload);
  return work;
}

}  // namespace titip::delivery
