// When the breaker opens and closes, row by row, each a script (breaker_script.h).
#include "upstream/rules/breaker.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tests/upstream/rules/breaker_script.h"

namespace titip::rules {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

const std::string trip = "0:r1- 0:r2- 0:r3- 0:r4- 0:r5- ";  // open from 0 to 15

TEST(Breaker, WhenItOpens) {
  const struct {
    const char* name;
    std::string script;
    BreakerState state;
  } rows[] = {
      {"nothing happened", "", BreakerState::closed},
      {"five not served, of five keys", trip, BreakerState::open},
      {"four are too few", "0:r1- 0:r2- 0:r3- 0:r4-", BreakerState::closed},
      {"five, but not in one window", "0:r1- 0:r2- 0:r3- 0:r4- 11:r5-", BreakerState::closed},
      {"five, just in one window", "0:r1- 0:r2- 0:r3- 0:r4- 10:r5-", BreakerState::open},
      {"half of them", "0:r1+ 0:r2+ 0:r3+ 1:r4- 1:r5- 1:r6-", BreakerState::open},
      {"less than half", "0:r1+ 0:r2+ 0:r3+ 0:r7+ 1:r4- 1:r5- 1:r6-", BreakerState::closed},
      {"successes that have left the window do not count",
       "0:r1+ 0:r2+ 0:r3+ 0:r7+ 10.5:r1- 10.5:r2- 10.5:r3- 10.5:r4- 10.5:r5-", BreakerState::open},
      {"a success is no reason to open", "0:r1- 0:r2- 0:r3- 0:r4- 0:r5+", BreakerState::closed},
      {"… but the next failure is", "0:r1- 0:r2- 0:r3- 0:r4- 0:r5+ 0:r5-", BreakerState::open},
      {"a poison record while others are served", "0:r2+ " + repeat(50, "1:r1-"), BreakerState::closed},
      {"a poison record before others are served", repeat(4, "1:r1-") + "1:r2+ " + repeat(50, "1:r1-"),
       BreakerState::closed},
      {"a poison record and one more failure", "0:r3+ " + repeat(50, "1:r1-") + "1:r2-", BreakerState::open},
      {"a lone clinic", repeat(5, "1:r1-"), BreakerState::open},
      {"a lone clinic, four times", repeat(4, "1:r1-"), BreakerState::closed},
      {"a lone clinic, served before", "0:r1+ 0:r1+ " + repeat(5, "1:r1-"), BreakerState::open},
      {"a poison record, the others' successes long ago", "0:r2+ " + repeat(5, "11:r1-"), BreakerState::open},
      {"reads count too", "0:h- 0:h- 0:h- 0:h- 0:r1-", BreakerState::open},
      {"calls in flight do not count", "0:R 0:R 0:R 0:R 0:R 0:R", BreakerState::closed},
  };
  for (const auto& row : rows) {
    Breaker breaker({});
    double end = 0;
    play(breaker, row.script, &end);
    EXPECT_EQ(name(breaker.state(at(end))), name(row.state)) << row.name;
  }
}
TEST(Breaker, HowItCloses) {
  const struct {
    const char* name;
    std::string script;
    double second;
    BreakerState state;
  } rows[] = {
      {"open until the pause is over", "", 14.999, BreakerState::open},
      {"half-open by time alone", "", 15, BreakerState::half_open},
      {"three records close", "15:h+ 15:r1+ 16:r2+ 17:r3+", 17, BreakerState::closed},
      {"two do not", "15:h+ 15:r1+ 16:r2+", 17, BreakerState::half_open},
      {"health reads do not", repeat(10, "15:h+"), 17, BreakerState::half_open},
      {"health reads do where no record can be sent", "15:ro 15:h+ 16:h+ 17:h+", 17, BreakerState::closed},
      {"both count there", "15:h+ 15:r1+ 15:ro 16:h+ 17:h+", 17, BreakerState::closed},
      {"not any more", "15:ro 15:h+ 16:h+ 16:rc 17:h+", 17, BreakerState::half_open},
      {"a record not served reopens", "15:h+ 15:r1+ 15:r2+ 16:r3-", 16, BreakerState::open},
      {"with twice the pause", "15:h+ 16:r1-", 45.999, BreakerState::open},
      {"… to half-open", "15:h+ 16:r1-", 46, BreakerState::half_open},
      {"and twice again", "16:r1- 46:r1-", 105.999, BreakerState::open},
      {"… to half-open again", "16:r1- 46:r1-", 106, BreakerState::half_open},
      {"up to five minutes", "15:r1- 45:r1- 105:r1- 225:r1- 465:r1- 765:r1-", 1064.999, BreakerState::open},
      {"… and no more", "15:r1- 45:r1- 105:r1- 225:r1- 465:r1- 765:r1-", 1065, BreakerState::half_open},
      {"a health read not served reopens", "16:h-", 30.999, BreakerState::open},
      {"with the first pause", "16:h-", 31, BreakerState::half_open},
      {"however often", "16:h- 31:h- 46:h- 61:h-", 76, BreakerState::half_open},
      {"between records too, whose pauses go on growing", "15:r1- 45:h- 60:h+ 60:r1-", 119.999, BreakerState::open},
      {"… from where they were", "15:r1- 45:h- 60:h+ 60:r1-", 120, BreakerState::half_open},
      {"successes before a reopening are forgotten", "15:h+ 15:r1+ 15:r2+ 16:h- 46:h+ 46:r1+", 46,
       BreakerState::half_open},
      {"closed, it has forgotten the outage", "15:h+ 15:r1+ 15:r2+ 15:r3+ 15:r1- 15:r2- 15:r3- 15:r4-", 15,
       BreakerState::closed},
      {"and the next pause is short again", "15:r1- 45:h+ 45:r1+ 45:r2+ 45:r3+ 46:r1- 46:r2- 46:r3- 46:r4- 46:r5-", 61,
       BreakerState::half_open},
  };
  for (const auto& row : rows) {
    Breaker breaker({});
    play(breaker, trip + row.script);
    EXPECT_EQ(name(breaker.state(at(row.second))), name(row.state)) << row.name;
  }
}

// The default longest pause is 300 s.
TEST(Breaker, RefusedOnTheWayItWaitsForLongest) {
  const struct {
    const char* name;
    std::string script;
    double second;
    BreakerState state;
  } rows[] = {
      {"one record is enough", "0:r!", 0, BreakerState::open},
      {"for the longest pause", "0:r!", 299.999, BreakerState::open},
      {"… and no more", "0:r!", 300, BreakerState::half_open},
      {"one read too", "0:h!", 299.999, BreakerState::open},
      {"among many that are served", repeat(50, "0:r1+") + "1:r!", 300.999, BreakerState::open},
      {"a trial's read, which else has the first pause", trip + "15:h!", 314.999, BreakerState::open},
      {"… and no more", trip + "15:h!", 315, BreakerState::half_open},
      {"a trial's record", trip + "15:h+ 15:r!", 314.999, BreakerState::open},
      {"again and again", "0:r! 300:h! 600:h!", 899.999, BreakerState::open},
      {"one from before the trip decides nothing", "0:R " + trip + "1:R!", 15, BreakerState::half_open},
      {"nor does one that nobody started", "0:R!", 0, BreakerState::closed},
      {"let in again, it closes as ever", "0:r! 300:h+ 300:r1+ 300:r2+ 300:r3+", 300, BreakerState::closed},
      {"and the next pause is short", "0:r! 300:h+ 300:r1+ 300:r2+ 300:r3+ 301:r1- 301:r2- 301:r3- 301:r4- 301:r5-",
       316, BreakerState::half_open},
  };
  for (const auto& row : rows) {
    Breaker breaker({});
    play(breaker, row.script);
    EXPECT_EQ(name(breaker.state(at(row.second))), name(row.state)) << row.name;
  }
}

TEST(Breaker, WhatMayStart) {
  const struct {
    const char* name;
    std::string script;
    double second;
    bool record;
    bool read;
    bool health;
  } rows[] = {
      {"closed", "", 0, true, true, false},
      {"open", trip, 14, false, false, false},
      {"half-open: a health read first", trip, 15, false, true, true},
      {"one health read at a time", trip + "15:H", 15, false, true, false},
      {"health read served: one record", trip + "15:h+", 15, true, true, false},
      {"one record at a time", trip + "15:h+ 15:R", 15, false, true, false},
      {"then the next", trip + "15:h+ 15:R 16:R1+", 16, true, true, false},
      {"no record can be sent: more health reads", trip + "15:ro 15:h+", 15, true, true, true},
      {"health read not served", trip + "15:h-", 15, false, false, false},
      {"closed again", trip + "15:h+ 15:r1+ 15:r2+ 15:r3+", 15, true, true, false},
      {"a call from before the trip is still out", "0:R " + trip, 15, false, false, false},
      {"… now it has ended", "0:R " + trip + "16:R9-", 16, false, true, true},
      {"… a read as well", "0:H 0:R " + trip + "16:R9-", 16, false, false, false},
      {"a call that is never reported is not waited for for ever", "0:R " + trip, 120, false, true, true},
      {"… and once something started, it is forgotten", "0:R " + trip + "120:h+", 120, true, true, false},
      {"a record in flight at a reopening is waited for", trip + "15:h+ 15:R 16:h-", 46, false, false, false},
  };
  for (const auto& row : rows) {
    SCOPED_TRACE(row.name);
    Breaker breaker({});
    play(breaker, row.script);
    EXPECT_EQ(breaker.may_send_record(at(row.second)), row.record);
    EXPECT_EQ(breaker.may_send_read(at(row.second)), row.read);
    EXPECT_EQ(breaker.wants_health_read(at(row.second)), row.health);
  }
}

TEST(Breaker, WhoIsTriedLast) {
  const struct {
    const char* name;
    std::string script;
    std::vector<std::uint64_t> suspects;  // of the keys 1 to 9
  } rows[] = {
      {"nobody while it is closed", "0:r1- 0:r2- 0:r3- 0:r4-", {}},
      {"those that were not served", "0:r6+ 0:r7+ 0:r1- 0:r2- 0:r3-", {1, 2, 3}},
      {"not those that had left the window", "0:r9- 20:r1- 20:r2- 20:r3- 20:r4- 20:r5-", {1, 2, 3, 4, 5}},
      {"a lone clinic's record", repeat(5, "1:r1-"), {1}},
      {"who reopens it", repeat(5, "1:r1-") + "16:h+ 16:r4-", {1, 4}},
      {"not who is served meanwhile", repeat(5, "1:r1-") + "16:h+ 16:r4+ 16:r5-", {1, 5}},
      {"a health read is nobody's", repeat(5, "1:r1-") + "16:h-", {1}},
      {"forgotten when it closes", repeat(5, "1:r1-") + "16:h+ 16:r4+ 16:r5+ 16:r6+", {}},
  };
  for (const auto& row : rows) {
    Breaker breaker({});
    play(breaker, row.script);
    std::vector<std::uint64_t> suspects;
    for (std::uint64_t key = 0; key <= 9; ++key) {
      if (breaker.is_suspect(key)) {
        suspects.push_back(key);
      }
    }
    EXPECT_EQ(suspects, row.suspects) << row.name;
  }
}

TEST(Breaker, RemembersTheLatestSuspectsOnly) {
  Breaker breaker({});
  for (std::uint64_t key = 1; key <= 1000; ++key) {
    breaker.started(at(0), true);
  }
  for (std::uint64_t key = 1; key <= 4; ++key) {
    breaker.finished(at(0), true, false, key, 0.0);
  }
  double second = 15;
  breaker.finished(at(0), true, false, 5, 0.0);
  for (std::uint64_t key = 6; key <= 200; ++key) {  // each reopens it, the pauses are five minutes soon
    second += 400;
    breaker.started(at(second), true);
    breaker.finished(at(second), true, false, key, 0.0);
  }
  EXPECT_FALSE(breaker.is_suspect(1));
  EXPECT_FALSE(breaker.is_suspect(100));
  EXPECT_TRUE(breaker.is_suspect(200));
  EXPECT_TRUE(breaker.is_suspect(150));
}

TEST(Breaker, CallsFromBeforeTheTripDecideNothing) {
  const struct {
    const char* name;
    std::string script;  // three records and a read are out when it trips at 0, and the pause is over at 15
    double second;
    BreakerState state;
    std::uint32_t times_opened;
  } rows[] = {
      {"served while open", "1:R6+ 2:R7+ 3:R8+ 4:H+", 14, BreakerState::open, 1},
      {"served in half-open", "15:R6+ 15:R7+ 15:R8+ 15:H+", 16, BreakerState::half_open, 1},
      {"not served in half-open", "15:R6- 15:R7- 15:R8- 15:H-", 16, BreakerState::half_open, 1},
      {"not served while open does not lengthen the pause", "14:R6- 14:R7- 14:R8- 14:H-", 15, BreakerState::half_open,
       1},
      {"they leave nothing behind", "15:R6+ 15:R7+ 15:R8+ 15:H+ 16:h+ 16:r1+ 16:r2+", 16, BreakerState::half_open, 1},
      {"what starts after them decides", "15:R6- 15:R7- 15:R8- 15:H- 16:h+ 16:r1+ 16:r2+ 16:r3+", 16,
       BreakerState::closed, 1},
      {"… either way", "15:R6+ 15:R7+ 15:R8+ 15:H+ 16:h-", 16, BreakerState::open, 2},
      {"a record that started too early does not stand in for one of them", "15:R 15:R6-", 15, BreakerState::half_open,
       1},
      {"one more end than starts", "15:R6+ 15:R7+ 15:R8+ 15:H+ 15:R9+ 16:h+ 16:r1+ 16:r2+", 16, BreakerState::half_open,
       1},
  };
  for (const auto& row : rows) {
    SCOPED_TRACE(row.name);
    Breaker breaker({});
    play(breaker, "0:R 0:R 0:R 0:H " + trip + row.script);
    EXPECT_EQ(name(breaker.state(at(row.second))), name(row.state));
    EXPECT_EQ(breaker.times_opened(), row.times_opened);
  }
}

TEST(Breaker, JitterLengthensThePauseByUpToAFifth) {
  for (const auto& [jitter, pause] :
       {std::pair{0.0, milliseconds(15'000)}, {0.5, milliseconds(16'500)}, {1.0, milliseconds(18'000)}}) {
    Breaker breaker({});
    for (std::uint64_t key = 0; key < 5; ++key) {
      breaker.started(at(0), true);
      breaker.finished(at(0), true, false, key, jitter);
    }
    EXPECT_EQ(breaker.wakes_at(), at(0) + pause) << jitter;
  }
  EXPECT_EQ(Breaker({}).wakes_at(), std::nullopt);
}

TEST(Breaker, ARushOfCallsKeepsItsMemoryBounded) {
  Breaker breaker({});
  for (std::uint64_t i = 0; i < 100'000; ++i) {
    breaker.started(at(0), true);
    breaker.finished(at(0), true, true, i, 0.0);
  }
  // Only the last 10,000 are remembered, so half of those not served is enough.
  for (std::uint64_t i = 0; i < 4'999; ++i) {
    breaker.started(at(0), true);
    breaker.finished(at(0), true, false, i, 0.0);
  }
  EXPECT_EQ(breaker.state(at(0)), BreakerState::closed);
  breaker.started(at(0), true);
  breaker.finished(at(0), true, false, 4'999, 0.0);  // not one of the first, whose trouble may be their own
  EXPECT_EQ(breaker.state(at(0)), BreakerState::open);
}

// One facility's reads are one caller's: what it is told may be its own fault. A lone one is told apart by what it
// reads.
TEST(Breaker, ACallerIsOneWhateverItAsksForUnlessItIsAlone) {
  struct Call {
    std::uint64_t caller;
    std::uint64_t thing;
    bool served;
  };
  const struct {
    const char* name;
    std::vector<Call> calls;
    BreakerState state;
  } rows[] = {
      {"one of two callers, whatever it asks for",
       {{2, 1, true}, {1, 1, false}, {1, 2, false}, {1, 3, false}, {1, 4, false}},
       BreakerState::closed},
      {"both", {{2, 1, true}, {1, 1, false}, {1, 2, false}, {1, 3, false}, {2, 1, false}}, BreakerState::open},
      {"a lone one, everything",
       {{1, 5, true}, {1, 1, false}, {1, 2, false}, {1, 3, false}, {1, 4, false}},
       BreakerState::open},
      {"a lone one, one thing of several",
       {{1, 2, true}, {1, 1, false}, {1, 1, false}, {1, 1, false}, {1, 1, false}},
       BreakerState::closed},
      {"a lone one that asks for one thing",
       {{1, 1, false}, {1, 1, false}, {1, 1, false}, {1, 1, false}, {1, 1, false}},
       BreakerState::open},
  };
  for (const auto& row : rows) {
    Breaker breaker({});
    for (const auto& call : row.calls) {
      breaker.started(at(0), false);
      breaker.finished(at(0), false, call.served, call.caller, 0.0, call.thing);
    }
    EXPECT_EQ(name(breaker.state(at(0))), name(row.state)) << row.name;
  }
}

TEST(Breaker, WhatSaysNothingDecidesNothing) {
  Breaker breaker({});
  const auto nothing = [&](double second, bool is_record) {
    breaker.started(at(second), is_record);
    breaker.said_nothing(at(second), is_record);
  };
  for (int i = 0; i < 20; ++i) nothing(0, false);
  EXPECT_EQ(breaker.state(at(0)), BreakerState::closed);
  play(breaker, "0:H " + trip);
  breaker.said_nothing(at(15), false);  // one from before the trip
  EXPECT_TRUE(breaker.wants_health_read(at(15)));
  nothing(15, false);
  EXPECT_EQ(breaker.state(at(15)), BreakerState::half_open);
  EXPECT_TRUE(breaker.wants_health_read(at(15))) << "nor does it stand for a health read";
  breaker.said_nothing(at(15), false);  // one more end than starts
  play(breaker, "16:h+ 16:r1+ 16:r2+ 16:r3+");
  EXPECT_EQ(breaker.state(at(16)), BreakerState::closed);
}

TEST(Breaker, Names) {
  EXPECT_EQ(name(BreakerState::closed), "closed");
  EXPECT_EQ(name(BreakerState::open), "open");
  EXPECT_EQ(name(BreakerState::half_open), "half-open");
}

}  // namespace
}  // namespace titip::rules
