#include "gateway/admin/retention.h"

#include <gtest/gtest.h>

#include "tests/gateway/admin/upkeep_store.h"
#include "tests/gateway/fakes.h"

namespace titip::admin {
namespace {

using namespace std::chrono_literals;

storage::SubmissionId id(std::uint8_t number) {
  storage::SubmissionId made;
  made.bytes.fill(number);
  return made;
}
storage::Retained slice(std::optional<storage::SubmissionId> next, std::size_t erased = 0, std::uint64_t bytes = 0) {
  return {500, erased, bytes, next};
}

// One process after the other on the same store.
class RetentionTest : public testing::Test {
 protected:
  RetentionTest() {
    storage::StoreOptions options;
    options.now = [this] { return clock.wall(); };
    options.on_fatal = [](const std::string& why) { ADD_FAILURE() << why; };
    engine = storage::open_memory_store(std::move(options), storage::Pumping::by_hand);
    store.emplace(*engine);
    begin();
  }
  void begin(RetentionOptions options = {}) {
    timers.emplace(clock);
    retention.emplace(options, Retention::Parts{*store, home, *timers, clock, probes});
  }
  void run() {
    while (engine->pump() || home.run() || timers->run_due()) {
    }
  }
  void pass(std::chrono::milliseconds span) {
    run();
    const auto end = clock.steady() + span;
    for (auto next = timers->next(); next && *next <= end; next = timers->next()) {
      clock.advance(std::chrono::ceil<std::chrono::milliseconds>(*next - clock.steady()));
      run();
    }
    if (end > clock.steady()) clock.advance(std::chrono::ceil<std::chrono::milliseconds>(end - clock.steady()));
    run();
  }
  std::size_t calls() const { return store->retained_with.size(); }

  tests::FakeClock clock;
  tests::FakeHome home;
  metrics::Registry registry;
  metrics::RetentionProbes probes{registry};
  std::unique_ptr<storage::MemoryStore> engine;
  std::optional<tests::UpkeepStore> store;
  std::optional<tests::FakeTimers> timers;
  std::optional<Retention> retention;
};

TEST_F(RetentionTest, goes_over_the_store_in_slices_once_an_hour) {
  store->slices = {slice(id(1), 3, 3000), slice(id(2), 2, 500), slice(std::nullopt, 1, 100), slice(std::nullopt)};
  retention->start();
  pass(1min);
  ASSERT_EQ(calls(), 3U);
  EXPECT_EQ(store->retained_with[0].after, std::nullopt);
  EXPECT_EQ(store->retained_with[1].after, id(1));
  EXPECT_EQ(store->retained_with[2].after, id(2));
  EXPECT_EQ(store->retained_with[0].settled_before, tests::morning - std::chrono::days(90));
  EXPECT_EQ(store->retained_with[0].keys_before, tests::morning - std::chrono::days(90));
  EXPECT_EQ(store->retained_with[2].settled_before, store->retained_with[0].settled_before);
  EXPECT_EQ(probes.records.value(), 6);
  EXPECT_EQ(probes.bytes.value(), 3600);
  EXPECT_GT(probes.last_pass.value(), 0);
  pass(58min);
  EXPECT_EQ(calls(), 3U);
  pass(2min);
  EXPECT_EQ(calls(), 4U);
  EXPECT_EQ(store->retained_with[3].after, std::nullopt);
}

TEST_F(RetentionTest, rests_after_each_slice) {
  store->slices = {slice(id(1))};
  retention->start();
  pass(1s);
  EXPECT_LE(calls(), 52U) << "20 ms at least";
  EXPECT_GE(calls(), 40U);
}

TEST_F(RetentionTest, waits_while_the_writer_has_much_to_do) {
  storage::Health busy;
  busy.writable = true;
  busy.writer_queue = 1000;
  store->health_now = busy;
  retention->start();
  pass(10s);
  EXPECT_EQ(calls(), 0U);
  busy.disk_low = true;  // now it is what makes room
  store->health_now = busy;
  pass(1s);
  EXPECT_EQ(calls(), 1U);
}

TEST_F(RetentionTest, a_store_that_fails_is_asked_again_a_minute_later) {
  store->slices = {std::unexpected(storage::Error::unavailable), slice(std::nullopt)};
  retention->start();
  pass(50s);
  EXPECT_EQ(calls(), 1U);
  pass(20s);
  EXPECT_EQ(calls(), 2U);
}

TEST_F(RetentionTest, the_next_process_goes_on_where_this_one_stopped) {
  RetentionOptions options;
  options.remember_every = 2;
  begin(options);
  store->slices = {slice(id(1)), slice(id(2)), slice(id(3))};
  retention->start();
  pass(50ms);
  ASSERT_EQ(calls(), 3U);
  retention->stop();
  run();
  begin(options);
  store->retained_with.clear();
  store->slices = {slice(std::nullopt)};
  retention->start();
  pass(1s);
  ASSERT_EQ(calls(), 1U);
  EXPECT_EQ(store->retained_with[0].after, id(2)) << "the last place that was remembered";
  retention->stop();
  begin(options);  // that pass ended: the one after begins at the beginning
  store->retained_with.clear();
  retention->start();
  pass(1s);
  ASSERT_EQ(calls(), 1U);
  EXPECT_EQ(store->retained_with[0].after, std::nullopt);
}

TEST_F(RetentionTest, keys_stay_even_where_no_content_is_kept) {
  RetentionOptions options;
  options.rule.delivered = std::chrono::days(0);
  begin(options);
  retention->start();
  pass(1s);
  ASSERT_EQ(calls(), 1U);
  EXPECT_EQ(store->retained_with[0].settled_before, tests::morning);
  EXPECT_EQ(store->retained_with[0].keys_before, tests::morning - std::chrono::days(90));
}

TEST_F(RetentionTest, stopped_it_asks_nothing_more) {
  store->slices = {slice(id(1))};
  retention->start();
  pass(100ms);
  retention->stop();
  const auto before = calls();
  pass(3h);
  EXPECT_EQ(calls(), before);
}

TEST(RetentionRule, keys_live_ninety_days_whatever_is_asked) {
  const auto what = retain_at(tests::morning, {std::chrono::days(1), std::chrono::days(1)});
  EXPECT_EQ(what.settled_before, tests::morning - std::chrono::days(1));
  EXPECT_EQ(what.keys_before, tests::morning - std::chrono::days(90));
}

}  // namespace
}  // namespace titip::admin
