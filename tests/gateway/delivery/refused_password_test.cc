#include "gateway/delivery/refused_password.h"

#include <gtest/gtest.h>

#include <functional>

#include "tests/gateway/fakes.h"

namespace titip::delivery {
namespace {

using namespace std::chrono_literals;
using storage::Attempt;
using storage::Outcome;

Attempt at(std::chrono::milliseconds when, Outcome outcome = Outcome::credentials_refused, bool probe = false) {
  Attempt attempt;
  attempt.opened_at = tests::morning + when;
  attempt.ended_at = attempt.opened_at + 1s;
  attempt.outcome = outcome;
  attempt.probe = probe;
  return attempt;
}

TEST(RefusedPassword, HoldsWhatWasRefusedOftenAndForLong) {
  struct Row {
    const char* name;
    std::vector<Attempt> timeline;
    bool holds;
  };
  const Row rows[] = {
      {"never tried", {}, false},
      {"once", {at(0h)}, false},
      {"often in a few hours", {at(0h), at(1h), at(2h), at(4h), at(8h)}, false},
      {"for a day, but seldom", {at(0h), at(8h), at(16h), at(25h)}, false},
      {"five times, for a day", {at(0h), at(6h), at(12h), at(18h), at(24h)}, true},
      {"the day is not over", {at(0h), at(6h), at(12h), at(18h), at(24h - 2s)}, false},
      {"let in meanwhile", {at(0h), at(6h), at(8h, Outcome::unknown), at(12h), at(18h), at(24h), at(30h)}, false},
      {"let in long before", {at(0h, Outcome::deferred), at(1h), at(6h), at(12h), at(18h), at(25h)}, true},
      {"what never left says nothing, nor does a question",
       {at(0h), at(6h), at(7h, Outcome::not_sent), at(12h), at(13h, Outcome::inconclusive, true), at(18h), at(24h)},
       true},
      {"the last one was no refusal", {at(0h), at(6h), at(12h), at(18h), at(24h), at(25h, Outcome::deferred)}, false},
  };
  for (const auto& row : rows) EXPECT_EQ(is_refused_for_good(row.timeline), row.holds) << row.name;
}

}  // namespace
}  // namespace titip::delivery
