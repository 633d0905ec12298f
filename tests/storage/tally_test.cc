// The counts as rows: which one a record touches, and that one which cannot be is a fault, never a wrong number.
#include "storage/tally.h"

#include <gtest/gtest.h>

#include <array>
#include <map>
#include <random>

#include "storage/keys.h"
#include "storage/memory_kv.h"
#include "storage/tables.h"
#include "tests/storage/spoiling.h"
#include "tests/storage/support.h"

namespace titip::storage {
namespace {

class TallyTest : public ::testing::Test {
 protected:
  TallyTest() {
    record.submission = submission(1).submission;
    record.submission.id = SubmissionId::make(at(noon_ms));
    record.payload_bytes = 100;
  }
  std::uint64_t number(const std::string& key) { return read(staging, Family::counts, key, decode_number).value_or(0); }
  std::vector<FineCount> fine() {
    const std::string key = keys::fine_counts({"pcare", "clinic-1"}, keys::day_of(at(noon_ms)));
    return read(staging, Family::counts, key, decode_fine_counts).value_or(std::vector<FineCount>{});
  }
  DestinationCounts total() {
    return read(staging, Family::counts, keys::destination_counts("pcare"), decode_counts)
        .value_or(DestinationCounts{});
  }
  Submission change(State state, const std::string& rule = {}) {
    const Submission before = record.submission;
    record.submission.state = state;
    record.submission.outcome_rule = rule;
    tally.changed(before, record);
    return before;
  }
  const std::string accepted = keys::minute_accepted("pcare", keys::minute_of(at(noon_ms)));
  const std::string pending = keys::minute_pending("pcare", keys::minute_of(at(noon_ms)));
  MemoryKv kv;
  Staging staging{kv};
  Tally tally{staging};
  Record record;
};

TEST_F(TallyTest, ARecordIsCountedWhereItStands) {
  tally.added(record);
  EXPECT_EQ(total().accepted, 1U);
  EXPECT_EQ(total().payload_bytes_pending, 100U);
  EXPECT_EQ(number(accepted), 1U);
  EXPECT_EQ(number(pending), 1U);
  EXPECT_EQ(fine(), (std::vector<FineCount>{{State::queued, "", 1}}));
  tally.added(record);
  change(State::deferred, "busy");
  EXPECT_EQ(fine(), (std::vector<FineCount>{{State::queued, "", 1}, {State::deferred, "busy", 1}}));
  change(State::deferred, "busier");
  EXPECT_EQ(fine()[1], (FineCount{State::deferred, "busier", 1})) << "another reason alone is a change too";
  EXPECT_EQ(number(pending), 2U);
  change(State::delivered, "saved");
  EXPECT_EQ(number(pending), 1U);
  EXPECT_EQ(total().payload_bytes_pending, 100U);
  EXPECT_EQ(total().by_state[static_cast<std::size_t>(State::delivered)], 1U);
  EXPECT_EQ(total().accepted, 2U);
  EXPECT_FALSE(staging.fault().has_value());
}

TEST_F(TallyTest, ARowThatSaysZeroIsNotThereAndAnAcceptStays) {
  tally.added(record);
  change(State::delivered, "saved");
  EXPECT_EQ(staging.get(Family::counts, pending), nullptr);
  EXPECT_EQ(number(accepted), 1U);
  EXPECT_EQ(fine(), (std::vector<FineCount>{{State::delivered, "saved", 1}}));
}

TEST_F(TallyTest, OneThatIsAcceptedAndDoneAtOnceWasNeverPending) {
  record.submission.state = State::cancelled;
  tally.added(record);
  EXPECT_EQ(number(accepted), 1U);
  EXPECT_EQ(staging.get(Family::counts, pending), nullptr);
  EXPECT_EQ(total().payload_bytes_pending, 0U);
}

TEST_F(TallyTest, ItTouchesFourRowsAndForeseesThemAndTheFirstOfADestinationBeginsThatOfAttention) {
  tally.foresee(record.submission);
  staging.fetch();
  tally.added(record);
  EXPECT_EQ(staging.take_batch().size(), 5U);
}

TEST_F(TallyTest, WhatCannotBeIsAFault) {
  const auto faulty = [&](const std::function<void()>& call) {
    call();
    const bool failed = staging.fault() == Error::corrupt;
    staging.roll_back();
    return failed;
  };
  EXPECT_TRUE(faulty([&] { change(State::delivered); })) << "nothing was ever accepted";
  record.submission.state = State::queued;
  tally.added(record);
  staging.keep();
  record.submission.outcome_rule = "never counted";
  EXPECT_TRUE(faulty([&] { change(State::delivered); }));
  record.submission.outcome_rule.clear();
  record.submission.state = State::queued;
  record.payload_bytes = 101;
  EXPECT_TRUE(faulty([&] { change(State::delivered); })) << "more bytes go than came";
  EXPECT_EQ(total().accepted, 1U);
}

TEST_F(TallyTest, ADamagedRowIsAFaultEachTimeItIsMet) {
  record.submission.deadline = at(noon_ms);
  tally.added(record);
  staging.keep();
  const KvBatch sound = staging.take_batch();
  ASSERT_EQ(sound.size(), 6U) << "five rows, and that of attention";
  for (const KvWrite& write : sound) {
    if (write.key == keys::attention_count("pcare")) continue;
    MemoryKv spoiled;
    ASSERT_TRUE(spoiled.commit(sound));
    spoil(spoiled, Family::counts, write.key);
    Staging over(spoiled);
    Tally counting(over);
    counting.foresee(record.submission);
    over.fetch();
    for (int time = 0; time < 2; ++time) {
      counting.added(record);
      EXPECT_EQ(over.fault(), Error::corrupt);
      const auto damage = over.take_damage();
      ASSERT_EQ(damage.size(), 1U);
      EXPECT_EQ(damage[0].key, write.key);
      over.roll_back();
    }
    EXPECT_TRUE(over.take_batch().empty());
  }
}

TEST_F(TallyTest, WhatIsUndoneIsNotCounted) {
  tally.added(record);
  staging.keep();
  const Submission before = change(State::delivered, "saved");
  tally.added(record);
  tally.needs_attention(record.submission, true);
  tally.quarantined("pcare");
  staging.roll_back();
  EXPECT_EQ(total().accepted, 1U);
  EXPECT_EQ(total().quarantined, 0U);
  EXPECT_EQ(total().payload_bytes_pending, 100U);
  EXPECT_EQ(number(accepted), 1U);
  EXPECT_EQ(number(pending), 1U) << "the row had gone";
  EXPECT_EQ(number(keys::attention_count("pcare")), 0U);
  EXPECT_EQ(fine(), (std::vector<FineCount>{{State::queued, "", 1}}));
  tally.changed(before, record);
  EXPECT_EQ(staging.get(Family::counts, pending), nullptr);
}

// Records of many places by turns, in calls of which some are undone: each row says what a scan of the records says.
TEST_F(TallyTest, EachRecordIsCountedInItsOwnRows) {
  std::mt19937 random(7);
  const auto below = [&](std::size_t end) { return random() % end; };
  const std::array names{"pcare", "elsewhere"};
  const std::array facilities{"clinic-1", "clinic-2"};
  const std::array states{State::queued, State::deferred, State::held, State::delivered};
  std::vector<Record> records;
  for (int call = 0; call < 200; ++call) {
    std::vector<Record> then = records;
    for (std::size_t left = below(4); left > 0; --left) {
      if (records.empty() || below(2) == 0) {
        Submission& s = record.submission;
        s.destination = names[below(2)];
        s.facility = facilities[below(2)];
        s.id = SubmissionId::make(at(noon_ms) + std::chrono::minutes(below(2)) + std::chrono::days(below(2)));
        s.deadline = below(2) == 0 ? std::optional(at(noon_ms) + std::chrono::minutes(below(2))) : std::nullopt;
        s.state = states[below(states.size())];
        tally.foresee(s);
        tally.added(records.emplace_back(record));
      } else {
        Record& one = records[below(records.size())];
        const Submission before = one.submission;
        one.submission.state = states[below(states.size())];
        tally.changed(before, one);
      }
    }
    ASSERT_FALSE(staging.fault().has_value());
    if (below(3) == 0) {
      staging.roll_back();
      records = std::move(then);
    } else {
      staging.keep();
    }
  }
  std::map<std::string, std::uint64_t> expected;
  for (const Record& each : records) {
    const Submission& s = each.submission;
    const std::int64_t minute = keys::minute_of(s.id.made_at());
    ++expected[keys::destination_counts(s.destination)];
    ++expected[keys::fine_counts({s.destination, s.facility}, keys::day_of(s.id.made_at()))];
    ++expected[keys::minute_accepted(s.destination, minute)];
    if (is_terminal(s.state)) continue;
    ++expected[keys::minute_pending(s.destination, minute)];
    if (s.deadline) ++expected[keys::deadline_pending(s.destination, keys::minute_of(*s.deadline))];
  }
  std::map<std::string, std::uint64_t> counted;
  for (const auto& [key, bytes] : staging.list(Family::counts, "", "", 1000)) {
    const Place place{Family::counts, key};
    const auto kind = keys::parse_counts(key)->kind;
    if (kind == keys::CountsKind::attention) continue;
    if (kind == keys::CountsKind::destination) {
      counted[key] = decode_counts(place, bytes)->accepted;
    } else if (kind == keys::CountsKind::fine) {
      const auto row = decode_fine_counts(place, bytes).value();
      for (const FineCount& each : row) counted[key] += each.count;
    } else {
      counted[key] = *decode_number(place, bytes);
    }
  }
  EXPECT_EQ(counted, expected);
}

TEST_F(TallyTest, WhatIsSetApartIsCountedBesides) {
  tally.quarantined("pcare");
  tally.quarantined("pcare");
  EXPECT_EQ(total().quarantined, 2U);
  EXPECT_EQ(total().accepted, 0U);
}

}  // namespace
}  // namespace titip::storage
