// After a restore: what becomes of each record, the gates, the gap, and that it may be cut short anywhere.
#include "storage/restore.h"

#include <algorithm>

#include "storage/evidence.h"
#include "storage/keys.h"
#include "storage/queue_store.h"
#include "storage/records.h"
#include "tests/storage/faulty_kv.h"
#include "tests/storage/invariants.h"
#include "tests/storage/support.h"

namespace titip::storage {
namespace {

constexpr std::int64_t hour_ms = 3'600'000;

class Restores : public ::testing::Test {
 protected:
  StoreOptions options() {
    StoreOptions options;
    options.now = [this] { return now; };
    options.free_space_floor_bytes = 0;
    options.on_fatal = [](const std::string& why) { ADD_FAILURE() << why; };
    return options;
  }
  void open() {
    store = QueueStore::open(kv, options(), Pumping::by_hand).value();
    caller = std::make_unique<Caller>(*store, [this] { return store->pump(); });
  }
  void close() {
    caller.reset();
    store.reset();
  }
  Submission accept(std::uint64_t number, std::string_view person) {
    return caller->accept(submission(number, person)).submission;
  }
  Submission loaded(std::uint64_t number) { return caller->load(id_of(number)).submission; }
  void hold(std::uint64_t number, HoldReason reason) {
    auto transition = transition_of(loaded(number), Event::hold);
    transition.hold_reason = reason;
    ASSERT_EQ(caller->transition(transition).applied, Applied::yes);
  }

  // One record in each state that the table reaches without requirements, some behind others of their key.
  void fill() {
    open();
    accept(1, "queued");
    accept(2, "queued");  // waits behind 1
    caller->open_attempt(accept(3, "in flight"));
    const auto deferred = accept(4, "deferred");
    caller->finish(deferred, Event::deferred);
    const auto unknown = accept(5, "unknown");
    caller->finish(unknown, Event::went_unknown);
    accept(6, "held");
    hold(6, HoldReason::person);
    caller->finish(accept(7, "delivered"), Event::delivered);
    caller->finish(accept(8, "rejected"), Event::rejected);
    accept(9, "cancelled");
    caller->transition(transition_of(loaded(9), Event::cancel));
    const auto gave_up = accept(10, "held unknown");
    caller->finish(gave_up, Event::went_unknown);
    ASSERT_EQ(caller->settle(settlement(loaded(10), Event::gave_up_probing)).state, State::held);
    close();
  }
  std::expected<Restored, std::string> restore() { return mark_restored(*kv, until, now, {}); }

  WallTime now = at(noon_ms);
  std::optional<Reach> until;
  std::shared_ptr<FaultyKv> kv = std::make_shared<FaultyKv>(std::make_shared<MemoryKv>());
  std::unique_ptr<QueueStore> store;
  std::unique_ptr<Caller> caller;
};

TEST_F(Restores, EveryRecordIsWhereThePlanSays) {
  fill();
  now += std::chrono::hours(1);
  const auto restored = restore();
  ASSERT_TRUE(restored.has_value()) << restored.error();
  EXPECT_EQ(restored->made_unknown, 5U);
  EXPECT_EQ(restored->kept_held, 2U);
  EXPECT_EQ(restored->damaged, 0U);
  EXPECT_EQ(restored->destinations, 1U);
  EXPECT_EQ(restored->epoch, 2U);

  open();
  EXPECT_EQ(store->health().epoch, 3U);
  EXPECT_EQ(store->health().found_open_attempts, 0U);
  const std::pair<std::uint64_t, State> rows[] = {
      {1, State::unknown}, {2, State::unknown},   {3, State::unknown},  {4, State::unknown},   {5, State::unknown},
      {6, State::held},    {7, State::delivered}, {8, State::rejected}, {9, State::cancelled}, {10, State::held},
  };
  for (const auto& [number, state] : rows) EXPECT_EQ(loaded(number).state, state) << number;
  EXPECT_EQ(loaded(1).unknown_since, now) << "the late-apply wait counts from now";
  EXPECT_EQ(loaded(5).unknown_since, now);
  EXPECT_EQ(loaded(6).unknown_since, now) << "held, it may have landed too";
  EXPECT_EQ(loaded(1).outcome_rule, "restored");

  const auto probes = caller->due("clinic-1", DueClass::probe, now);
  EXPECT_EQ(probes.items.size(), 4U) << "the heads; 2 waits behind 1";
  EXPECT_TRUE(caller->due("clinic-1", DueClass::send, now).items.empty()) << "nothing is sent blindly";
  const auto counts = store->counts().destinations.at("pcare");
  EXPECT_EQ(counts.by_state[static_cast<std::size_t>(State::unknown)], 5U);
  EXPECT_EQ(counts.by_state[static_cast<std::size_t>(State::held)], 2U);
}

TEST_F(Restores, AHeldRecordIsAskedAfterBeforeItIsSent) {
  fill();
  ASSERT_TRUE(restore());
  open();
  EXPECT_EQ(loaded(6).hold_reason, HoldReason::unknown);
  EXPECT_EQ(caller->transition(transition_of(loaded(6), Event::release)).state, State::unknown);
}

TEST_F(Restores, TheNextOfAKeyIsStillUnknownWhenItsTurnComes) {
  fill();
  ASSERT_TRUE(restore());
  open();
  ASSERT_EQ(caller->settle(settlement(loaded(1), Event::delivered)).state, State::delivered);
  const auto probes = caller->due("clinic-1", DueClass::probe, now);
  EXPECT_TRUE(std::ranges::any_of(probes.items, [](const Due& due) { return due.submission.id == id_of(2); }));
}

TEST_F(Restores, EveryDestinationStartsPausedAndTheGapIsStated) {
  fill();
  until = Reach{99, 15, 4, at(noon_ms + hour_ms)};
  now += std::chrono::hours(2);
  const auto restored = restore();
  ASSERT_TRUE(restored.has_value()) << restored.error();
  EXPECT_EQ(restored->epoch, 5U) << "above whatever the lost store ever had";
  EXPECT_NE(restored->gap.text().english().find("5 accepted submissions (positions 11 to 15)"), std::string::npos)
      << restored->gap.text().english();
  open();
  const auto gate = caller->get_object(std::string(gate_kind), "pcare").value();
  ASSERT_TRUE(gate.has_value());
  EXPECT_EQ(gate->bytes,
            R"({"reason":"restored","reason_id":"dipulihkan dari cadangan","since":"2021-08-26T19:46:40Z"})");
  const auto gaps = caller->list_objects(std::string(gap_kind)).value();
  ASSERT_EQ(gaps.size(), 1U);
  EXPECT_EQ(gaps[0].first, "2021-08-26T19:46:40Z");
  EXPECT_EQ(gaps[0].second.bytes, restored->gap.json());
  EXPECT_NE(gaps[0].second.bytes.find(R"("until":{"position":15,"commit":99,"at":"2021-08-26T18:46:40Z"})"),
            std::string::npos)
      << gaps[0].second.bytes;
}

TEST_F(Restores, WithoutAWatermarkTheGapLastsUntilNow) {
  fill();
  const auto restored = restore();
  ASSERT_TRUE(restored.has_value());
  EXPECT_NE(restored->gap.text().english().find("everything between"), std::string::npos);
  EXPECT_NE(restored->gap.json().find(R"("until":null)"), std::string::npos);
}

TEST(Gap, IsSaidInBothLanguagesAndKeptInEnglish) {
  struct Row {
    std::optional<Reach> until;
    const char* english;
    const char* indonesian;
  };
  const Row rows[] = {
      {std::nullopt,
       "everything between 2021-08-26 17:46:40 UTC (position 10) and the restore at 2021-08-26 19:46:40 UTC is "
       "missing: "
       "submissions accepted since, and what became of older ones",
       "semua yang terjadi antara 2021-08-26 17:46:40 UTC (posisi 10) dan pemulihan pada 2021-08-26 19:46:40 UTC "
       "hilang: kiriman yang diterima sejak itu, dan kelanjutan dari laporan yang lebih lama"},
      {Reach{8, 10, 4, at(noon_ms + hour_ms)},
       "missing between 2021-08-26 17:46:40 UTC and 2021-08-26 18:46:40 UTC: no accepted submission, 1 commit in all",
       "yang hilang antara 2021-08-26 17:46:40 UTC dan 2021-08-26 18:46:40 UTC: tidak ada kiriman yang diterima, "
       "seluruhnya 1 commit"},
      {Reach{9, 11, 4, at(noon_ms + hour_ms)},
       "missing between 2021-08-26 17:46:40 UTC and 2021-08-26 18:46:40 UTC: 1 accepted submission (position 11), "
       "2 commits in all",
       "yang hilang antara 2021-08-26 17:46:40 UTC dan 2021-08-26 18:46:40 UTC: 1 kiriman yang diterima (posisi 11), "
       "seluruhnya 2 commit"},
      {Reach{9, 1213, 4, at(noon_ms + hour_ms)},
       "missing between 2021-08-26 17:46:40 UTC and 2021-08-26 18:46:40 UTC: 1203 accepted submissions (positions 11 "
       "to 1213), 2 commits in all",
       "yang hilang antara 2021-08-26 17:46:40 UTC dan 2021-08-26 18:46:40 UTC: 1203 kiriman yang diterima (posisi 11 "
       "sampai 1213), seluruhnya 2 commit"},
  };
  for (const Row& row : rows) {
    const Gap gap{Reach{7, 10, 4, at(noon_ms)}, row.until, at(noon_ms + 2 * hour_ms)};
    EXPECT_EQ(gap.text(), words::Said(row.english, row.indonesian));
    words::speak(words::Language::id);
    EXPECT_NE(gap.json().find(row.english), std::string::npos) << gap.json();
    words::speak(words::Language::en);
  }
}

TEST_F(Restores, WhatWaitsForAnotherIsAskedAfterTooAndTheBooksBalance) {
  fill();
  open();
  const auto related = [&](std::uint64_t number, std::vector<Digest> requires_these, std::vector<Digest> provides) {
    auto one = submission(number, "patient " + std::to_string(number));
    one.submission.requirements = std::move(requires_these);
    one.submission.provides = std::move(provides);
    return caller->accept(std::move(one)).submission;
  };
  const auto origin = related(20, {}, {digest("registration")});
  EXPECT_EQ(related(21, {digest("registration")}, {}).state, State::blocked);
  caller->finish(related(22, {}, {digest("other registration")}), Event::rejected);
  EXPECT_EQ(related(23, {digest("other registration")}, {}).state, State::held);
  close();
  EXPECT_TRUE(broken_invariants(*kv).empty()) << broken_invariants(*kv).front();
  now += std::chrono::hours(1);
  ASSERT_TRUE(restore());
  EXPECT_TRUE(broken_invariants(*kv).empty()) << broken_invariants(*kv).front();

  open();
  EXPECT_EQ(loaded(20).state, State::unknown);
  EXPECT_EQ(loaded(21).state, State::unknown) << "its requirement may have been met, and it sent, since the copy";
  EXPECT_EQ(loaded(23).state, State::held);
  // The origin landed; nothing is set moving by that any more, each is asked after for itself.
  ASSERT_EQ(caller->settle(settlement(loaded(20), Event::delivered)).state, State::delivered);
  EXPECT_EQ(loaded(21).state, State::unknown);
  EXPECT_EQ(caller->settle(settlement(loaded(21), Event::not_found)).state, State::deferred);
  const auto report = ask<VerifyReport>(
      caller->home, [this] { return store->pump(); },
      [&](auto done) { store->verify([](Progress) {}, caller->home, std::move(done)); });
  ASSERT_TRUE(report.has_value());
  EXPECT_TRUE(report->sound()) << report->problems.front().kind << " " << report->problems.front().examples.front();
  close();
  EXPECT_TRUE(broken_invariants(*kv).empty()) << broken_invariants(*kv).front();
}

TEST_F(Restores, WhatIsNotFoundWaitsOnForWhatItRequires) {
  open();
  const auto related = [&](std::uint64_t number, std::vector<Digest> requires_these, std::vector<Digest> provides) {
    auto one = submission(number, "patient " + std::to_string(number));
    one.submission.requirements = std::move(requires_these);
    one.submission.provides = std::move(provides);
    return caller->accept(std::move(one)).submission;
  };
  related(20, {}, {digest("registration")});
  ASSERT_EQ(related(21, {digest("registration")}, {}).state, State::blocked);
  ASSERT_EQ(related(22, {digest("registration")}, {}).state, State::blocked);
  caller->finish(related(23, {}, {digest("other registration")}), Event::rejected);
  ASSERT_EQ(related(24, {digest("other registration")}, {}).state, State::held);
  close();
  now += std::chrono::hours(1);
  ASSERT_TRUE(restore());
  open();
  ASSERT_EQ(loaded(21).state, State::unknown);
  EXPECT_EQ(caller->settle(settlement(loaded(21), Event::not_found)).state, State::blocked) << "20 is still unknown";
  // Held for a requirement: asked after when it is released, and held again when it is not there.
  ASSERT_EQ(caller->transition(transition_of(loaded(24), Event::release)).state, State::unknown);
  EXPECT_EQ(caller->settle(settlement(loaded(24), Event::not_found)).state, State::held);
  EXPECT_EQ(loaded(24).hold_reason, HoldReason::requirement);
  // The origin does not land either: it is sent before those that wait for it.
  EXPECT_EQ(caller->settle(settlement(loaded(20), Event::not_found)).state, State::deferred);
  caller->finish(loaded(20), Event::rejected);
  EXPECT_EQ(loaded(21).state, State::held);
  EXPECT_EQ(caller->settle(settlement(loaded(22), Event::not_found)).state, State::held);
  close();
  EXPECT_TRUE(broken_invariants(*kv).empty()) << broken_invariants(*kv).front();
}

TEST_F(Restores, AnEmptyStoreIsNotRestored) {
  EXPECT_NE(restore().error().find("empty"), std::string::npos);
}

TEST_F(Restores, AStoreThatIsRefusedOpensAfterwards) {
  fill();
  Reach ahead = decode_reach(kv->noted().value().value()).value();
  ahead.commit += 7;
  ahead.position += 3;
  ASSERT_TRUE(kv->note(encode(ahead)));
  ASSERT_FALSE(QueueStore::open(kv, options(), Pumping::by_hand).has_value());
  until = ahead;
  ASSERT_TRUE(restore());
  open();
  EXPECT_EQ(accept(11, "new").position, 11U);
}

TEST_F(Restores, ADamagedRecordIsLeftAndTold) {
  fill();
  ASSERT_TRUE(kv->commit({{Family::meta, keys::of(id_of(4)), std::string("rot")}}));
  now += std::chrono::hours(1);
  const auto restored = restore();
  ASSERT_TRUE(restored.has_value()) << restored.error();
  EXPECT_EQ(restored->damaged, 1U);
  EXPECT_EQ(restored->made_unknown, 4U);
}

// What one uninterrupted restore leaves, key by key; the count of commits alone may differ.
std::string everything_in(const Kv& kv) {
  std::string all;
  for (std::size_t f = 0; f < family_count; ++f) {
    const auto scanned = kv.scan(static_cast<Family>(f), {}, {}, [&](std::string_view key, std::string_view value) {
      if (static_cast<Family>(f) == Family::info && key == "commit") return true;
      all += family_names[f];
      all += key;
      all += value;
      return true;
    });
    EXPECT_TRUE(scanned.has_value());
  }
  return all;
}

TEST_F(Restores, CutShortAtAnyCommitItGoesOnAndEndsTheSame) {
  constexpr std::uint64_t many = 700;  // two batches of those at the head of their key, two of the others
  const auto make = [&] {
    kv = std::make_shared<FaultyKv>(std::make_shared<MemoryKv>());
    open();
    std::vector<NewSubmission> batch;
    for (std::uint64_t i = 1; i <= many; ++i) batch.push_back(submission(i, std::to_string(i / 2)));
    ASSERT_TRUE(caller->accept(std::move(batch)).has_value());
    caller->open_attempt(loaded(1));
    close();
  };
  make();
  const std::size_t before = kv->commits;
  const auto whole = restore();
  ASSERT_TRUE(whole.has_value()) << whole.error();
  EXPECT_EQ(whole->made_unknown, many);
  const std::size_t commits = kv->commits - before;
  EXPECT_EQ(commits, 6U) << "begin, four batches, end";
  const std::string expected = everything_in(*kv);

  for (std::size_t cut = 1; cut <= commits; ++cut) {
    make();
    kv->fail_commit = kv->commits + cut;
    const auto failed = restore();
    ASSERT_FALSE(failed.has_value()) << cut;
    EXPECT_NE(failed.error().find("run the restore again"), std::string::npos) << failed.error();
    if (cut > 1) {
      const auto refused = QueueStore::open(kv, options(), Pumping::by_hand);
      ASSERT_FALSE(refused.has_value()) << "half restored, cut at " << cut;
      EXPECT_NE(refused.error().find("not finished"), std::string::npos) << refused.error();
    }
    std::vector<Progress> progress;
    const auto again = mark_restored(*kv, until, now, [&](Progress p) { progress.push_back(p); });
    ASSERT_TRUE(again.has_value()) << again.error();
    EXPECT_EQ(progress.back().done, many);
    EXPECT_EQ(progress.back().of, many);
    EXPECT_EQ(everything_in(*kv), expected) << "cut at " << cut;
    open();
    EXPECT_EQ(store->counts().destinations.at("pcare").by_state[static_cast<std::size_t>(State::unknown)], many);
    close();
  }
}

TEST_F(Restores, TwiceChangesNoRecord) {
  fill();
  ASSERT_TRUE(restore());
  const auto again = restore();
  ASSERT_TRUE(again.has_value());
  EXPECT_EQ(again->made_unknown, 0U);
  EXPECT_EQ(again->kept_held, 2U);
}

}  // namespace
}  // namespace titip::storage
