// Which ends of a gateway count as the death that was planned.
#include "tests/day/ending.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <csignal>
#include <string>
#include <vector>

#include "tests/day/deaths.h"

namespace titip::day {
namespace {

const Planned nothing;
const Planned fails{Planned::How::call_fails, "fdatasync", "EIO"};
const Planned kills{Planned::How::call_kills, "write", "SIGKILL"};
constexpr const char* said_why = "{\"event\":\"store_failed\"}\n";
constexpr const char* refused =
    "{}\ntitip: cannot open the store in /x: IO error: Input/output error: While fdatasync\n";

Ending by_status(int status) {
  return {.status = status, .signal = {}};
}
Ending by_signal(int signal) {
  return {.status = {}, .signal = signal};
}

struct Row {
  const char* name;
  Ending ending;
  Planned planned;
  bool serving;
  const char* words;
  bool as_planned;
};

TEST(Ending, OnlyThePlannedOneIsForgiven) {
  const std::vector<Row> table{
      {"the fail-stop", by_status(74), fails, true, said_why, true},
      {"the fail-stop at the start", by_status(74), fails, false, said_why, true},
      {"the fail-stop without a reason", by_status(74), fails, true, "", false},
      {"the fail-stop for nothing", by_status(74), nothing, true, said_why, false},
      {"killed by the call", by_signal(SIGKILL), kills, true, "", true},
      {"killed by the call at the start", by_signal(SIGKILL), kills, false, "", true},
      {"killed where a call was to fail", by_signal(SIGKILL), fails, true, said_why, false},
      {"the fail-stop where a call was to kill", by_status(74), kills, true, said_why, false},
      {"a segfault", by_signal(SIGSEGV), fails, true, said_why, false},
      {"an assertion", by_signal(SIGABRT), fails, true, said_why, false},
      {"an assertion at the start", by_signal(SIGABRT), fails, false, refused, false},
      {"a segfault where a call was to kill", by_signal(SIGSEGV), kills, true, "", false},
      {"refused at the start", by_status(1), fails, false, refused, true},
      {"refused at the start, and no reason", by_status(1), fails, false, "titip: it does not work\n", false},
      {"refused at the start, another error",
       by_status(1),
       {Planned::How::call_fails, "fsync", "ENOSPC"},
       false,
       refused,
       false},
      {"status 1 while it serves", by_status(1), fails, true, refused, false},
      {"ends in order", by_status(0), fails, true, said_why, false},
      {"nothing injected, refused at the start", by_status(1), nothing, false, refused, false},
  };
  for (const Row& row : table) {
    const std::string why = not_as_planned(row.ending, row.planned, row.serving, row.words);
    EXPECT_EQ(why.empty(), row.as_planned) << row.name << ": " << why;
    if (!row.as_planned) EXPECT_NE(why.find(row.ending.text()), std::string::npos) << row.name << ": " << why;
  }
}

// A day with as many deaths as there are faults tries each of them once.
TEST(Deaths, EveryFaultHasItsTurn) {
  Settings settings;
  settings.faults = true;
  settings.deaths = static_cast<std::uint32_t>(Deaths::fault_names().size());
  Deaths deaths(settings, 17);
  std::vector<std::string> came;
  EXPECT_EQ(deaths.planned().how, Planned::How::nothing);
  while (deaths.left()) {
    EXPECT_FALSE(deaths.tracer("/nonexistent").empty());
    came.push_back(deaths.planned().name());
    deaths.rest_s();
  }
  std::ranges::sort(came);
  auto names = Deaths::fault_names();
  std::ranges::sort(names);
  EXPECT_EQ(came, names);
  EXPECT_TRUE(deaths.tracer("/nonexistent").empty());
  EXPECT_EQ(deaths.planned().how, Planned::How::nothing) << "the last life is given nothing";
}

}  // namespace
}  // namespace titip::day
