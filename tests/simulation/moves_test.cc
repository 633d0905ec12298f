#include "tests/simulation/moves.h"

#include <gtest/gtest.h>

namespace titip::simulation {
namespace {

using storage::Event;
using storage::HoldReason;
using storage::State;

// Each move of the table is recognised, as itself or as one that looks the same from outside.
TEST(Moves, each_move_of_the_table_is_one_step) {
  ASSERT_GT(all_moves().size(), 40U);
  for (const auto& move : all_moves()) {
    if (move.entry != Entry::none) continue;
    const Standing before{move.from, move.reason, move.held_from};
    Standing after{move.to, HoldReason::none, move.from};
    if (move.to == State::held) {
      after.reason = move.event == Event::gave_up_probing      ? HoldReason::unknown
                     : move.event == Event::found_other        ? HoldReason::conflict
                     : move.event == Event::requirement_failed ? HoldReason::requirement
                                                               : HoldReason::person;
    }
    const char* rule = move.event == Event::erase                   ? "erased"
                       : move.event == Event::requirement_cancelled ? "requirement_cancelled"
                       : move.event == Event::blocked               ? "needs-registration"
                                                                    : "";
    const auto found = move_between(before, after, rule);
    ASSERT_TRUE(found) << move.text();
    EXPECT_EQ(all_moves()[*found].event, move.event) << move.text() << " was taken for " << all_moves()[*found].text();
  }
}

TEST(Moves, each_entry_is_recognised_and_nothing_else_is_one) {
  const auto of = [](State state, HoldReason reason, const char* rule, std::optional<State> replaced) {
    const auto found = entry_of({state, reason, State::queued}, rule, replaced);
    return found ? all_moves()[*found].text() : std::string();
  };
  const auto none = HoldReason::none;
  EXPECT_EQ(of(State::queued, none, "", {}), "- --accepted--> queued");
  EXPECT_EQ(of(State::blocked, none, "", {}), "- --accepted--> blocked");
  EXPECT_EQ(of(State::held, HoldReason::requirement, "", {}), "- --accepted--> held");
  EXPECT_EQ(of(State::cancelled, none, "taken_back", {}), "- --accepted, taking back--> cancelled");
  EXPECT_EQ(of(State::cancelled, none, "nothing_to_take_back", {}), "- --accepted, taking back--> cancelled");
  EXPECT_EQ(of(State::queued, none, "", State::rejected), "rejected --replaced--> a new one");
  EXPECT_EQ(of(State::blocked, none, "", State::expired), "expired --replaced--> a new one");
  EXPECT_EQ(of(State::held, HoldReason::person, "", {}), "");
  EXPECT_EQ(of(State::cancelled, none, "", {}), "");
  EXPECT_EQ(of(State::delivered, none, "", {}), "");
  EXPECT_EQ(of(State::queued, none, "", State::delivered), "");
}

TEST(Moves, what_the_table_lacks_is_no_step) {
  const auto none = HoldReason::none;
  for (const auto& [from, to] :
       {std::pair{State::queued, State::delivered}, std::pair{State::unknown, State::in_flight},
        std::pair{State::in_flight, State::cancelled}, std::pair{State::unknown, State::expired},
        std::pair{State::delivered, State::queued}, std::pair{State::rejected, State::queued},
        std::pair{State::cancelled, State::in_flight}, std::pair{State::queued, State::deferred}})
    EXPECT_FALSE(move_between({from, none, State::queued}, {to, none, State::queued}, {}))
        << storage::name(from) << " to " << storage::name(to);
}

TEST(Moves, changes_of_one_commit_are_seen_together) {
  const Standing unknown{State::unknown, HoldReason::none, State::queued};
  const Standing cancelled{State::cancelled, HoldReason::none, State::queued};
  EXPECT_FALSE(leads_to(unknown, cancelled, 1));
  EXPECT_TRUE(leads_to(unknown, cancelled, 2));  // found not to be there, and erased, as was asked
  EXPECT_FALSE(leads_to(cancelled, unknown, 3));
}

}  // namespace
}  // namespace titip::simulation
