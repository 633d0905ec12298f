// What opens the breaker beside its window, and what does not open it: silence, and trouble of a record's own.
#include <gtest/gtest.h>

#include "tests/upstream/rules/breaker_script.h"

namespace titip::rules {
namespace {

// Calls that hang longer than the window is long, one upon the other.
TEST(Breaker, SilenceOpensIt) {
  const struct {
    const char* name;
    std::string script;
    BreakerState state;
  } rows[] = {
      {"one hangs after the other", "0:R 20:R1- 20:R 40:R2- 40:R 60:R3- 60:R 80:R4- 80:R 100:R5-", BreakerState::open},
      {"four", "0:R 20:R1- 20:R 40:R2- 40:R 60:R3- 60:R 80:R4- 80:R", BreakerState::closed},
      {"one was served in between", "0:R 20:R1- 20:R 40:R2- 40:R 60:R3+ 60:R 80:R4- 80:R 100:R5- 100:R 120:R1-",
       BreakerState::closed},
      {"five since", "0:R 20:R1+ 20:R 40:R2- 40:R 60:R3- 60:R 80:R4- 80:R 100:R5- 100:R 120:R1-", BreakerState::open},
      {"the same two in turn", "0:R 20:R1- 20:R 40:R2- 40:R 60:R1- 60:R 80:R2- 80:R 100:R1-", BreakerState::open},
      {"a lone record", "0:R 20:R1- 20:R 40:R1- 40:R 60:R1- 60:R 80:R1- 80:R 100:R1- 100:R 120:R1-",
       BreakerState::closed},
      {"two that cannot be borne, and nobody else calls between their tries",
       "0:R 20:R1- 22:R 42:R2- 46:R 66:R1- 70:R 90:R2- 94:R 114:R1-", BreakerState::closed},
      {"a few moments between them", "0:R 20:R1- 22:R 42:R2- 44:R 64:R1- 66:R 86:R2- 88:R 108:R1-", BreakerState::open},
      {"begun before another was served", "0:R 0:R 0:R 0:R 0:R 5:r9+ 30:R1- 30:R2- 31:R3- 45:R4- 60:R5-",
       BreakerState::closed},
      {"five quick failures in a row among many answers", repeat(9, "0:r1+") + "1:r2- 1:r3- 1:r4- 1:r5- 1:r6-",
       BreakerState::closed},
      {"log-ins are nobody's", "0:H 20:H- 20:H 40:H- 40:H 60:H- 60:R 80:R1- 80:R 100:R2-", BreakerState::closed},
  };
  for (const auto& row : rows) {
    Breaker breaker({});
    double end = 0;
    play(breaker, row.script, &end);
    EXPECT_EQ(name(breaker.state(at(end))), name(row.state)) << row.name;
  }
}

// What was not served while nearly everybody else was, says nothing when it is alone.
TEST(Breaker, TroubleOfItsOwnOpensNothing) {
  const std::string by_day = repeat(30, "0:r9+") + "0:r1- 0:r2- 0:r3- ";
  const struct {
    const char* name;
    std::string script;
    BreakerState state;
  } rows[] = {
      {"by night they are alone", by_day + repeat(9, "100:r1- 100:r2- 100:r3-"), BreakerState::closed},
      {"with a few others that are served", by_day + repeat(9, "100:r1- 100:r2- 100:r8+"), BreakerState::closed},
      {"hanging one after the other", by_day + "100:R 120:R1- 120:R 140:R2- 140:R 160:R3- 160:R 180:R1- 180:R 200:R2-",
       BreakerState::closed},
      {"their questions count", by_day + "100:h- 100:h- 100:h- 100:h- 100:r4-", BreakerState::open},
      {"once served they count again", by_day + "50:r1+ 50:r2+ " + repeat(3, "100:r1- 100:r2-"), BreakerState::open},
      {"others fail too", by_day + "100:r1- 100:r4- 100:r5- 100:r6- 100:r7- 100:r8-", BreakerState::open},
      {"when a fifth was not served it was the server's",
       repeat(12, "0:r9+") + "0:r1- 0:r2- 0:r3- " + repeat(3, "100:r2- 100:r3-"), BreakerState::open},
      {"nobody else had called", "0:r1- 0:r2- " + repeat(3, "100:r1- 100:r2-"), BreakerState::open},
  };
  for (const auto& row : rows) {
    Breaker breaker({});
    double end = 0;
    play(breaker, row.script, &end);
    EXPECT_EQ(name(breaker.state(at(end))), name(row.state)) << row.name;
  }
}

}  // namespace
}  // namespace titip::rules
