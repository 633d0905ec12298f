// A clock that was wrong, and what it must not cost: keys given free and content erased long before their time. On
// every engine.
#include "storage/commit_sequence.h"
#include "storage/keys.h"
#include "tests/storage/upkeep.h"

namespace titip::storage {
namespace {

class ClockDoubted : public Upkeep {
 protected:
  // Settled under a clock nobody has doubted yet.
  void SetUp() override {
    Upkeep::SetUp();
    longest_pause = storage::longest_pause;
    reopen();
    const auto first = sent(1);
    id = first.submission.id;
    accept({first});
    settle_with_words(id, Event::delivered);
  }
  static NewSubmission sent(std::int64_t ms) {
    auto made = submission(1, "a");
    made.submission.id = SubmissionId::make(at(noon_ms - 1000 + ms));
    made.submission.natural_key = digest("act 1");
    made.idempotency_key = digest("key 1");
    return made;
  }
  // A whole pass by the clock as it stands.
  std::size_t pass() {
    return retain_all({.settled_before = now - 90 * day, .after = {}, .keys_before = now - 90 * day});
  }
  bool knows_the_key() { return q().find({Find::By::idempotency_key, digest("key 1")}).value().size() == 1; }
  void expect_all_is_kept() {
    EXPECT_EQ(pass(), 0U);
    expect_content(id);
    EXPECT_TRUE(knows_the_key());
    EXPECT_EQ(caller->accept(sent(2)).kind, VerdictKind::replayed) << "the clinic resends";
  }
  void expect_all_is_gone() {
    EXPECT_EQ(pass(), 1U);
    expect_no_content(id);
    EXPECT_FALSE(knows_the_key());
  }
  // As a store that serves lives through them: it commits something now and then.
  void live(int days) {
    for (int i = 0; i < days; ++i) {
      now += day;
      commit();
    }
  }
  void commit() { ASSERT_TRUE(caller->put_objects({{"upkeep", "clock", std::nullopt, "ticks"}}).has_value()); }
  SubmissionId id;
  std::optional<ClockDoubt> doubt() { return store->health().clock_doubt; }
};
INSTANTIATE_TEST_SUITE_P(Engines, ClockDoubted, ::testing::ValuesIn(engines()),
                         [](const auto& param) { return param.param.name; });

TEST_P(ClockDoubted, ATimeThatTheStoreLivedThroughIsBelieved) {
  live(89);
  expect_all_is_kept();
  live(3);
  EXPECT_FALSE(doubt().has_value());
  expect_all_is_gone();
}

// No battery, no network yet: all was settled in 2021, then the clock is put right and the gateway starts again.
TEST_P(ClockDoubted, AClockPutRightBetweenTwoStartsFreesNothing) {
  const WallTime wrong = now;
  store->close();
  now += 1'000 * day;
  reopen();
  ASSERT_TRUE(doubt().has_value());
  EXPECT_EQ(*doubt(), (ClockDoubt{wrong, now}));
  expect_all_is_kept();
  reopen();
  EXPECT_EQ(*doubt(), (ClockDoubt{wrong, now})) << "it is not forgotten";
  live(89);
  expect_all_is_kept();
  live(2);
  expect_all_is_gone();
}

TEST_P(ClockDoubted, AClockThatLeapsWhileTheStoreServesFreesNothing) {
  now += 1'000 * day;
  expect_all_is_kept();  // the first that is asked of the writer is the pass itself
  commit();
  ASSERT_TRUE(doubt().has_value());
  live(91);
  expect_all_is_gone();
}

TEST_P(ClockDoubted, APersonWhoKnowsBetterEndsIt) {
  now += 1'000 * day;
  reopen();
  const auto object = caller->get_object(std::string(clock_kind), std::string(doubt_name)).value();
  ASSERT_TRUE(object.has_value());
  ASSERT_EQ(
      caller->put_objects({{std::string(clock_kind), std::string(doubt_name), object->version, {}}}).value().at(0),
      Applied::yes);
  EXPECT_FALSE(doubt().has_value());
  expect_all_is_gone();
  reopen();
  EXPECT_FALSE(doubt().has_value());
}

// A doubt that began in the far future would otherwise stand until then.
TEST_P(ClockDoubted, AClockThatComesBackFromTheFutureIsCountedFromThen) {
  now += 20'000 * day;
  commit();
  expect_all_is_kept();
  EXPECT_EQ(doubt(), (ClockDoubt{at(noon_ms), now}));
  const WallTime right = at(noon_ms) + day;
  now = right;
  commit();
  EXPECT_EQ(doubt(), (ClockDoubt{at(noon_ms), right}));
  live(89);
  expect_all_is_kept();
  live(2);
  expect_all_is_gone();
}

TEST_P(ClockDoubted, ADoubtThatCannotBeReadIsOne) {
  now += 1'000 * day;
  reopen_after([](Kv& kv) {
    ASSERT_TRUE(kv.commit({{Family::object, keys::object(clock_kind, doubt_name), std::string("rot")}}).has_value());
  });
  ASSERT_TRUE(doubt().has_value());
  expect_all_is_kept();
}

TEST_P(ClockDoubted, AWeekendOffIsNoLeap) {
  now += 47 * std::chrono::hours(1);
  reopen();
  now += 47 * std::chrono::hours(1);
  reopen();
  EXPECT_FALSE(doubt().has_value());
}

}  // namespace
}  // namespace titip::storage
