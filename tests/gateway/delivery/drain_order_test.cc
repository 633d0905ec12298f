#include "gateway/delivery/drain_order.h"

#include <gtest/gtest.h>

#include <string>

namespace titip::delivery {
namespace {

using namespace std::chrono_literals;
using What = DrainOrder::What;

constexpr WallTime morning{std::chrono::milliseconds(1'630'454'400'000)};

Drain running() {
  return Drain({.canary = 0}, 100, morning);
}
Drain paused() {
  auto drain = running();
  drain.pause("a look", std::nullopt, morning);
  return drain;
}
Drain aborted() {
  auto drain = running();
  for (int i = 0; i < 50; ++i) drain.settled(DrainResult::rejected, morning);
  return drain;
}
Drain done() {
  auto drain = running();
  drain.nothing_left(morning);
  return drain;
}
Drain in_its_daily_pause() {
  return Drain({.canary = 0, .daily_pause = DailyPause{0h, 23h}}, 100, morning);
}

TEST(DrainOrder, Table) {
  const struct {
    const char* name;
    What what;
    std::optional<Drain> drain;
    std::optional<WallTime> until;
    const char* becomes;  // a state, "gone", or what the refusal says
    bool nothing_there = false;
  } rows[] = {
      {"a first one", What::start, {}, {}, "canary"},
      {"one after another", What::start, done(), {}, "canary"},
      {"a second one", What::start, running(), {}, "running already"},
      {"a second one beside a paused one", What::start, paused(), {}, "paused already"},
      {"pause", What::pause, running(), {}, "paused"},
      {"pause until", What::pause, running(), morning + 1h, "paused"},
      {"pause until before", What::pause, running(), morning, "to come"},
      {"pause again, with another reason", What::pause, paused(), {}, "paused"},
      {"pause what stopped by itself", What::pause, aborted(), {}, "stopped by itself"},
      {"pause nothing", What::pause, {}, {}, "no drain", true},
      {"pause what is done", What::pause, done(), {}, "is done", true},
      {"resume", What::resume, paused(), {}, "running"},
      {"resume what stopped by itself", What::resume, aborted(), {}, "running"},
      {"resume what runs", What::resume, running(), {}, "not paused"},
      {"resume a daily pause", What::resume, in_its_daily_pause(), {}, "daily pause"},
      {"resume nothing", What::resume, {}, {}, "no drain", true},
      {"cancel", What::cancel, running(), {}, "gone"},
      {"cancel what is done", What::cancel, done(), {}, "gone"},
      {"cancel nothing", What::cancel, {}, {}, "no drain", true},
  };
  for (const auto& row : rows) {
    const auto obeyed = obey({row.what, {}, "why", row.until}, row.drain, 7, morning);
    const std::string became = !obeyed   ? obeyed.error().sentence.english()
                               : *obeyed ? std::string(name((*obeyed)->state(morning)))
                                         : "gone";
    EXPECT_TRUE(became.contains(row.becomes)) << row.name << ": " << became;
    EXPECT_EQ(!obeyed && obeyed.error().nothing_there, row.nothing_there) << row.name;
  }
}

TEST(DrainOrder, ANewOneTakesWhatWaits) {
  const auto begun = obey({What::start, {.per_second = 2}}, std::nullopt, 7, morning);
  ASSERT_TRUE(begun && *begun);
  EXPECT_EQ((*begun)->of(), 7U);
  EXPECT_EQ((*begun)->plan().per_second, 2);
  const auto nothing = obey({}, std::nullopt, 0, morning);
  ASSERT_FALSE(nothing);
  EXPECT_TRUE(nothing.error().nothing_there);
}

TEST(DrainOrder, APauseSaysWhyAndForHowLong) {
  const auto obeyed = obey({What::pause, {}, "clinic hours", morning + 1h}, running(), 0, morning);
  ASSERT_TRUE(obeyed && *obeyed);
  EXPECT_EQ((*obeyed)->reason().english(), "clinic hours");
  EXPECT_EQ((*obeyed)->state(morning + 1h), DrainState::running);
}

}  // namespace
}  // namespace titip::delivery
