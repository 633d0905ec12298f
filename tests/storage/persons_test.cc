// Export and erasure by person, on every engine.
#include "storage/persons.h"

#include "storage/erasure_list.h"
#include "storage/hex.h"
#include "storage/key_file.h"
#include "tests/storage/custody.h"
#include "tests/storage/key_files.h"
#include "tests/storage/spoiling.h"

namespace titip::storage {
namespace {

using Content = ExportedRecord::Content;

class Persons : public CustodyOnEveryEngine {
 protected:
  struct Exported {
    SubmissionId id;
    Content content;
    std::string body, reply, note;
    bool operator==(const Exported&) const = default;
  };
  std::vector<Exported> exported(int person) {
    std::vector<Exported> all;
    report = export_person(*store, *sealer, home, hash_of(person), [&](const ExportedRecord& each) {
               all.push_back({each.record.id, each.content, each.payload ? each.payload->body : "",
                              each.reply ? each.reply->body : "",
                              !each.timeline.empty() ? each.timeline.back().note.value_or("") : ""});
               return true;
             }).value();
    return all;
  }
  Digest hash_of(int person) const { return person_hash(*sealer, number_of_person(person)); }
  ErasureReport erase(int person) {
    return erase_person(*store, *sealer, home, list, hash_of(person), now, "petugas-1").value();
  }
  std::vector<std::string> audit() {
    const auto lines =
        home.ask<std::vector<AuditLine>>([&](auto done) { store->read_audit(1, 100, home, std::move(done)); });
    std::vector<std::string> texts;
    for (const AuditLine& line : lines.value()) texts.push_back(line.bytes);
    return texts;
  }
  const std::filesystem::path list = erasure_list_path(key_file);
  ExportReport report;
};
INSTANTIATE_TEST_SUITE_P(Engines, Persons, ::testing::ValuesIn(engines()),
                         [](const auto& param) { return param.param.name; });

TEST_P(Persons, AnExportHoldsEverythingOfOnePersonAndNothingOfOthers) {
  for (int i = 0; i < 6; ++i) accept(i, i % 2);
  finish(0, Event::delivered);
  const auto mine = exported(0);
  ASSERT_EQ(mine.size(), 3U);
  const std::string receipt = now_of(0).receipt;
  EXPECT_EQ(mine[0], (Exported{id_of_record(0), Content::whole, body_of_record(0, 0), "jawaban untuk " + receipt,
                               "catatan " + receipt}));
  EXPECT_EQ(mine[2], (Exported{id_of_record(4), Content::whole, body_of_record(0, 4), "", ""}));
  EXPECT_EQ(report.records, 3U);
  EXPECT_EQ(report.erased + report.unreadable, 0U);
  EXPECT_TRUE(exported(9).empty());
}

TEST_P(Persons, AnExportGoesOverManyPagesAndStopsWhenAsked) {
  std::vector<NewSubmission> batch;
  for (int i = 0; i < 250; ++i) batch.push_back(sealed_submission(*sealer, i, 0));
  ASSERT_TRUE(caller->accept(std::move(batch)).has_value());
  const auto all = exported(0);
  ASSERT_EQ(all.size(), 250U);
  for (int i = 0; i < 250; ++i) EXPECT_EQ(all[static_cast<std::size_t>(i)].id, id_of_record(i)) << "oldest first";
  int seen = 0;
  const auto stopped =
      export_person(*store, *sealer, home, hash_of(0), [&](const ExportedRecord&) { return ++seen < 7; }).value();
  EXPECT_EQ(seen, 7);
  EXPECT_TRUE(stopped.stopped);
}

TEST_P(Persons, WhatDoesNotOpenIsSaidNotSkipped) {
  accept(0, 0);
  NewSubmission damaged = sealed_submission(*sealer, 1, 0);
  damaged.payload.bytes.back() ^= 1;
  caller->accept(std::move(damaged));
  const auto mine = exported(0);
  ASSERT_EQ(mine.size(), 2U);
  EXPECT_EQ(mine[0].content, Content::whole);
  EXPECT_EQ(mine[1].content, Content::unreadable);
  const Sealer stranger = Sealer::open(directory.path() / "another", true).value();
  const auto wrong = export_person(*store, stranger, home, hash_of(0), [](const ExportedRecord& each) {
                       EXPECT_EQ(each.content, Content::unreadable);
                       return true;
                     }).value();
  EXPECT_EQ(wrong.unreadable, 2U);
}

TEST_P(Persons, ErasingEndsWhatWaitsAndStatesWhatIsUnderWay) {
  for (int i = 0; i < 5; ++i) accept(i, 0);
  accept(9, 1);
  finish(0, Event::delivered);
  ASSERT_EQ(caller->open_attempt(now_of(1)).applied, Applied::yes);
  const ErasureReport erased = erase(0);
  EXPECT_EQ(erased.records, 5U);
  EXPECT_EQ(erased.erased, 1U);
  EXPECT_EQ(erased.cancelled_count, 3U);
  EXPECT_EQ(erased.cancelled, (std::vector<SubmissionId>{id_of_record(2), id_of_record(3), id_of_record(4)}));
  EXPECT_EQ(erased.when_settled, std::vector<SubmissionId>{id_of_record(1)});
  for (const int i : {0, 2, 3, 4}) {
    const Loaded loaded = caller->load(id_of_record(i));
    EXPECT_TRUE(loaded.submission.wrapped_key.empty()) << i;
    EXPECT_TRUE(loaded.payload.empty() && loaded.reply.empty()) << i;
    EXPECT_TRUE(is_terminal(loaded.submission.state)) << i;
  }
  EXPECT_EQ(opened_body(*sealer, caller->load(id_of_record(1))), body_of_record(0, 1)) << "under way: it must be sent";
  EXPECT_EQ(opened_body(*sealer, caller->load(id_of_record(9))), body_of_record(1, 9)) << "somebody else's";
  caller->settle(settlement(now_of(1), Event::delivered));
  EXPECT_TRUE(now_of(1).wrapped_key.empty()) << "settled, so erased";
  for (const auto& each : exported(0)) EXPECT_EQ(each.content, Content::erased);
  EXPECT_EQ(report.erased, 5U);

  ASSERT_EQ(audit().size(), 1U);
  EXPECT_NE(audit()[0].find(hex(hash_of(0))), std::string::npos) << audit()[0];
  EXPECT_EQ(audit()[0].find(number_of_person(0)), std::string::npos) << audit()[0];
  EXPECT_EQ(read_file(list).find(number_of_person(0)), std::string::npos);
  const auto listed = read_erasures(list).value();
  ASSERT_EQ(listed.size(), 1U);
  EXPECT_EQ(listed[0].person, hash_of(0));
  EXPECT_EQ(listed[0].at, now);

  const ErasureReport again = erase(0);
  EXPECT_EQ(again.erased, 5U) << "harmless to repeat";
  EXPECT_EQ(again.cancelled_count, 0U);
}

TEST_P(Persons, RecordsOfALaterClockAreErasedTooAndStayErasedAfterARestore) {
  for (int i = 0; i < 3; ++i) accept(i, 0);
  const WallTime latest = now_of(2).accepted_at;
  now = now_of(0).accepted_at - std::chrono::hours(1);  // the clock was set back
  EXPECT_EQ(erase(0).records, 3U);
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(now_of(i).wrapped_key.empty()) << i;
  const auto listed = read_erasures(list).value();
  ASSERT_EQ(listed.size(), 1U);
  EXPECT_EQ(listed[0].at, latest) << "the records that come back from a backup have these times";
}

TEST_P(Persons, WhoOfNothingIsKeptStandsOnTheListAllTheSame) {
  EXPECT_EQ(erase(0).records, 0U);
  ASSERT_EQ(read_erasures(list).value().size(), 1U);
  accept(0, 1);
  EXPECT_EQ(erase(1).records, 1U);
  ASSERT_EQ(erase(1).records, 1U);
  EXPECT_EQ(reapply_erasures(*store, *sealer, home, list).value().persons, 2U) << "each once";
}

TEST_P(Persons, ADuplicateOfAnErasedRecordIsStillRecognised) {
  accept(0, 0);
  finish(0, Event::delivered);
  erase(0);
  EXPECT_EQ(accept_again(0, 0).kind, VerdictKind::replayed);
}

TEST_P(Persons, WhoAsksIsAPlainWord) {
  accept(0, 0);
  for (const std::string& by : {std::string(), std::string("dua kata"), std::string("a\"b"), std::string(65, 'a')}) {
    EXPECT_FALSE(erase_person(*store, *sealer, home, list, hash_of(0), now, by).has_value()) << by;
  }
  EXPECT_FALSE(std::filesystem::exists(list)) << "refused before anything was done";
  EXPECT_EQ(opened_body(*sealer, caller->load(id_of_record(0))), body_of_record(0, 0));
}

TEST_P(Persons, AfterARestoreTheListIsAppliedAgain) {
  // The restored store: persons 0 and 1 were erased since the backup, person 0 came back to the clinic afterwards.
  for (int i = 0; i < 4; ++i) accept(i, i % 2);
  ASSERT_TRUE(append_erasure(list, {now_of(3).accepted_at, 1, hash_of(0)}));
  ASSERT_TRUE(append_erasure(list, {now_of(3).accepted_at, 1, hash_of(1)}));
  accept(8, 0);
  std::vector<std::uint64_t> told;
  const auto done = reapply_erasures(*store, *sealer, home, list, [&](std::uint64_t persons, std::uint64_t of) {
    EXPECT_EQ(of, 2U);
    told.push_back(persons);
    return true;
  });
  ASSERT_TRUE(done.has_value()) << done.error().english();
  EXPECT_EQ(done->persons, 2U);
  EXPECT_EQ(done->cancelled_count, 4U);
  EXPECT_EQ(told, (std::vector<std::uint64_t>{1, 2}));
  for (int i = 0; i < 4; ++i) EXPECT_TRUE(now_of(i).wrapped_key.empty()) << i;
  EXPECT_EQ(opened_body(*sealer, caller->load(id_of_record(8))), body_of_record(0, 8)) << "came after the erasure";
  EXPECT_TRUE(reapply_erasures(*store, *sealer, home, list).has_value()) << "harmless to repeat";
}

class DamagedPersons : public Persons {
 protected:
  void SetUp() override {
    Persons::SetUp();
    for (int i = 0; i < 8; ++i) accept(i, i < 6 ? 0 : 1);
    reopen_after([](Kv& kv) {
      spoil(kv, Family::meta, keys::of(id_of_record(1)));
      spoil(kv, Family::meta, keys::of(id_of_record(6)));
    });
  }
  void expect_erased(const std::vector<int>& records) {
    for (const int i : records) EXPECT_TRUE(now_of(i).wrapped_key.empty()) << i;
  }
};
INSTANTIATE_TEST_SUITE_P(Engines, DamagedPersons, ::testing::ValuesIn(engines()),
                         [](const auto& param) { return param.param.name; });

TEST_P(DamagedPersons, AnExportHoldsTheOthersAndNamesTheDamaged) {
  EXPECT_EQ(exported(0).size(), 5U);
  EXPECT_EQ(report.records, 5U);
  EXPECT_EQ(report.left_out.ids, std::vector<SubmissionId>{id_of_record(1)});
  EXPECT_EQ(report.left_out.count, 1U);
  EXPECT_FALSE(report.left_out.perhaps_more);
}

TEST_P(DamagedPersons, AnErasureTakesTheOthersAndNamesTheDamaged) {
  const ErasureReport erased = erase(0);
  EXPECT_EQ(erased.records, 6U);
  EXPECT_EQ(erased.cancelled_count, 5U);
  EXPECT_EQ(erased.left_out.ids, std::vector<SubmissionId>{id_of_record(1)});
  expect_erased({0, 2, 3, 4, 5});
  ASSERT_EQ(audit().size(), 1U);
  EXPECT_NE(audit()[0].find(R"("left_out":1)"), std::string::npos) << audit()[0];
}

// The record itself is whole, and what it is bound to is not: the one call for the page is refused for all of them.
TEST_P(DamagedPersons, OneThatCannotBeErasedKeepsNoOtherOfThePage) {
  const Digest natural = now_of(3).natural_key.value();
  reopen_after([&](Kv& kv) { spoil(kv, Family::natural, keys::of(natural)); });
  const ErasureReport erased = erase(0);
  EXPECT_EQ(erased.cancelled_count, 4U);
  EXPECT_EQ(erased.left_out.ids, (std::vector<SubmissionId>{id_of_record(3), id_of_record(1)}));
  expect_erased({0, 2, 4, 5});
  EXPECT_EQ(opened_body(*sealer, caller->load(id_of_record(3))), body_of_record(0, 3));
}

TEST_P(DamagedPersons, AfterARestoreEveryOtherErasureIsApplied) {
  ASSERT_TRUE(append_erasure(list, {now, 1, hash_of(0)}));
  ASSERT_TRUE(append_erasure(list, {now, 1, hash_of(1)}));
  const auto done = reapply_erasures(*store, *sealer, home, list);
  ASSERT_TRUE(done.has_value()) << done.error().english();
  EXPECT_EQ(done->persons, 2U);
  EXPECT_EQ(done->cancelled_count, 6U);
  EXPECT_EQ(done->left_out.ids, (std::vector<SubmissionId>{id_of_record(1), id_of_record(6)}));
  expect_erased({0, 2, 3, 4, 5, 7});
}

TEST_P(DamagedPersons, WhatCameLongAfterTheErasureIsNotCalledLeftOut) {
  ASSERT_TRUE(append_erasure(list, {now_of(0).accepted_at - std::chrono::hours(48), 1, hash_of(0)}));
  const auto done = reapply_erasures(*store, *sealer, home, list);
  ASSERT_TRUE(done.has_value()) << done.error().english();
  EXPECT_FALSE(done->left_out.any());
}

TEST_P(Persons, AListOfANewerKeyFileIsNotPassedOver) {
  accept(0, 0);
  ASSERT_TRUE(append_erasure(list, {now, 2, hash_of(0)}));
  const auto refused = reapply_erasures(*store, *sealer, home, list);
  ASSERT_FALSE(refused.has_value());
  EXPECT_NE(refused.error().english().find("newer key file"), std::string::npos) << refused.error().english();
  std::filesystem::remove(list);
  EXPECT_EQ(reapply_erasures(*store, *sealer, home, list).value().persons, 0U) << "nobody was ever erased";
}

}  // namespace
}  // namespace titip::storage
