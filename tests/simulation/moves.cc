#include "tests/simulation/moves.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace titip::simulation {
namespace {

using storage::Event;
using storage::HoldReason;
using storage::State;

constexpr std::string_view blocked_rule = "needs-registration";

HoldReason class_of(HoldReason reason) {
  return reason == HoldReason::unknown || reason == HoldReason::requirement ? reason : HoldReason::person;
}

void add_moves_of_held(std::vector<Move>& moves, Event event) {
  for (const auto reason : {HoldReason::unknown, HoldReason::requirement, HoldReason::person}) {
    if (event != Event::release) {
      if (const auto to = storage::next_state(State::held, event, reason, State::queued))
        moves.push_back({State::held, event, reason, State::queued, *to});
      continue;
    }
    // What a requirement holds is let go by the requirement alone: a release of it leads nowhere and is refused.
    if (reason == HoldReason::requirement) continue;
    for (const auto from : {State::queued, State::deferred, State::blocked, State::unknown}) {
      if (reason == HoldReason::unknown && from != State::unknown) continue;
      if (const auto to = storage::next_state(State::held, event, reason, from))
        moves.push_back({State::held, event, reason, from, *to});
    }
  }
}

void add_entries(std::vector<Move>& moves) {
  for (const auto to : {State::queued, State::blocked, State::held})
    moves.push_back({State::queued, Event::requirement_pending_again,
                     to == State::held ? HoldReason::requirement : HoldReason::none, State::queued, to,
                     Entry::accepted});
  moves.push_back({State::queued, Event::cancel, HoldReason::none, State::queued, State::cancelled, Entry::taken_back});
  for (const auto ended : {State::rejected, State::expired})
    moves.push_back({ended, Event::release, HoldReason::none, State::queued, State::queued, Entry::requeued});
}

// Who enters the queue is asked what he needs, and may be turned aside.
bool may_end_as(const Move& move, const Standing& after) {
  const bool asks = move.to == State::queued || move.to == State::blocked ||
                    (move.to == State::deferred && move.event == Event::not_found);
  if (after.state == move.to) {
    if (after.state != State::held) return true;
    switch (move.event) {
      case Event::gave_up_probing:
        return after.reason == HoldReason::unknown;
      case Event::found_other:
        return after.reason == HoldReason::conflict;
      case Event::requirement_failed:
        return after.reason == HoldReason::requirement;
      case Event::hold:
        return after.reason == HoldReason::person || after.reason == HoldReason::late_entry;
      default:
        return true;
    }
  }
  if (move.event == Event::blocked) return after.state == State::held && after.reason == HoldReason::requirement;
  if (!asks) return false;
  return after.state == State::blocked || (move.to == State::blocked && after.state == State::queued) ||
         (after.state == State::held && after.reason == HoldReason::requirement);
}

bool begins_at(const Move& move, const Standing& before) {
  if (move.entry != Entry::none || move.from != before.state) return false;
  if (before.state != State::held) return true;
  return move.reason == class_of(before.reason) &&
         (move.event != Event::release || move.reason == HoldReason::unknown || move.held_from == before.held_from);
}

// Of moves that end alike, the one that the record's own words tell.
int likeness(const Move& move, const Standing& after, std::string_view rule) {
  if (move.to == State::cancelled) {
    if (rule == "erased") return move.event == Event::erase ? 2 : 0;
    if (rule == "requirement_cancelled" || rule == storage::nothing_to_take_back)
      return move.event == Event::requirement_cancelled ? 2 : 0;
    return move.event == Event::cancel ? 2 : 0;
  }
  if (move.event == Event::blocked) return rule == blocked_rule ? 3 : 0;
  return after.state == move.to ? 2 : 1;
}

}  // namespace

std::string Move::text() const {
  if (entry == Entry::accepted) return fmt::format("- --accepted--> {}", storage::name(to));
  if (entry == Entry::taken_back) return fmt::format("- --accepted, taking back--> {}", storage::name(to));
  if (entry == Entry::requeued) return fmt::format("{} --replaced--> a new one", storage::name(from));
  auto text = fmt::format("{} --{}--> {}", storage::name(from), storage::name(event), storage::name(to));
  if (from == State::held)
    text += fmt::format(" (held for {}, from {})", storage::name(reason), storage::name(held_from));
  return text;
}

const std::vector<Move>& all_moves() {
  static const std::vector<Move> moves = [] {
    std::vector<Move> made;
    for (const auto from : storage::all_states) {
      for (int i = 0; i < storage::event_count; ++i) {
        const auto event = static_cast<Event>(i);
        if (from == State::held) {
          add_moves_of_held(made, event);
        } else if (const auto to = storage::next_state(from, event)) {
          made.push_back({from, event, HoldReason::none, State::queued, *to});
        }
      }
    }
    add_entries(made);
    return made;
  }();
  return moves;
}

std::optional<std::size_t> move_between(const Standing& before, const Standing& after, std::string_view rule) {
  const auto& moves = all_moves();
  std::optional<std::size_t> best;
  int best_likeness = -1;
  for (std::size_t i = 0; i < moves.size(); ++i) {
    if (!begins_at(moves[i], before) || !may_end_as(moves[i], after)) continue;
    const int like = likeness(moves[i], after, rule);
    if (like > best_likeness) {
      best = i;
      best_likeness = like;
    }
  }
  return best;
}

bool leads_to(const Standing& before, const Standing& after, std::uint32_t steps) {
  if (steps == 0) return false;
  if (move_between(before, after, {})) return true;
  for (const auto& move : all_moves()) {
    if (!begins_at(move, before)) continue;
    Standing next{move.to, HoldReason::person, before.state};
    for (const auto reason : {HoldReason::unknown, HoldReason::requirement, HoldReason::person}) {
      next.reason = reason;
      if (leads_to(next, after, steps - 1)) return true;
    }
  }
  return false;
}

std::optional<std::size_t> entry_of(const Standing& standing, std::string_view rule, std::optional<State> replaced) {
  const bool waits = standing.state == State::queued || standing.state == State::blocked ||
                     (standing.state == State::held && standing.reason == HoldReason::requirement);
  const bool is_done = rule == "taken_back" || rule == storage::nothing_to_take_back;
  const auto& moves = all_moves();
  for (std::size_t i = 0; i < moves.size(); ++i) {
    const auto& move = moves[i];
    const bool is_it = replaced ? move.entry == Entry::requeued && move.from == *replaced && waits
                                : move.to == standing.state && ((move.entry == Entry::accepted && waits) ||
                                                                (move.entry == Entry::taken_back && is_done));
    if (is_it) return i;
  }
  return std::nullopt;
}

}  // namespace titip::simulation
