// The counts through the door: kept as records change, the same after a restart, proven by a whole look, and watched by
// the rolling one.
#include <thread>

#include "storage/keys.h"
#include "storage/records.h"
#include "tests/storage/engines.h"

namespace titip::storage {
namespace {

class CountsTest : public OnEveryEngine {
 protected:
  // Ten in each of three minutes; every third is delivered, every fifth of the rest rejected.
  void some_history() {
    for (std::uint64_t i = 0; i < 30; ++i) {
      NewSubmission one = submission(i + 1, "person " + std::to_string(i));
      const WallTime accepted = at(noon_ms) + std::chrono::minutes(i / 10);
      one.submission.id = SubmissionId::make(accepted);
      one.submission.accepted_at = accepted;
      ids.push_back(one.submission.id);
      const auto verdict = caller->accept(std::move(one));
      if (i % 3 == 0) caller->finish(verdict.submission, Event::delivered);
      if (i % 3 != 0 && i % 5 == 0) caller->finish(verdict.submission, Event::rejected);
    }
  }
  VerifyReport report() {
    TestHome home;
    const auto all = ask<VerifyReport>(
        home, [this] { return pump(); }, [&](auto done) { store->verify({}, home, std::move(done)); });
    EXPECT_TRUE(all.has_value());
    return all.value_or(VerifyReport{});
  }
  DestinationCounts pcare() { return store->counts().destinations["pcare"]; }
  std::vector<SubmissionId> ids;
};

TEST_P(CountsTest, AreKeptByStateAndByMinuteAndSurviveARestart) {
  some_history();
  const auto check_them = [&](const char* when) {
    const DestinationCounts counts = pcare();
    EXPECT_EQ(counts.accepted, 30U) << when;
    EXPECT_EQ(counts.by_state[static_cast<std::size_t>(State::delivered)], 10U) << when;
    EXPECT_EQ(counts.by_state[static_cast<std::size_t>(State::rejected)], 4U) << when;
    EXPECT_EQ(counts.by_state[static_cast<std::size_t>(State::queued)], 16U) << when;
    const std::int64_t noon = keys::minute_of(at(noon_ms));
    const std::map<std::int64_t, std::uint64_t> pending{{noon, 5}, {noon + 1, 6}, {noon + 2, 5}};
    EXPECT_EQ(counts.pending_by_minute, pending) << when;
    EXPECT_EQ(counts.scan_difference, 0U) << when;
  };
  check_them("at once");
  reopen();
  check_them("opened again");
  for (const SubmissionId& id : ids) {
    const auto record = caller->load(id).submission;
    if (record.state == State::queued) caller->finish(record, Event::delivered);
  }
  EXPECT_TRUE(pcare().pending_by_minute.empty()) << "no zeros";
}

TEST_P(CountsTest, WhoNeedsAttentionIsCountedUntilSomebodyDealsWithIt) {
  for (std::uint64_t i = 1; i <= 4; ++i) {
    NewSubmission one = submission(i, "person " + std::to_string(i));
    ids.push_back(one.submission.id);
    caller->accept(std::move(one));
  }
  EXPECT_EQ(pcare().need_attention, 0U);
  const auto move = [&](std::size_t at, Event event) {
    const auto record = caller->load(ids[at]).submission;
    caller->transition({.id = record.id,
                        .expected_state = record.state,
                        .expected_version = record.version,
                        .event = event,
                        .due_at = {}});
  };
  caller->finish(caller->load(ids[0]).submission, Event::rejected);
  caller->finish(caller->load(ids[1]).submission, Event::delivered);
  move(2, Event::hold);
  EXPECT_EQ(pcare().need_attention, 2U);
  EXPECT_TRUE(report().sound());
  reopen();
  EXPECT_EQ(pcare().need_attention, 2U) << "opened again";
  move(2, Event::release);
  EXPECT_EQ(pcare().need_attention, 1U);
  move(3, Event::cancel);
  EXPECT_EQ(pcare().need_attention, 1U) << "nobody is asked about it";
  EXPECT_TRUE(report().sound());
}

// Whoever decides about a facility's quota asks this once a submission.
TEST_P(CountsTest, WhatIsPendingOfAFacilityIsKnownWithoutALook) {
  const auto accept = [&](std::uint64_t number, const std::string& facility, std::string destination, int days) {
    NewSubmission one = submission(number, "person " + std::to_string(number), facility);
    one.submission.destination = std::move(destination);
    one.submission.accepted_at = at(noon_ms) + std::chrono::days(days);
    one.submission.id = SubmissionId::make(one.submission.accepted_at);
    ids.push_back(one.submission.id);
    caller->accept(std::move(one));
  };
  accept(1, "clinic-1", "pcare", 0);
  accept(2, "clinic-1", "pcare", 0);
  accept(3, "clinic-1", "pcare", 3);
  accept(4, "clinic-1", "queues", 9);
  accept(5, "clinic-1", "callback", 9);
  accept(6, "clinic-2", "pcare", 1);
  accept(7, "clinic-2", "pcare", 2);
  accept(8, "clinic-3", "pcare", 5);
  const auto are = [&](std::uint64_t first, std::uint64_t second, std::uint64_t third, const char* when) {
    EXPECT_EQ(store->pending_of("clinic-1"), first) << when;
    EXPECT_EQ(store->pending_of("clinic-2"), second) << when;
    EXPECT_EQ(store->pending_of("clinic-3"), third) << when;
    EXPECT_EQ(store->pending_of("clinic-4"), 0U) << when;
  };
  are(4, 2, 1, "of all destinations, but of no callback");
  reopen();
  are(4, 2, 1, "opened again");
  const auto finish = [&](std::size_t which) { caller->finish(caller->load(ids[which]).submission, Event::delivered); };
  finish(0);
  finish(5);  // the only one of its day
  are(3, 1, 1, "settled");
  const auto held = caller->load(ids[2]).submission;
  caller->transition({.id = held.id,
                      .expected_state = held.state,
                      .expected_version = held.version,
                      .event = Event::hold,
                      .due_at = {}});
  are(3, 1, 1, "what is held is pending");
  reopen();
  are(3, 1, 1, "settled, and opened again");
  for (const std::size_t which : {1U, 3U, 6U, 7U}) finish(which);
  are(1, 0, 0, "nearly empty");
  reopen();
  are(1, 0, 0, "nearly empty, and opened again");
  accept(9, "clinic-3", "pcare", 5);
  are(1, 0, 1, "a day that had nothing");
}

// Nothing of what is refused is left, and what is there is answered as ever.
TEST_P(CountsTest, BeyondAQuotaOnlyWhatIsNewIsRefused) {
  NewSubmission first = submission(1);
  first.idempotency_key = digest("key");
  first.submission.provides = {digest("dose")};
  ASSERT_EQ(caller->accept(first).kind, VerdictKind::accepted);
  NewSubmission again = first;
  again.submission.id = SubmissionId::make(at(noon_ms));
  again.beyond_quota = true;
  EXPECT_EQ(caller->accept(again).kind, VerdictKind::replayed);
  again.submission.fingerprint = digest("another body");
  EXPECT_EQ(caller->accept(again).kind, VerdictKind::key_reused);

  NewSubmission more = submission(2, "another person");
  more.idempotency_key = digest("another key");
  more.beyond_quota = true;
  EXPECT_EQ(caller->accept(std::vector{more}).error(), Error::over_quota);
  EXPECT_EQ(pcare().accepted, 1U);
  EXPECT_EQ(store->pending_of("clinic-1"), 1U);
  more.beyond_quota = false;
  EXPECT_EQ(caller->accept(more).kind, VerdictKind::accepted) << "its id and its key stayed free";

  NewSubmission nothing = submission(3);
  nothing.takes_back = digest("of nobody");
  nothing.beyond_quota = true;
  EXPECT_EQ(caller->accept(std::vector{nothing}).error(), Error::over_quota) << "it would wait itself";
  nothing.takes_back = digest("dose");
  const Verdict taken = caller->accept(nothing);
  EXPECT_EQ(taken.kind, VerdictKind::accepted) << "it makes room";
  EXPECT_EQ(taken.submission.state, State::cancelled);
  EXPECT_EQ(store->pending_of("clinic-1"), 1U);
  EXPECT_TRUE(report().sound());
}

// Those that must be sent by some time, while they are pending: who counts how many will miss it reads no record.
TEST_P(CountsTest, DeadlinesAreCountedWhileTheirRecordsArePending) {
  const WallTime tonight = at(noon_ms) + std::chrono::hours(5);
  const WallTime tomorrow = tonight + std::chrono::hours(24);
  for (std::uint64_t i = 1; i <= 5; ++i) {
    NewSubmission one = submission(i, "person " + std::to_string(i));
    if (i <= 3) one.submission.deadline = tonight;
    if (i == 4) one.submission.deadline = tomorrow;
    ids.push_back(one.submission.id);
    caller->accept(std::move(one));
  }
  using ByDeadline = std::map<std::int64_t, std::uint64_t>;
  const std::int64_t first = keys::minute_of(tonight);
  const std::int64_t second = keys::minute_of(tomorrow);
  EXPECT_EQ(pcare().pending_by_deadline, (ByDeadline{{first, 3}, {second, 1}}));
  caller->finish(caller->load(ids[0]).submission, Event::delivered);
  caller->finish(caller->load(ids[1]).submission, Event::deferred);
  EXPECT_EQ(pcare().pending_by_deadline, (ByDeadline{{first, 2}, {second, 1}}));
  EXPECT_TRUE(report().sound());
  reopen();
  EXPECT_EQ(pcare().pending_by_deadline, (ByDeadline{{first, 2}, {second, 1}})) << "opened again";
  for (const std::size_t i : {1U, 2U, 3U}) {
    const auto record = caller->load(ids[i]).submission;
    caller->transition({.id = record.id,
                        .expected_state = record.state,
                        .expected_version = record.version,
                        .event = Event::cancel,
                        .due_at = {}});
  }
  EXPECT_TRUE(pcare().pending_by_deadline.empty()) << "no zeros";
}

TEST_P(CountsTest, AWholeLookFindsThemSoundOrNot) {
  some_history();
  const auto sound = report();
  EXPECT_TRUE(sound.sound()) << sound.problems.front().kind;
  EXPECT_EQ(sound.submissions, 30U);
  EXPECT_EQ(sound.pending, 16U);
  reopen_after([](Kv& kv) {
    const std::string key = keys::destination_counts("pcare");
    auto counts = *decode_counts({Family::counts, key}, *kv.get(Family::counts, key).value());
    ++counts.accepted;
    ASSERT_TRUE(kv.commit({{Family::counts, key, encode({Family::counts, key}, counts)}}));
  });
  const auto spoiled = report();
  ASSERT_EQ(spoiled.problems.size(), 1U);
  EXPECT_EQ(spoiled.problems[0].kind, "count_differs");
  EXPECT_EQ(pcare().accepted, 31U) << "the difference of the ledger says so too";
}

// The engines that look around by themselves.
class RollingTest : public CountsTest {};
std::vector<EngineCase> with_threads() {
  std::vector<EngineCase> all = engines();
  std::erase_if(all, [](const EngineCase& each) { return each.name == "memory_by_hand"; });
  return all;
}

TEST_P(RollingTest, SeesAMiscountAndALostRecord) {
  some_history();
  patrol_every = std::chrono::milliseconds(5);
  const auto found = [&](std::uint64_t difference) {
    for (int i = 0; i < 1000 && pcare().scan_difference != difference; ++i) {
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
    return pcare().scan_difference == difference;
  };
  const std::string key = keys::minute_accepted("pcare", keys::minute_of(at(noon_ms)));
  const auto set_to = [&](std::uint64_t count) {
    return [&key, count](Kv& kv) {
      ASSERT_TRUE(kv.commit({{Family::counts, key, encode({Family::counts, key}, count)}}));
    };
  };
  reopen_after(set_to(12));
  EXPECT_TRUE(found(2));
  reopen_after([&](Kv& kv) {
    set_to(10)(kv);
    ASSERT_TRUE(kv.commit({{Family::meta, keys::of(ids.back()), std::nullopt}}));
  });
  EXPECT_TRUE(found(1));
  for (int i = 0; i < 1000 && store->health().patrolled_at == WallTime{}; ++i)
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  EXPECT_EQ(store->health().patrolled_at, now) << "a whole round has ended";
}

INSTANTIATE_TEST_SUITE_P(Engines, CountsTest, ::testing::ValuesIn(engines()),
                         [](const auto& info) { return info.param.name; });
INSTANTIATE_TEST_SUITE_P(Engines, RollingTest, ::testing::ValuesIn(with_threads()),
                         [](const auto& info) { return info.param.name; });

}  // namespace
}  // namespace titip::storage
