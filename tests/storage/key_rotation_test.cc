// Rotation of the wrapping key on every engine: complete, cut short after every step, beside live traffic, and where it
// must not drop the old key.
#include "storage/key_rotation.h"

#include <sys/stat.h>

#include <algorithm>
#include <atomic>
#include <set>
#include <thread>

#include "storage/kept_login.h"
#include "storage/key_file.h"
#include "storage/keys.h"
#include "tests/storage/custody.h"
#include "tests/storage/forwarding_store.h"
#include "tests/storage/key_files.h"
#include "tests/storage/spoiling.h"

namespace titip::storage {
namespace {

using Step = RotationProgress::Step;

class KeyRotation : public CustodyOnEveryEngine {
 protected:
  static constexpr int records = 10;

  void fill() {
    for (int i = 0; i < records; ++i) ASSERT_EQ(accept(i, i % 4).kind, VerdictKind::accepted);
    finish(0, Event::delivered);
    finish(1, Event::rejected);
    keep_login();
  }
  void keep_login() {
    login = login_object_name(*sealer, "pcare", "clinic-1");
    const Sealed sealed = sealer->seal_object(login_kind, login, "kata sandi uji");
    caller->put_objects({PutObject{std::string(login_kind), login, std::nullopt, sealed.bytes}});
  }
  RotationOptions options() const {
    RotationOptions options;
    options.page = 3;
    options.grace = std::chrono::milliseconds(0);
    return options;
  }
  RotationReport rotate(RotationOptions options) {
    return rotate_keys(key_file, *sealer, *store, home, options).value();
  }
  RotationReport rotate() { return rotate(options()); }

  std::vector<std::uint32_t> ids_in_file() const {
    std::vector<std::uint32_t> ids;
    for (const auto& each : read_key_file(key_file).value().wrapping) ids.push_back(each.id);
    return ids;
  }
  // Everything opens with what the key file holds now, and a duplicate is a duplicate.
  void expect_custody(std::string_view when) {
    const Sealer fresh = Sealer::open(key_file, false).value();
    for (int i = 0; i < records; ++i) {
      const Loaded loaded = caller->load(id_of_record(i));
      EXPECT_EQ(opened_body(fresh, loaded), body_of_record(i % 4, i)) << when << ", record " << i;
    }
    const auto object = caller->get_object(std::string(login_kind), login);
    ASSERT_TRUE(object.value().has_value());
    EXPECT_EQ(fresh.open_object(login_kind, login, Sealed{(*object)->bytes}), "kata sandi uji") << when;
    for (const int i : {0, 5}) {
      const Verdict verdict = caller->accept(sent_again(fresh, i, i % 4));
      EXPECT_EQ(verdict.kind, VerdictKind::replayed) << when;
      EXPECT_EQ(verdict.submission.id, id_of_record(i)) << when;
    }
  }
  std::string login;
};
INSTANTIATE_TEST_SUITE_P(Engines, KeyRotation, ::testing::ValuesIn(engines()),
                         [](const auto& param) { return param.param.name; });

TEST_P(KeyRotation, EverythingIsWrappedAnewAndTheOldKeyGoes) {
  fill();
  const std::string before = now_of(3).wrapped_key;
  const std::uint32_t version = now_of(3).version;
  const RotationReport report = rotate();
  EXPECT_TRUE(report.finished) << report.why_not.english();
  EXPECT_TRUE(report.began);
  EXPECT_EQ(report.current_key, 2U);
  EXPECT_EQ(report.dropped, std::vector<std::uint32_t>{1});
  EXPECT_EQ(report.rewrapped, records + 1U);
  EXPECT_EQ(report.passes, 2U) << "the second finds nothing";
  EXPECT_EQ(ids_in_file(), std::vector<std::uint32_t>{2});
  EXPECT_NE(now_of(3).wrapped_key, before);
  EXPECT_EQ(now_of(3).version, version) << "an attempt that is open meanwhile must be able to end";
  expect_custody("after the rotation");
  const Sealer fresh = Sealer::open(key_file, false).value();
  EXPECT_FALSE(fresh.unwrap(id_of_record(3), before).has_value()) << "what a thief copied before opens no more";
  start_again();
  expect_custody("after a start");
  EXPECT_TRUE(rotate().finished);
  EXPECT_EQ(ids_in_file(), std::vector<std::uint32_t>{3});
  expect_custody("after another");
}

TEST_P(KeyRotation, StoppedAfterAnyStepItEndsRightWhenRunAgain) {
  fill();
  std::set<Step> stopped_after;
  bool whole = false;
  for (int stop = 1; !whole; ++stop) {
    ASSERT_LT(stop, 200);
    int step = 0;
    RotationOptions cut = options();
    Step last = Step::key_made;
    cut.told = [&](const RotationProgress& progress) {
      last = progress.step;
      return ++step < stop;
    };
    const RotationReport first = rotate(cut);
    whole = step < stop;
    if (whole) break;
    stopped_after.insert(last);
    start_again();
    expect_custody(std::string("stopped after ") + std::string(name(last)));
    const bool has_one = last == Step::looked || last == Step::key_dropped;
    EXPECT_EQ(ids_in_file().size(), has_one ? 1U : 2U) << name(last);
    RotationOptions finish = options();
    finish.only_finish = true;
    const RotationReport second = rotate(finish);
    EXPECT_TRUE(second.finished) << second.why_not.english();
    EXPECT_FALSE(second.began) << "one was under way: " << name(last);
    EXPECT_EQ(ids_in_file().size(), 1U);
    EXPECT_EQ(ids_in_file().front(), first.current_key) << name(last);
    expect_custody("run again");
  }
  EXPECT_EQ(stopped_after, (std::set{Step::looked, Step::key_made, Step::key_used, Step::quiet, Step::records,
                                     Step::objects, Step::pass_done, Step::key_dropped}));
}

TEST_P(KeyRotation, OnlyFinishBeginsNothing) {
  fill();
  RotationOptions finish = options();
  finish.only_finish = true;
  EXPECT_TRUE(rotate(finish).finished);
  EXPECT_EQ(ids_in_file(), std::vector<std::uint32_t>{1});
}

TEST_P(KeyRotation, WhatIsAcceptedMeanwhileIsReadableAfterwards) {
  fill();
  std::atomic<bool> over = false;
  std::vector<int> accepted;
  const bool threads = GetParam().name != "memory_by_hand";
  // Twenty in flight at a time, sealed with whatever key is the current one just then.
  std::thread clinic([&] {
    WaitingHome waiting([&] { return threads ? false : pump(); });
    for (int i = 1000; !over && threads; i += 20) {
      std::vector<NewSubmission> batch;
      for (int k = 0; k < 20; ++k) batch.push_back(sealed_submission(*sealer, i + k, i + k));
      const auto verdicts = waiting.ask<std::vector<Verdict>>(
          [&](auto done) { store->accept(std::move(batch), waiting, std::move(done)); });
      for (int k = 0; verdicts && k < 20; ++k) accepted.push_back(i + k);
    }
  });
  RotationOptions slow = options();
  slow.grace = std::chrono::milliseconds(20);
  slow.page = 200;
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(rotate(slow).finished);
  over = true;
  clinic.join();
  if (threads) EXPECT_GT(accepted.size(), 100U);
  const Sealer fresh = Sealer::open(key_file, false).value();
  EXPECT_EQ(fresh.current_key_id(), 4U);
  for (const int i : accepted) EXPECT_EQ(opened_body(fresh, caller->load(id_of_record(i))), body_of_record(i, i)) << i;
  expect_custody("after three");
}

// Holds accepts back until an empty one asks whether all before it are committed.
class SlowToCommit : public ForwardingStore {
 public:
  using ForwardingStore::ForwardingStore;
  void accept(std::vector<NewSubmission> batch, Home& home, Done<std::vector<Verdict>> done) override {
    if (batch.empty()) release();
    held_.push_back({std::move(batch), &home, std::move(done)});
    if (held_.back().batch.empty()) release();
  }
  void release() {
    for (auto& call : held_) ForwardingStore::accept(std::move(call.batch), *call.home, std::move(call.done));
    held_.clear();
  }

 private:
  struct Call {
    std::vector<NewSubmission> batch;
    Home* home;
    Done<std::vector<Verdict>> done;
  };
  std::vector<Call> held_;
};

TEST_P(KeyRotation, ARecordThatWaitsForItsCommitIsNotForgotten) {
  fill();
  SlowToCommit slow(*store);
  slow.accept({sealed_submission(*sealer, 77, 7)}, caller->home, [](auto) {});
  ASSERT_TRUE(rotate_keys(key_file, *sealer, slow, home, options()).value().finished);
  const Sealer fresh = Sealer::open(key_file, false).value();
  EXPECT_EQ(opened_body(fresh, caller->load(id_of_record(77))), body_of_record(7, 77))
      << "sealed under the old key, in the writer's queue when the new one came";
}

TEST_P(KeyRotation, TheOldKeyStaysWhileADamagedRecordMayNeedIt) {
  fill();
  NewSubmission damaged = sealed_submission(*sealer, 50, 5);
  damaged.submission.wrapped_key.back() ^= 1;
  caller->accept(std::move(damaged));
  const RotationReport kept = rotate();
  EXPECT_FALSE(kept.finished);
  EXPECT_EQ(kept.damaged, 1U);
  EXPECT_NE(kept.why_not.english().find("1 damaged"), std::string::npos) << kept.why_not.english();
  EXPECT_EQ(ids_in_file(), (std::vector<std::uint32_t>{2, 1}));
  expect_custody("with both keys");
  RotationOptions forget = options();
  forget.forget_damaged = true;
  EXPECT_TRUE(rotate(forget).finished);
  EXPECT_EQ(ids_in_file(), std::vector<std::uint32_t>{2}) << "it went on, and began nothing new";
  expect_custody("with one key");
}

TEST_P(KeyRotation, DamageThatNobodyHasMetYetKeepsTheOldKeyUntilItIsGivenUp) {
  fill();
  reopen_after([&](Kv& kv) { spoil(kv, Family::meta, keys::of(id_of_record(7))); });
  const RotationReport kept = rotate();
  EXPECT_FALSE(kept.finished);
  EXPECT_EQ(kept.damaged, 1U);
  EXPECT_NE(kept.why_not.english().find("--forget-damaged"), std::string::npos) << kept.why_not.english();
  EXPECT_EQ(ids_in_file(), (std::vector<std::uint32_t>{2, 1}));

  RotationOptions finish = options();
  finish.only_finish = true;
  const RotationReport not_yet = rotate(finish);
  EXPECT_FALSE(not_yet.finished || not_yet.began) << "what a start does";
  EXPECT_EQ(ids_in_file(), (std::vector<std::uint32_t>{2, 1}));
  // The present key may be stolen: whoever asks for a new one gets it.
  const RotationReport fresh = rotate();
  EXPECT_TRUE(fresh.began);
  EXPECT_EQ(fresh.rewrapped, records + 0U) << "all but the damaged one, and the log-in";
  EXPECT_EQ(ids_in_file(), (std::vector<std::uint32_t>{3, 2, 1}));

  RotationOptions forget = options();
  forget.forget_damaged = true;
  const RotationReport given_up = rotate(forget);
  EXPECT_TRUE(given_up.finished) << given_up.why_not.english();
  EXPECT_FALSE(given_up.began);
  EXPECT_EQ(given_up.dropped, (std::vector<std::uint32_t>{2, 1}));
  EXPECT_EQ(given_up.damaged, 1U);
  EXPECT_EQ(ids_in_file(), std::vector<std::uint32_t>{3});
  const Sealer now_there = Sealer::open(key_file, false).value();
  for (const int i : {0, 3, 9}) {
    EXPECT_EQ(opened_body(now_there, caller->load(id_of_record(i))), body_of_record(i % 4, i)) << i;
  }
}

TEST_P(KeyRotation, ADamagedObjectKeepsTheOldKeyAndIsNotInTheWayOfOthers) {
  fill();
  const std::string first = login;
  login = login_object_name(*sealer, "pcare", "clinic-2");
  const Sealed sealed = sealer->seal_object(login_kind, login, "kata sandi uji");
  caller->put_objects({PutObject{std::string(login_kind), login, std::nullopt, sealed.bytes}});
  const std::string spoiled = std::min(first, login);
  login = std::max(first, login);
  reopen_after([&](Kv& kv) { spoil(kv, Family::object, keys::object(login_kind, spoiled)); });
  const RotationReport kept = rotate();
  EXPECT_FALSE(kept.finished);
  EXPECT_EQ(kept.damaged, 1U);
  EXPECT_EQ(kept.rewrapped, records + 1U) << "the log-in behind it too";
  EXPECT_EQ(ids_in_file(), (std::vector<std::uint32_t>{2, 1}));
  RotationOptions forget = options();
  forget.forget_damaged = true;
  EXPECT_TRUE(rotate(forget).finished);
  EXPECT_EQ(ids_in_file(), std::vector<std::uint32_t>{2});
  expect_custody("with one key");
}

TEST_P(KeyRotation, WithAnOlderKeyFileItIsRefusedAndTheLostKeysIdIsNotGivenAway) {
  fill();
  const std::string older = read_file(key_file);
  ASSERT_TRUE(rotate().finished);
  const auto lost = directory.path() / "lost";
  write_file(lost, read_file(key_file));
  write_file(key_file, older);
  start_again();
  const auto refused = rotate_keys(key_file, *sealer, *store, home, options());
  ASSERT_FALSE(refused.has_value());
  EXPECT_NE(refused.error().english().find("11 records and log-ins are under wrapping keys that are not in"),
            std::string::npos)
      << refused.error().english();
  EXPECT_EQ(ids_in_file(), std::vector<std::uint32_t>{1}) << "nothing was made";

  RotationOptions anyway = options();
  anyway.forget_lost = true;
  const RotationReport rotated = rotate(anyway);
  EXPECT_TRUE(rotated.finished) << rotated.why_not.english();
  EXPECT_EQ(rotated.lost, records + 1U);
  EXPECT_EQ(ids_in_file(), std::vector<std::uint32_t>{3}) << "2 belongs to the lost one";

  // It turns up.
  const auto both = with_keys_of(read_key_file(key_file).value(), read_key_file(lost).value());
  ASSERT_TRUE(both.has_value()) << both.error();
  ASSERT_TRUE(replace_key_file(key_file, *both));
  start_again();
  expect_custody("with the key that was found");
  const RotationReport last = rotate();
  EXPECT_TRUE(last.finished) << last.why_not.english();
  EXPECT_EQ(last.lost, 0U);
  EXPECT_EQ(ids_in_file(), std::vector<std::uint32_t>{4});
  expect_custody("under one key again");
}

TEST_P(KeyRotation, AnIdIsNotUsedAgainEvenIfNothingIsLeftUnderIt) {
  const std::string older = read_file(key_file);
  ASSERT_TRUE(rotate().finished);
  ASSERT_TRUE(rotate().finished);
  ASSERT_EQ(ids_in_file(), std::vector<std::uint32_t>{3});
  write_file(key_file, older);
  start_again();
  EXPECT_TRUE(rotate().finished);
  EXPECT_EQ(ids_in_file(), std::vector<std::uint32_t>{4}) << "a backup may need the lost ones";
}

// Is too busy for the first few questions.
class Busy : public ForwardingStore {
 public:
  using ForwardingStore::ForwardingStore;
  void scan(ScanQuery query, Home& home, Done<ScanPage> done) override {
    if (refused++ < 3) return answer_error(home, std::move(done), Error::overloaded);
    ForwardingStore::scan(std::move(query), home, std::move(done));
  }
  int refused = 0;
};

TEST_P(KeyRotation, ABusyStoreIsAskedAgain) {
  fill();
  Busy busy(*store);
  EXPECT_TRUE(rotate_keys(key_file, *sealer, busy, home, options()).value().finished);
  EXPECT_GT(busy.refused, 3);
}

// Another gateway that still uses the old key file would look like this.
class NeverDone : public ForwardingStore {
 public:
  using ForwardingStore::ForwardingStore;
  void rewrap(std::vector<Rewrap> batch, Home& home, Done<std::vector<Applied>> done) override {
    home.post(
        [done = std::move(done), size = batch.size()]() mutable { done(std::vector<Applied>(size, Applied::stale)); });
  }
};

TEST_P(KeyRotation, ItDoesNotDropAKeyThatIsStillUsed) {
  fill();
  NeverDone stubborn(*store);
  const auto report = rotate_keys(key_file, *sealer, stubborn, home, options());
  ASSERT_FALSE(report.has_value());
  EXPECT_NE(report.error().english().find("keep turning up"), std::string::npos) << report.error().english();
  EXPECT_EQ(ids_in_file(), (std::vector<std::uint32_t>{2, 1}));
  expect_custody("with both keys");
}

TEST_P(KeyRotation, WhatIsInTheWayIsSaidInASentence) {
  fill();
  ::chmod(key_file.c_str(), 0640);
  const auto refused = rotate_keys(key_file, *sealer, *store, home, options());
  ASSERT_FALSE(refused.has_value());
  EXPECT_NE(refused.error().english().find("chmod 600"), std::string::npos) << refused.error().english();
  ::chmod(key_file.c_str(), 0600);
  store->close();
  const auto closed = rotate_keys(key_file, *sealer, *store, home, options());
  ASSERT_FALSE(closed.has_value());
  EXPECT_NE(closed.error().english().find("run the rotation again"), std::string::npos) << closed.error().english();
}

}  // namespace
}  // namespace titip::storage
