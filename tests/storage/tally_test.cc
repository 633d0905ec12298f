// The counts as rows: which one a record touches, and that one which cannot be is a fault, never a wrong number.
#include "storage/tally.h"

#include <gtest/gtest.h>

#include "storage/keys.h"
#include "storage/memory_kv.h"
#include "storage/tables.h"
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

TEST_F(TallyTest, WhatIsSetApartIsCountedBesides) {
  tally.quarantined("pcare");
  tally.quarantined("pcare");
  EXPECT_EQ(total().quarantined, 2U);
  EXPECT_EQ(total().accepted, 0U);
}

}  // namespace
}  // namespace titip::storage
