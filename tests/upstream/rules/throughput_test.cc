#include "upstream/rules/throughput.h"

#include <gtest/gtest.h>

namespace titip::rules {
namespace {

using namespace std::chrono_literals;

// `each` sends every second from second 0 to `until`, looked at in second `at`.
TEST(Throughput, table) {
  const struct {
    const char* name;
    int each;
    int until;
    int at;
    double least;
    double most;
  } rows[] = {
      {"none", 0, 0, 100, 0, 0},
      {"at once", 10, 1, 0, 10, 10},
      {"within the first minute", 10, 30, 30, 9.9, 10.1},
      {"over the first minute", 10, 90, 90, 9.9, 10.1},
      {"long", 10, 1000, 1000, 9.9, 10.1},
      {"it has just ended", 10, 60, 90, 6.6, 6.7},
      {"it ended two minutes ago", 10, 60, 180, 0, 0},
      {"it ended long ago", 10, 60, 10'000, 0, 0},
  };
  for (const auto& row : rows) {
    Throughput throughput;
    const SteadyTime start(1000h);
    for (int second = 0; second < row.until; ++second)
      for (int i = 0; i < row.each; ++i) throughput.sent(start + std::chrono::seconds(second));
    const double found = throughput.per_second(start + std::chrono::seconds(row.at));
    EXPECT_GE(found, row.least) << row.name;
    EXPECT_LE(found, row.most) << row.name;
  }
}

}  // namespace
}  // namespace titip::rules
