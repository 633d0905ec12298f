#include "upstream/rules/read_back.h"

#include <gtest/gtest.h>

namespace titip::rules {
namespace {

using namespace std::chrono_literals;

TEST(ReadBack, WaitsAsLongAsItHasWaitedAlreadyWithinBounds) {
  const ReadBackOptions options{2s, 15min, 24h};
  const struct {
    std::chrono::milliseconds since;
    double uniform;
    std::optional<std::chrono::milliseconds> wait;
  } rows[] = {
      {0s, 0, 1s},        {0s, 0.5, 1500ms},
      {1s, 0, 1s},        {10s, 0, 5s},
      {10s, 0.5, 7500ms}, {14min, 0, 7min},
      {1h, 0, 450s},      {23h, 0.999, 899550ms},
      {24h, 0, 450s},     {24h + 1ms, 0, std::nullopt},
      {-5s, 0, 1s},
  };
  for (const auto& row : rows)
    EXPECT_EQ(read_back_wait(options, row.since, row.uniform), row.wait) << row.since.count();
}

}  // namespace
}  // namespace titip::rules
