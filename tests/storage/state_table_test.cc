// Every state against every event: what is not written here is refused.
#include "storage/state_table.h"

#include <gtest/gtest.h>

#include <map>
#include <optional>
#include <tuple>

namespace titip::storage {
namespace {

using enum State;

const std::map<std::pair<State, Event>, State> allowed{
    {{queued, Event::attempt_opened}, in_flight},
    {{queued, Event::hold}, held},
    {{queued, Event::cancel}, cancelled},
    {{queued, Event::expire}, expired},
    {{queued, Event::erase}, cancelled},
    {{deferred, Event::attempt_opened}, in_flight},
    {{deferred, Event::hold}, held},
    {{deferred, Event::cancel}, cancelled},
    {{deferred, Event::expire}, expired},
    {{deferred, Event::erase}, cancelled},
    {{blocked, Event::requirement_delivered}, queued},
    {{blocked, Event::requirement_failed}, held},
    {{blocked, Event::requirement_cancelled}, cancelled},
    {{blocked, Event::hold}, held},
    {{blocked, Event::cancel}, cancelled},
    {{blocked, Event::expire}, expired},
    {{blocked, Event::erase}, cancelled},
    {{in_flight, Event::delivered}, delivered},
    {{in_flight, Event::rejected}, rejected},
    {{in_flight, Event::went_unknown}, unknown},
    {{in_flight, Event::deferred}, deferred},
    {{in_flight, Event::returned}, queued},
    {{in_flight, Event::blocked}, blocked},
    {{unknown, Event::delivered}, delivered},
    {{unknown, Event::not_found}, deferred},
    {{unknown, Event::repeat_allowed}, queued},
    {{unknown, Event::probe_inconclusive}, unknown},
    {{unknown, Event::gave_up_probing}, held},
    {{unknown, Event::found_other}, held},
};

// What may happen to a held record depends on why it is held; a release goes back to where it was held from.
std::optional<State> expected_of_held(Event event, HoldReason reason, State held_from) {
  if (event == Event::cancel || event == Event::erase) return cancelled;
  if (reason == HoldReason::unknown) {
    if (event == Event::release) return unknown;
    if (event == Event::delivered) return delivered;
    if (event == Event::not_found) return queued;
    return std::nullopt;
  }
  if (event == Event::release) {
    const bool sensible = held_from == queued || held_from == deferred || held_from == blocked || held_from == unknown;
    return sensible ? std::optional(held_from) : std::nullopt;
  }
  if (reason == HoldReason::requirement && event == Event::requirement_pending_again) return blocked;
  if (reason == HoldReason::requirement && event == Event::requirement_delivered) return queued;
  if (reason == HoldReason::requirement && event == Event::requirement_cancelled) return cancelled;
  return std::nullopt;
}

constexpr std::array reasons{HoldReason::none,     HoldReason::unknown,    HoldReason::requirement,
                             HoldReason::conflict, HoldReason::late_entry, HoldReason::person,
                             HoldReason::damaged,  HoldReason::deadline,   HoldReason::credentials};

TEST(StateTable, EveryStateAgainstEveryEvent) {
  for (const State from : all_states) {
    for (int e = 0; e < event_count; ++e) {
      const auto event = static_cast<Event>(e);
      for (const HoldReason reason : reasons) {
        for (const State held_from : all_states) {
          std::optional<State> expected;
          if (from == held) {
            expected = expected_of_held(event, reason, held_from);
          } else if (const auto row = allowed.find({from, event}); row != allowed.end()) {
            expected = row->second;
          }
          EXPECT_EQ(next_state(from, event, reason, held_from), expected)
              << name(from) << " + " << name(event) << ", held for " << name(reason) << " from " << name(held_from);
        }
      }
    }
  }
}

TEST(StateTable, EveryNameIsThereAndDiffers) {
  std::map<std::string_view, int> seen;
  for (int e = 0; e < event_count; ++e) ++seen[name(static_cast<Event>(e))];
  EXPECT_EQ(seen.size(), static_cast<std::size_t>(event_count));
  EXPECT_FALSE(seen.contains("?"));
  seen.clear();
  for (const State state : all_states) ++seen[name(state)];
  EXPECT_EQ(seen.size(), all_states.size());
  EXPECT_FALSE(seen.contains("?"));
  seen.clear();
  for (const HoldReason reason : reasons) ++seen[name(reason)];
  EXPECT_EQ(seen.size(), reasons.size());
  EXPECT_FALSE(seen.contains("?"));
}

}  // namespace
}  // namespace titip::storage
