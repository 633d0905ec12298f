// The life of a submission as a table: which event may move which state where. Pure; the single source for storage
// (which applies it inside the commit), for the settle rule and for the tests. The table in words: ARCHITECTURE.md.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "storage/submission.h"

namespace titip::storage {

enum class Event : std::uint8_t {
  attempt_opened,
  delivered,  // a rule matched positively, a probe found it, or a person says it landed
  rejected,
  went_unknown,  // an attempt ended without a known outcome; restart with an open attempt
  deferred,      // certainly not applied, and the breaker stayed closed after counting it
  returned,      // certainly not applied and not counted: breaker not closed, credentials refused, never sent
  blocked,       // a requirement is missing and its origin is in our custody
  requirement_delivered,
  requirement_failed,         // rejected or expired
  requirement_cancelled,      // or nothing is there that it could take back
  requirement_pending_again,  // a submission with that requirement key was accepted
  not_found,                  // a decisive probe did not find it
  repeat_allowed,             // the route may send again without probing
  probe_inconclusive,         // stays unknown, probed again later
  gave_up_probing,            // maximum age, five unknown attempts, or no way to know
  found_other,                // a create whose probe found other values
  hold,
  release,
  cancel,
  expire,
  erase,
};
inline constexpr int event_count = static_cast<int>(Event::erase) + 1;
std::string_view name(Event event);

// The outcome rule of what takes back something that never reached the server: it is done, and nothing is sent.
inline constexpr std::string_view nothing_to_take_back = "nothing_to_take_back";

// The state after `event`, or nothing if the table refuses it. `held_from` matters for release alone, `reason` for what
// may happen to a held record.
std::optional<State> next_state(State from, Event event, HoldReason reason = HoldReason::none,
                                State held_from = State::queued);

}  // namespace titip::storage
