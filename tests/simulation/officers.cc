#include "tests/simulation/officers.h"

namespace titip::simulation {

using storage::Event;
using storage::HoldReason;
using storage::State;

void Officers::move(const Known& known, Event event) {
  storage::Transition what;
  what.id = known.id;
  what.expected_state = known.standing.state;
  what.expected_version = known.version;
  what.event = event;
  what.hold_reason = HoldReason::person;
  records_.said(known.id, event);
  stage_.act(std::move(what));
}

void Officers::one_act() {
  constexpr std::array states{State::queued, State::deferred, State::blocked,  State::held,
                              State::held,   State::unknown,  State::in_flight};
  const auto& there = records_.in(states[random_.below(states.size())]);
  if (there.empty()) return;
  auto at = there.lower_bound(random_.below(static_cast<std::uint32_t>(there.rbegin()->first) + 1));
  const auto& known = at == there.end() ? *there.begin()->second : *at->second;
  known.standing.state == State::held ? act_on_held(known) : act_on_waiting(known);
}

void Officers::act_on_waiting(const Known& known) {
  const auto dice = random_.below(100);
  // What is on its way cannot be held or cancelled: these must come to nothing.
  if (dice < 55) return move(known, Event::hold);
  if (dice < 70) return move(known, Event::cancel);
  if (dice < 80) return move(known, Event::expire);
  stage_.erase(known.id);
}

void Officers::act_on_held(const Known& known) {
  const auto dice = random_.below(100);
  if (dice < 10) return stage_.erase(known.id);
  if (dice < 25) return move(known, Event::cancel);
  if (known.standing.reason == HoldReason::unknown && dice < 60) return say_what_became_of(known);
  if (known.standing.reason != HoldReason::requirement) move(known, Event::release);
}

// They look at the national server's own screens, and only when it cannot change any more.
void Officers::say_what_became_of(const Known& known) {
  if (national_.still_working_on(known.form->nik)) return;
  move(known, known.form->effects > 0 ? Event::delivered : Event::not_found);
}

bool Officers::decide_all() {
  std::vector<const Known*> held;
  // Where they alone are left, the server looks as if it failed everybody, and they are given back uncounted.
  for (const auto state : {State::deferred, State::queued})
    for (const auto& [sequence, known] : records_.in(state))
      if (known->form->put_off) held.push_back(known);
  for (const auto& [sequence, known] : records_.in(State::held)) held.push_back(known);
  for (const auto* known : held) {
    const bool would_come_back =
        known->form->hangs || known->form->put_off || known->standing.reason != HoldReason::unknown;
    if (known->standing.reason == HoldReason::unknown && !would_come_back) {
      say_what_became_of(*known);
    } else if (known->standing.reason == HoldReason::person) {
      move(*known, Event::release);
    } else {
      move(*known, Event::cancel);
    }
  }
  return !held.empty();
}

}  // namespace titip::simulation
