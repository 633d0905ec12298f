// News: a record that enters custody in the commit of the change it tells of, on every engine.
#include <algorithm>

#include "tests/storage/lives.h"

namespace titip::storage {
namespace {

class NewsOfAChange : public Lives {
 protected:
  // Of the destination "callback", in the line of the record it tells of.
  static News news(std::uint64_t number, State when, std::string_view line, std::uint64_t most_due = 100) {
    News made{when, submission(number, line), most_due};
    made.submission.submission.destination = "callback";
    made.submission.submission.route = "submission." + std::string(name(when));
    return made;
  }
  Settlement ending(std::uint64_t number, Event event, std::vector<News> all) {
    caller->open_attempt(now_of(number));
    auto made = settlement(now_of(number), event);
    made.news = std::move(all);
    return made;
  }
  bool is_there(std::uint64_t number) {
    const auto found = caller->load(std::vector<LoadRequest>{{id_of(number)}});
    return found && found->front().has_value();
  }
  std::vector<std::uint64_t> positions(std::string facility = "clinic-1") {
    DueQuery query{.lane = {"callback", std::move(facility)}, .now = at(noon_ms * 2), .limit = 100};
    const auto batches = ask<std::vector<DueBatch>>(
        caller->home, [this] { return pump(); },
        [&](auto done) { store->next_due({query}, caller->home, std::move(done)); });
    return numbers(batches->front());
  }
};
INSTANTIATE_TEST_SUITE_P(Engines, NewsOfAChange, ::testing::ValuesIn(engines()),
                         [](const auto& param) { return param.param.name; });

TEST_P(NewsOfAChange, IsTakenInWithTheEndItTellsOfAndLastsOverARestart) {
  accept(submission(1, "anna"));
  auto made = ending(1, Event::rejected, {news(11, State::rejected, "news of 1")});
  const auto payload = made.news.front().submission.payload;
  const Changed changed = caller->settle(std::move(made));
  EXPECT_EQ(changed.applied, Applied::yes);
  EXPECT_EQ(changed.state, State::rejected);
  EXPECT_EQ(changed.news_taken, 1U);
  EXPECT_EQ(changed.news_left_out, 0U);
  reopen();
  EXPECT_EQ(state_of(1), State::rejected);
  const Loaded told = caller->load(id_of(11));
  EXPECT_EQ(told.submission.state, State::queued);
  EXPECT_EQ(told.submission.destination, "callback");
  EXPECT_EQ(told.submission.position, 2U);
  EXPECT_EQ(told.payload, payload);
  EXPECT_EQ(caller->lanes("callback"), (std::vector{Lane{"callback", "clinic-1"}}));
  EXPECT_EQ(positions(), (std::vector<std::uint64_t>{2}));
  EXPECT_EQ(store->counts().destinations.at("callback").accepted, 1U);
}

TEST_P(NewsOfAChange, IsLeftAloneWhereTheRecordCameToStandElsewhere) {
  for (const auto& [number, event] :
       {std::pair(1U, Event::deferred), std::pair(2U, Event::delivered), std::pair(3U, Event::went_unknown)}) {
    accept(submission(number, "p" + std::to_string(number)));
    const Changed changed = caller->settle(ending(number, event, {news(10 + number, State::rejected, "line")}));
    EXPECT_EQ(changed.applied, Applied::yes);
    EXPECT_EQ(changed.news_taken + changed.news_left_out, 0U) << name(event);
    EXPECT_FALSE(is_there(10 + number)) << name(event);
  }
  // The store alone knows that the third "missing" of a requirement that is there means no.
  accept(needing(4, "p4", {"never in custody"}));
  for (int times = 0; times < 3; ++times) {
    const bool last = times == 2;
    const Changed changed = caller->settle(ending(4, Event::blocked, {news(14, State::rejected, "line 4")}));
    EXPECT_EQ(changed.state, last ? State::rejected : State::deferred);
    EXPECT_EQ(changed.news_taken, last ? 1U : 0U);
    EXPECT_EQ(is_there(14), last);
  }
}

TEST_P(NewsOfAChange, OfAStaleOrFencedSettlementIsNeverThere) {
  accept(submission(1, "anna"));
  auto made = ending(1, Event::rejected, {news(11, State::rejected, "line")});
  auto stale = made;
  stale.expected_version += 7;
  EXPECT_EQ(caller->settle(stale).applied, Applied::stale);
  auto fenced = made;
  fenced.epoch = 999;
  EXPECT_EQ(caller->settle(fenced).applied, Applied::fenced);
  EXPECT_FALSE(is_there(11));
  EXPECT_EQ(caller->settle(made).news_taken, 1U);
  EXPECT_EQ(caller->settle(made).applied, Applied::stale) << "brought twice, told once";
  EXPECT_EQ(store->counts().destinations.at("callback").accepted, 1U);
}

TEST_P(NewsOfAChange, ComesWithATransitionToo) {
  accept(submission(1, "anna"));
  auto expiry = transition_of(now_of(1), Event::expire);
  expiry.news = {news(11, State::expired, "line")};
  const Changed changed = caller->transition(expiry);
  EXPECT_EQ(changed.state, State::expired);
  EXPECT_EQ(changed.news_taken, 1U);
  EXPECT_EQ(state_of(11), State::queued);
}

TEST_P(NewsOfAChange, StandsInOneLineAndGoesInOrder) {
  accept(submission(1, "anna"));
  caller->settle(ending(1, Event::rejected, {news(11, State::rejected, "line"), news(12, State::rejected, "line")}));
  EXPECT_EQ(positions(), (std::vector<std::uint64_t>{2})) << "the second waits for the first";
  caller->finish(now_of(11), Event::delivered);
  EXPECT_EQ(positions(), (std::vector<std::uint64_t>{3}));
}

TEST_P(NewsOfAChange, IsLeftOutWhereTooManyOfTheFacilityAreDue) {
  for (std::uint64_t number = 1; number <= 3; ++number) {
    accept(submission(number, "p" + std::to_string(number)));
    const Changed changed = caller->settle(
        ending(number, Event::rejected, {news(10 + number, State::rejected, "line " + std::to_string(number), 2)}));
    EXPECT_EQ(changed.state, State::rejected) << "the outcome itself is never refused for it";
    EXPECT_EQ(changed.news_taken, number < 3 ? 1U : 0U);
    EXPECT_EQ(changed.news_left_out, number < 3 ? 0U : 1U);
  }
  EXPECT_FALSE(is_there(13));
  // Another facility's are its own.
  accept(submission(4, "p4", "clinic-2"));
  auto other = news(14, State::rejected, "line 4", 2);
  other.submission.submission.facility = "clinic-2";
  EXPECT_EQ(caller->settle(ending(4, Event::rejected, {other})).news_taken, 1U);
  // Once one is delivered there is room again.
  caller->finish(now_of(11), Event::delivered);
  accept(submission(5, "p5"));
  EXPECT_EQ(caller->settle(ending(5, Event::rejected, {news(15, State::rejected, "line 5", 2)})).news_taken, 1U);
}

TEST_P(NewsOfAChange, WakesItsLane) {
  std::vector<Lane> woken;
  store->subscribe("callback", caller->home, [&](const CommitNotice& notice) {
    woken.insert(woken.end(), notice.lanes.begin(), notice.lanes.end());
  });
  accept(submission(1, "anna"));
  woken.clear();
  caller->settle(ending(1, Event::rejected, {news(11, State::rejected, "line")}));
  while (caller->home.run()) {
  }
  EXPECT_NE(std::ranges::find(woken, Lane{"callback", "clinic-1"}), woken.end());
}

}  // namespace
}  // namespace titip::storage
