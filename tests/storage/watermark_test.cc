// The watermark: what is noted, what a store that lacks something is told, and that no ordinary end trips it.
#include "storage/watermark.h"

#include "storage/commit_sequence.h"
#include "storage/evidence.h"
#include "storage/keys.h"
#include "storage/queue_store.h"
#include "storage/records.h"
#include "tests/storage/faulty_kv.h"
#include "tests/storage/support.h"

namespace titip::storage {
namespace {

StoreOptions plain_options() {
  StoreOptions options;
  options.now = [] { return at(noon_ms); };
  options.free_space_floor_bytes = 0;
  options.on_fatal = [](const std::string& why) { ADD_FAILURE() << why; };
  return options;
}

Reach mark_of(const Kv& kv) {
  return decode_reach(kv.noted().value().value()).value();
}

TEST(WatermarkRule, WhatIsLackingIsCountedInCommitsAndPositions) {
  struct Row {
    const char* name;
    Reach found, noted;
    std::optional<std::pair<std::uint64_t, std::uint64_t>> lack;  // commits, positions
  };
  const Row rows[] = {
      {"equal", {10, 5, 1, {}}, {10, 5, 1, {}}, {}},
      {"the store is ahead", {12, 6, 2, {}}, {10, 5, 1, {}}, {}},
      {"nothing noted yet", {12, 6, 2, {}}, {}, {}},
      {"ahead by one commit", {9, 5, 1, {}}, {10, 5, 1, {}}, {{1, 0}}},
      {"ahead by one position", {10, 4, 1, {}}, {10, 5, 1, {}}, {{0, 1}}},
      {"ahead by both", {2, 1, 1, {}}, {10, 5, 1, {}}, {{8, 4}}},
      {"more commits but fewer positions", {11, 3, 1, {}}, {10, 5, 1, {}}, {{0, 2}}},
  };
  for (const Row& row : rows) {
    const auto lack = lack_of(row.found, row.noted);
    ASSERT_EQ(lack.has_value(), row.lack.has_value()) << row.name;
    if (!lack) continue;
    EXPECT_EQ(lack->commits, row.lack->first) << row.name;
    EXPECT_EQ(lack->positions, row.lack->second) << row.name;
  }
}

TEST(WatermarkRule, AMarkSurvivesItsEncodingAndRubbishDoesNot) {
  const Reach mark{7, 3, 2, at(noon_ms)};
  EXPECT_EQ(decode_reach(encode(mark)), mark);
  EXPECT_FALSE(decode_reach(""));
  EXPECT_FALSE(decode_reach(encode(mark) + "x"));
  EXPECT_FALSE(decode_reach(encode(mark).substr(1)));
  const CommitStamp stamp{9, at(noon_ms)};
  EXPECT_EQ(decode_commit_stamp(encode(stamp)), stamp);
  for (std::size_t i = 0; i < encode(stamp).size(); ++i) {
    std::string bytes = encode(stamp);
    bytes[i] = static_cast<char>(bytes[i] ^ 4);
    EXPECT_FALSE(decode_commit_stamp(bytes)) << "byte " << i;
  }
}

TEST(CommitSequence, CountsEveryBatchOnceAndARefusedOneAgain) {
  FaultyKv kv(std::make_shared<MemoryKv>());
  auto sequence = CommitSequence::load(kv).value();
  EXPECT_FALSE(sequence.last());
  ASSERT_TRUE(commit(kv, sequence, {}, at(1)));
  kv.busy_commits = 1;
  EXPECT_FALSE(commit(kv, sequence, {}, at(2)));
  EXPECT_EQ(sequence.number(), 1U);
  ASSERT_TRUE(commit(kv, sequence, {}, at(3)));
  EXPECT_EQ(CommitSequence::load(kv).value().last(), (CommitStamp{2, at(3)}));
}

class Noted : public ::testing::Test {
 protected:
  std::unique_ptr<QueueStore> open() { return QueueStore::open(kv, plain_options(), Pumping::by_hand).value(); }
  std::string refused() {
    const auto opened = QueueStore::open(kv, plain_options(), Pumping::by_hand);
    EXPECT_FALSE(opened.has_value());
    return opened ? std::string() : std::string(opened.error());
  }
  // Accepts and settles; the store is closed in order.
  void work(std::uint64_t from, std::uint64_t to) {
    const auto store = open();
    Caller caller(*store, [&] { return store->pump(); });
    for (std::uint64_t i = from; i <= to; ++i) {
      caller.finish(caller.accept(submission(i, std::to_string(i))).submission, Event::delivered);
    }
  }
  void put(std::string_view key, std::string value) {
    ASSERT_TRUE(kv->commit({{Family::info, std::string(key), std::move(value)}}));
  }

  std::shared_ptr<MemoryKv> kv = std::make_shared<MemoryKv>();
};

TEST_F(Noted, EveryAcceptAndEverySettlementIsCountedAndNoted) {
  work(1, 3);
  const Reach mark = mark_of(*kv);
  EXPECT_EQ(mark.position, 3U);
  EXPECT_EQ(mark.epoch, 1U);
  EXPECT_EQ(mark.commit, CommitSequence::load(*kv)->number());
  EXPECT_EQ(mark.commit, 1U + 3 * 3) << "the opening, and accept, attempt and settlement of each";
  EXPECT_EQ(mark.at, at(noon_ms));
}

TEST_F(Noted, AStoreThatCameBackWithLessIsRefusedInASentence) {
  work(1, 3);
  Reach ahead = mark_of(*kv);
  ahead.commit += 1;
  ahead.position += 2;
  ahead.at = at(noon_ms + 60'000);
  ASSERT_TRUE(kv->note(encode(ahead)));
  const std::string why = refused();
  EXPECT_NE(why.find("1 commits made between 2021-08-26 17:46:40 UTC and 2021-08-26 17:47:40 UTC"), std::string::npos)
      << why;
  EXPECT_NE(why.find("2 accepted submissions are missing (positions 4 to 5)"), std::string::npos) << why;
  EXPECT_NE(why.find("titip restore --as-it-is"), std::string::npos) << why;
  EXPECT_EQ(mark_of(*kv), ahead) << "a refusal changes nothing";
}

TEST_F(Noted, ALostSettlementAloneIsNoticed) {
  work(1, 2);
  Reach ahead = mark_of(*kv);
  ahead.commit += 1;
  ASSERT_TRUE(kv->note(encode(ahead)));
  EXPECT_NE(refused().find("no accepted submission is missing, but outcomes are"), std::string::npos);
}

TEST_F(Noted, ControlAWatermarkThatIsNotAheadOpens) {
  work(1, 2);
  EXPECT_TRUE(QueueStore::open(kv, plain_options(), Pumping::by_hand).has_value());
}

TEST_F(Noted, AStoreWithoutItsNoteIsRefused) {
  work(1, 2);
  // The same store, without what lies beside it.
  const auto copy = std::make_shared<MemoryKv>();
  for (std::size_t f = 0; f < family_count; ++f) {
    KvBatch batch;
    ASSERT_TRUE(kv->scan(static_cast<Family>(f), {}, {}, [&](std::string_view key, std::string_view value) {
      batch.push_back({static_cast<Family>(f), std::string(key), std::string(value)});
      return true;
    }));
    ASSERT_TRUE(copy->commit(batch));
  }
  kv = copy;
  EXPECT_NE(refused().find("is gone"), std::string::npos);
  ASSERT_TRUE(kv->note("rubbish"));
  EXPECT_NE(refused().find("unreadable"), std::string::npos);
}

TEST_F(Noted, AFirstStartThatWasCutShortIsGoneOnWith) {
  ASSERT_TRUE(kv->note(encode(Reach{}))) << "its note came first";
  open();
  EXPECT_EQ(mark_of(*kv).epoch, 1U);
}

TEST_F(Noted, AnEmptyStoreWhoseNoteTellsOfWorkIsNotTakenForANewOne) {
  for (const Reach& mark : {Reach{5, 1, 1, at(noon_ms)}, Reach{1, 0, 1, at(noon_ms)}, Reach{0, 1, 0, at(noon_ms)}}) {
    ASSERT_TRUE(kv->note(encode(mark)));
    const std::string why = refused();
    EXPECT_NE(why.find("acknowledged up to 2021-08-26 17:46:40 UTC"), std::string::npos) << why;
    EXPECT_NE(why.find("titip restore --from"), std::string::npos) << why;
    EXPECT_EQ(mark_of(*kv), mark) << "a refusal changes nothing";
  }
  ASSERT_TRUE(kv->note("rubbish"));
  EXPECT_NE(refused().find("unreadable"), std::string::npos);
}

TEST_F(Noted, ADamagedSequenceIsRefused) {
  work(1, 1);
  put("commit", "x");
  EXPECT_NE(refused().find("backup"), std::string::npos);
}

TEST_F(Noted, AStoreHalfRestoredIsRefused) {
  work(1, 1);
  put(keys::restoring, "x");
  EXPECT_NE(refused().find("not finished"), std::string::npos);
}

// Whatever the moment of a crash, what the engine kept is never behind what was noted: the note comes second.
class Recording : public MemoryKv {
 public:
  KvResult<void> note(std::string_view bytes) override {
    const Reach mark = decode_reach(bytes).value();
    EXPECT_LE(mark.commit, CommitSequence::load(*this)->number());
    const auto position = get(Family::info, keys::last_position).value();
    EXPECT_LE(mark.position, position ? decode_number({Family::info, keys::last_position}, *position).value() : 0);
    ++notes;
    return MemoryKv::note(bytes);
  }
  std::atomic<std::size_t> notes = 0;
};

TEST_F(Noted, NothingIsNotedBeforeItIsDurableAndNotEachCommit) {
  const auto recording = std::make_shared<Recording>();
  constexpr std::uint64_t many = 300;
  {
    const auto store = QueueStore::open(recording, plain_options(), Pumping::thread).value();
    Caller caller(*store);
    for (std::uint64_t i = 1; i <= many; ++i) caller.accept(submission(i, std::to_string(i)));
    store->close();
  }
  EXPECT_EQ(mark_of(*recording).position, many) << "the last one at the latest by close()";
  EXPECT_LT(recording->notes, many / 2);
  EXPECT_GE(recording->notes, 2U);
}

// A disk that loses what was acknowledged, but kept the note: found out at the next start.
class ForgetfulDisk : public CachedDiskKv {
 public:
  ForgetfulDisk() : CachedDiskKv(true) {}
  KvResult<void> commit(const KvBatch& batch) override {
    if (++commits_ > 10) return MemoryKv::commit(batch);  // says yes, and does not sync any more
    return CachedDiskKv::commit(batch);
  }

 private:
  std::size_t commits_ = 0;
};

TEST_F(Noted, ADiskThatLiesIsFoundOut) {
  const auto disk = std::make_shared<ForgetfulDisk>();
  {
    const auto store = QueueStore::open(disk, plain_options(), Pumping::by_hand).value();
    Caller caller(*store, [&] { return store->pump(); });
    for (std::uint64_t i = 1; i <= 20; ++i) caller.accept(submission(i, std::to_string(i)));
  }
  kv = disk->power_cut();
  EXPECT_NE(refused().find("11 accepted submissions are missing (positions 10 to 20)"), std::string::npos);
}

class NoteFails : public MemoryKv {
 public:
  KvResult<void> note(std::string_view bytes) override {
    if (fails) return std::unexpected(KvError{KvError::Kind::failed, "input/output error"});
    return MemoryKv::note(bytes);
  }
  std::atomic<bool> fails = false;
};

TEST_F(Noted, ANoteThatCannotBeWrittenStopsTheStore) {
  const auto failing = std::make_shared<NoteFails>();
  StoreOptions options = plain_options();
  std::string fatal;
  options.on_fatal = [&](const std::string& why) { fatal = why; };
  const auto store = QueueStore::open(failing, options, Pumping::by_hand).value();
  Caller caller(*store, [&] { return store->pump(); });
  caller.accept(submission(1));
  failing->fails = true;
  caller.accept(submission(2, "other"));  // its note fails behind it
  while (store->pump()) {
  }
  const auto refused = caller.accept(std::vector{submission(3, "third")});
  EXPECT_EQ(refused.error(), Error::unavailable);
  EXPECT_NE(fatal.find("input/output error"), std::string::npos) << fatal;
  EXPECT_FALSE(store->health().writable);
  EXPECT_EQ(store->health().last_position, 2U);
}

}  // namespace
}  // namespace titip::storage
