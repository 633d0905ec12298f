#include "gateway/intake/prefer.h"

#include <gtest/gtest.h>

namespace titip::intake {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

TEST(Prefer, how_long_to_wait) {
  struct Row {
    const char* header;
    std::optional<milliseconds> wait;
    const char* applied;
  };
  const Row rows[] = {
      {"", std::nullopt, ""},
      {"wait=10", seconds(10), "wait=10"},
      {"wait=0", seconds(0), "wait=0"},
      {"WAIT = 7", seconds(7), "wait=7"},
      {"wait=\"3\"", seconds(3), "wait=3"},
      {"respond-async", seconds(0), "respond-async"},
      {"Respond-Async, wait=5", seconds(5), "respond-async, wait=5"},
      {"wait=5;because=\"a,b\", respond-async", seconds(5), "respond-async, wait=5"},
      {"return=minimal; foo=\"wait=9\"", std::nullopt, ""},
      {"foo=\"a\\\", wait=9\", wait=2", seconds(2), "wait=2"},
      {"wait=4, wait=9", seconds(4), "wait=4"},
      {"wait=soon, wait=9", std::nullopt, ""},
      {"wait=-1", std::nullopt, ""},
      {"wait=1.5", std::nullopt, ""},
      {"wait=", std::nullopt, ""},
      {"wait", std::nullopt, ""},
      {"wait=3600", longest_wait, "wait=60"},
      {"wait=99999999999999999999", longest_wait, "wait=60"},
      {"waiting=3, xwait=4", std::nullopt, ""},
      {",,;=,\"", std::nullopt, ""},
  };
  for (const auto& row : rows) {
    const auto found = parse_prefer(row.header);
    EXPECT_EQ(found.wait, row.wait) << row.header;
    EXPECT_EQ(found.applied, row.applied) << row.header;
  }
}

}  // namespace
}  // namespace titip::intake
