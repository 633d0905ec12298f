#include "storage/state_table.h"

#include <array>

namespace titip::storage {
namespace {

// One row of the table for every state but held, whose rows depend on the reason.
struct Row {
  State from;
  Event event;
  State to;
};

constexpr std::array rows{
    Row{State::queued, Event::attempt_opened, State::in_flight},
    Row{State::queued, Event::hold, State::held},
    Row{State::queued, Event::cancel, State::cancelled},
    Row{State::queued, Event::expire, State::expired},
    Row{State::queued, Event::erase, State::cancelled},

    Row{State::deferred, Event::attempt_opened, State::in_flight},
    Row{State::deferred, Event::hold, State::held},
    Row{State::deferred, Event::cancel, State::cancelled},
    Row{State::deferred, Event::expire, State::expired},
    Row{State::deferred, Event::erase, State::cancelled},

    Row{State::blocked, Event::requirement_delivered, State::queued},
    Row{State::blocked, Event::requirement_failed, State::held},
    Row{State::blocked, Event::requirement_cancelled, State::cancelled},
    Row{State::blocked, Event::hold, State::held},
    Row{State::blocked, Event::cancel, State::cancelled},
    Row{State::blocked, Event::expire, State::expired},
    Row{State::blocked, Event::erase, State::cancelled},

    Row{State::in_flight, Event::delivered, State::delivered},
    Row{State::in_flight, Event::rejected, State::rejected},
    Row{State::in_flight, Event::went_unknown, State::unknown},
    Row{State::in_flight, Event::deferred, State::deferred},
    Row{State::in_flight, Event::returned, State::queued},
    Row{State::in_flight, Event::blocked, State::blocked},

    Row{State::unknown, Event::delivered, State::delivered},
    Row{State::unknown, Event::not_found, State::deferred},
    Row{State::unknown, Event::repeat_allowed, State::queued},
    Row{State::unknown, Event::probe_inconclusive, State::unknown},
    Row{State::unknown, Event::gave_up_probing, State::held},
    Row{State::unknown, Event::found_other, State::held},
};

constexpr std::optional<State> look_up(State from, Event event) {
  for (const Row& row : rows) {
    if (row.from == from && row.event == event) return row.to;
  }
  return std::nullopt;
}

constexpr bool each_row_once() {
  for (std::size_t i = 0; i < rows.size(); ++i) {
    for (std::size_t j = i + 1; j < rows.size(); ++j) {
      if (rows[i].from == rows[j].from && rows[i].event == rows[j].event) return false;
    }
  }
  return true;
}
static_assert(each_row_once());

constexpr bool nothing_leaves_a_terminal_state() {
  for (const Row& row : rows) {
    if (is_terminal(row.from)) return false;
  }
  return true;
}
static_assert(nothing_leaves_a_terminal_state());

// A record that may have reached the server is never cancelled, expired, held or erased by an edit.
constexpr bool sent_is_never_edited() {
  for (const State from : {State::in_flight, State::unknown}) {
    for (const Event event : {Event::hold, Event::cancel, Event::expire, Event::erase, Event::release}) {
      if (look_up(from, event)) return false;
    }
  }
  return true;
}
static_assert(sent_is_never_edited());

// An unknown outcome is never sent again without a decision about it.
static_assert(!look_up(State::unknown, Event::attempt_opened));
static_assert(!look_up(State::in_flight, Event::attempt_opened));

constexpr bool may_be_held_from(State state) {
  return state == State::queued || state == State::deferred || state == State::blocked || state == State::unknown;
}

std::optional<State> next_of_held(Event event, HoldReason reason, State held_from) {
  const bool in_doubt = reason == HoldReason::unknown;
  switch (event) {
    case Event::cancel:
    case Event::erase:
      return State::cancelled;
    case Event::release:
      if (in_doubt) return State::unknown;  // probed again
      return may_be_held_from(held_from) ? std::optional(held_from) : std::nullopt;
    case Event::delivered:
      return in_doubt ? std::optional(State::delivered) : std::nullopt;  // a person says it landed
    case Event::not_found:
      return in_doubt ? std::optional(State::queued) : std::nullopt;  // a person says it did not
    case Event::requirement_delivered:
      return reason == HoldReason::requirement ? std::optional(State::queued) : std::nullopt;
    case Event::requirement_pending_again:
      return reason == HoldReason::requirement ? std::optional(State::blocked) : std::nullopt;
    case Event::requirement_cancelled:  // what it waits for is taken back: it goes with it, as a blocked one does
      return reason == HoldReason::requirement ? std::optional(State::cancelled) : std::nullopt;
    default:
      return std::nullopt;
  }
}

}  // namespace

std::optional<State> next_state(State from, Event event, HoldReason reason, State held_from) {
  return from == State::held ? next_of_held(event, reason, held_from) : look_up(from, event);
}

std::string_view name(Event event) {
  switch (event) {
    case Event::attempt_opened:
      return "attempt_opened";
    case Event::delivered:
      return "delivered";
    case Event::rejected:
      return "rejected";
    case Event::went_unknown:
      return "went_unknown";
    case Event::deferred:
      return "deferred";
    case Event::returned:
      return "returned";
    case Event::blocked:
      return "blocked";
    case Event::requirement_delivered:
      return "requirement_delivered";
    case Event::requirement_failed:
      return "requirement_failed";
    case Event::requirement_cancelled:
      return "requirement_cancelled";
    case Event::requirement_pending_again:
      return "requirement_pending_again";
    case Event::not_found:
      return "not_found";
    case Event::repeat_allowed:
      return "repeat_allowed";
    case Event::probe_inconclusive:
      return "probe_inconclusive";
    case Event::gave_up_probing:
      return "gave_up_probing";
    case Event::found_other:
      return "found_other";
    case Event::hold:
      return "hold";
    case Event::release:
      return "release";
    case Event::cancel:
      return "cancel";
    case Event::expire:
      return "expire";
    case Event::erase:
      return "erase";
  }
  return "?";
}

}  // namespace titip::storage
