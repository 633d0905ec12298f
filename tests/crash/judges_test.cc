// The small judges of the crash tests: what counts as work done, as a skip, as damage that was noticed.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tests/crash/intents.h"
#include "tests/crash/process_crashes.h"
#include "tests/crash/report.h"
#include "tests/crash/rot.h"
#include "tests/crash/told.h"

namespace titip::crash {
namespace {

TEST(Told, CountsWhatWasDoneNotWhatWasAnswered) {
  const std::string id = Intents(1).id({1, 1}).text();
  const auto answer = [&](unsigned word, unsigned verdict) {
    return fmt::format("A 1 1 {} {} {} 7", word, verdict, id);
  };
  const auto change = [&](unsigned word, unsigned applied) { return fmt::format("C {} {} {} 2 1", id, word, applied); };
  const std::vector<std::string> refusals{answer(1, 0), answer(1, 0), change(0, 1), change(1, 0), "o 1 0 3", "ready"};
  EXPECT_EQ(told_in(refusals).changed, 0U);
  EXPECT_EQ(told_in(refusals).accepted, 0U);
  EXPECT_EQ(told_in(refusals).refused, 2U);
  const std::vector<std::string> work{answer(0, 0), answer(0, 1), change(0, 0), change(0, 0)};
  EXPECT_EQ(told_in(work).changed, 2U);
  EXPECT_EQ(told_in(work).accepted, 1U) << "a replay takes nothing in";
}

// A machine that gives out is a skip as long as nothing was tried, and never hides a finding.
TEST(Report, GivingOutIsASkipOnlyBeforeTheFirstRound) {
  Report fresh;
  EXPECT_EQ(cannot_go_on(fresh, "no loop device"), exit_not_possible_here);
  Report found;
  found.broken = 1;
  EXPECT_EQ(cannot_go_on(found, "no loop device"), exit_not_kept);
  Report begun;
  begun.rounds = 1;
  EXPECT_EQ(cannot_go_on(begun, "no loop device"), exit_not_kept);
  EXPECT_FALSE(begun.clean());
}

TEST(Rot, OnlyAnAssertionOfTheEngineIsTakenForNoticedDamage) {
  EXPECT_NE(engine_assertion("x\ntitip_crash: ./db/version_set.cc:9: int rocksdb::F(): Assertion `a > b' failed.\n"),
            "");
  EXPECT_EQ(engine_assertion("storage/writer.cc:9: broken invariant: it holds\n"), "");
  EXPECT_EQ(engine_assertion("titip_crash: tests/x.cc:9: int main(): Assertion `false' failed.\n"), "");
  EXPECT_EQ(engine_assertion("the store has left a call without an answer for a minute\n"), "");
  EXPECT_EQ(engine_assertion(""), "");
}

}  // namespace
}  // namespace titip::crash
