#include "upstream/rules/server_pause.h"

#include <gtest/gtest.h>

#include <vector>

namespace titip::rules {
namespace {

using namespace std::chrono_literals;

SteadyTime at(std::chrono::milliseconds since) {
  return SteadyTime(since);
}

TEST(ServerPause, Table) {
  struct Said {
    std::chrono::seconds retry_after, when;
  };
  const struct {
    const char* name;
    std::vector<Said> said;
    std::chrono::milliseconds over_at;
  } rows[] = {
      {"nothing said", {}, 0ms},
      {"no pause is no pause", {{0s, 5s}}, 0ms},
      {"a negative one neither", {{-7s, 5s}}, 0ms},
      {"thirty seconds", {{30s, 5s}}, 35s},
      {"the longer one counts", {{30s, 0s}, {10s, 5s}}, 30s},
      {"said again", {{30s, 0s}, {30s, 5s}}, 35s},
      {"an hour at most", {{86'400s, 0s}}, 1h},
  };
  for (const auto& row : rows) {
    ServerPause pause;
    for (const Said& said : row.said) pause.asked(said.retry_after, at(said.when));
    EXPECT_TRUE(pause.over(at(row.over_at))) << row.name;
    if (row.over_at > 0ms) {
      EXPECT_FALSE(pause.over(at(row.over_at - 1ms))) << row.name;
    }
  }
}

}  // namespace
}  // namespace titip::rules
