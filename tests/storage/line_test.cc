// The contract of lines, on every engine: who may go, and in which classes of due work he stands.
#include <algorithm>

#include "tests/storage/lives.h"

namespace titip::storage {
namespace {

using Numbers = std::vector<std::uint64_t>;

class Line : public Lives {
 protected:
  DueBatch ask_for(DueClass due_class, WallTime fresh_since = at(noon_ms)) {
    DueQuery query;
    query.lane = {"pcare", "clinic-1"};
    query.due_class = due_class;
    query.now = at(noon_ms * 2);
    query.limit = 100;
    query.fresh_since = fresh_since;
    std::optional<DueBatch> found;
    store->next_due({query}, caller->home, [&](auto batches) { found = batches->at(0); });
    while (!found) {
      if (!pump()) caller->home.wait(std::chrono::milliseconds(20));
      caller->home.run();
    }
    return *found;
  }
  static NewSubmission accepted_at(std::uint64_t number, std::string_view person, std::int64_t ms) {
    NewSubmission made = submission(number, person);
    made.submission.accepted_at = at(noon_ms + ms);
    return made;
  }
};
INSTANTIATE_TEST_SUITE_P(Engines, Line, ::testing::ValuesIn(engines()),
                         [](const auto& param) { return param.param.name; });

TEST_P(Line, WhatABlockedHeadNeedsPassesIt) {
  accept(needing(1, "b", {}, {"visit"}));         // in another line
  accept(needing(2, "a", {"visit", "consent"}));  // the head
  accept(submission(3, "a"));                     // nothing to do with it
  EXPECT_EQ(due(), (Numbers{1})) << "the head waits for another line, and nobody in its own can help";
  EXPECT_EQ(caller->open_attempt(now_of(3)).applied, Applied::stale);
  accept(needing(4, "a", {"address"}, {"consent"}));  // what the head needs
  EXPECT_EQ(due(), (Numbers{1, 4}));
  EXPECT_EQ(state_of(2), State::blocked);
  EXPECT_EQ(caller->open_attempt(now_of(3)).applied, Applied::stale) << "it passes this one too";
  finish(4, Event::delivered);
  EXPECT_EQ(due(), (Numbers{1}));
  finish(1, Event::delivered);
  EXPECT_EQ(due(), (Numbers{2}));
}

TEST_P(Line, AProviderBehindTheHeadGoesFirstAndItsOwnNeedsBeforeIt) {
  accept(needing(1, "b", {}, {"visit"}));
  accept(needing(2, "a", {"visit"}, {"x"}));  // blocked
  // Only a provider that comes after the one who waits for it can pass: its key must be pending by then.
  accept(needing(3, "b", {}, {"consent"}));
  accept(needing(4, "a", {"consent"}, {"visit"}));  // blocked; the head needs it
  accept(submission(5, "a"));
  accept(needing(6, "a", {}, {"consent"}));  // and it needs this one
  EXPECT_EQ(due(), (Numbers{1, 6})) << "the last of the line goes for the head's sake";
  EXPECT_EQ(caller->open_attempt(now_of(5)).applied, Applied::stale);
  EXPECT_EQ(caller->open_attempt(now_of(6)).applied, Applied::yes);
  EXPECT_EQ(due(), (Numbers{1}));
  caller->settle(settlement(now_of(6), Event::delivered));
  EXPECT_EQ(due(), (Numbers{1, 4}));
  finish(4, Event::delivered);
  EXPECT_EQ(due(), (Numbers{1, 2})) << "now the head itself";
  finish(2, Event::delivered);
  EXPECT_EQ(due(), (Numbers{1, 5}));
}

TEST_P(Line, ARepetitionAtTheEndPassesTheHeadThatWaitsForIt) {
  accept(needing(1, "a", {}, {"visit"}));
  accept(needing(2, "a", {"visit"}));
  finish(1, Event::rejected);
  EXPECT_EQ(reason_of(2), HoldReason::requirement);
  EXPECT_TRUE(due().empty()) << "a held head holds its key";
  accept(submission(3, "a"));
  EXPECT_TRUE(due().empty());
  auto again = needing(4, "a", {}, {"visit"});
  again.replaces = id_of(1);
  accept(again);
  EXPECT_EQ(due(), (Numbers{4}));
  finish(4, Event::delivered);
  EXPECT_EQ(due(), (Numbers{2}));
}

TEST_P(Line, WhoIsOnItsWayKeepsItsPlaceThoughTheHeadMayGoAgain) {
  accept(needing(1, "b", {}, {"visit"}));
  accept(needing(2, "a", {"visit"}));
  accept(needing(3, "a", {}, {"visit"}));
  ASSERT_EQ(caller->open_attempt(now_of(3)).applied, Applied::yes);
  finish(1, Event::delivered);
  EXPECT_EQ(state_of(2), State::queued);
  EXPECT_TRUE(due().empty()) << "one of a key at a time";
  EXPECT_EQ(caller->open_attempt(now_of(2)).applied, Applied::stale);
  caller->settle(settlement(now_of(3), Event::deferred));
  EXPECT_EQ(due(), (Numbers{2}));
}

TEST_P(Line, AHeldHeadHoldsItsKeyAndACancelledOneDoesNot) {
  accept(submission(1, "a"));
  accept(submission(2, "a"));
  change(1, Event::hold);
  EXPECT_TRUE(due().empty());
  change(1, Event::cancel);
  EXPECT_EQ(due(), (Numbers{2}));
}

TEST_P(Line, ARequirementThatIsMetElsewhereTakesThePassBack) {
  accept(needing(1, "b", {}, {"visit"}));
  accept(needing(2, "c", {}, {"consent"}));
  accept(needing(3, "a", {"visit", "consent"}));
  accept(needing(4, "a", {}, {"consent"}));
  EXPECT_EQ(due(), (Numbers{1, 2, 4}));
  finish(2, Event::delivered);
  EXPECT_EQ(due(), (Numbers{1})) << "the head needs it no more, and stands before it";
}

TEST_P(Line, ALongLineIsWorkedOffInOrder) {
  std::vector<NewSubmission> batch;
  for (std::uint64_t i = 1; i <= 40; ++i) batch.push_back(submission(i, "a"));
  caller->accept(std::move(batch));
  for (const std::uint64_t cancelled : {7U, 8U, 20U, 40U}) change(cancelled, Event::cancel);
  Numbers sent;
  while (!due().empty()) {
    ASSERT_EQ(due().size(), 1U);
    sent.push_back(due()[0]);
    finish(sent.back(), Event::delivered);
  }
  EXPECT_EQ(sent.size(), 36U);
  EXPECT_TRUE(std::ranges::is_sorted(sent));
}

TEST_P(Line, ARecordIsFreshByItselfOrByWhoWaitsBehindIt) {
  accept(accepted_at(1, "a", -5000));
  accept(accepted_at(2, "b", -4000));
  accept(accepted_at(3, "c", 100));
  EXPECT_EQ(numbers(ask_for(DueClass::fresh)), (Numbers{3}));
  accept(accepted_at(4, "a", 200));
  EXPECT_EQ(numbers(ask_for(DueClass::fresh)), (Numbers{3, 1})) << "promoted by its follower";
  EXPECT_EQ(numbers(ask_for(DueClass::fresh, at(noon_ms + 150))), (Numbers{1}));
  accept(accepted_at(5, "a", 300));
  EXPECT_EQ(numbers(ask_for(DueClass::fresh, at(noon_ms + 250))), (Numbers{1})) << "and no longer at its first time";
  EXPECT_EQ(ask_for(DueClass::fresh, at(noon_ms - 9000)).items.size(), 3U) << "each once";
  caller->open_attempt(now_of(1));
  EXPECT_EQ(numbers(ask_for(DueClass::fresh)), (Numbers{3}));
  caller->settle(settlement(now_of(1), Event::delivered));
  EXPECT_EQ(numbers(ask_for(DueClass::fresh)), (Numbers{3, 4}));
}

TEST_P(Line, DeadlinesStandInTheirOwnOrder) {
  auto later = accepted_at(1, "a", -5000);
  later.submission.deadline = at(noon_ms + 9000);
  auto sooner = accepted_at(2, "b", -4000);
  sooner.submission.deadline = at(noon_ms + 3000);
  auto behind = accepted_at(3, "b", -3000);
  behind.submission.deadline = at(noon_ms + 1000);
  for (const auto& each : {later, sooner, behind}) accept(each);
  accept(accepted_at(4, "c", -2000));  // has none
  EXPECT_EQ(numbers(ask_for(DueClass::deadline)), (Numbers{2, 1}));
  finish(2, Event::delivered);
  EXPECT_EQ(numbers(ask_for(DueClass::deadline)), (Numbers{3, 1}));
  finish(3, Event::went_unknown);
  EXPECT_EQ(numbers(ask_for(DueClass::deadline)), (Numbers{1})) << "what is asked about is not sent";
}

}  // namespace
}  // namespace titip::storage
