#include "upstream/rules/backoff.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

namespace titip::rules {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::seconds;

TEST(Backoff, Table) {
  const BackoffOptions usual;
  const struct {
    const char* name;
    BackoffOptions options;
    std::uint32_t step;
    double uniform;
    seconds retry_after;
    milliseconds delay;
  } rows[] = {
      {"first step, middle", usual, 1, 0.5, seconds(0), milliseconds(1'000)},
      {"step 0 is step 1", usual, 0, 0.5, seconds(0), milliseconds(1'000)},
      {"doubles", usual, 2, 0.5, seconds(0), milliseconds(2'000)},
      {"doubles again", usual, 5, 0.25, seconds(0), milliseconds(8'000)},
      {"last before the cap", usual, 9, 0.5, seconds(0), milliseconds(256'000)},
      {"capped", usual, 10, 0.5, seconds(0), milliseconds(450'000)},
      {"capped for ever", usual, std::numeric_limits<std::uint32_t>::max(), 0.5, seconds(0), milliseconds(450'000)},
      {"never zero", usual, 7, 0.0, seconds(0), milliseconds(1)},
      {"never the ceiling", usual, 1, 1.0, seconds(0), milliseconds(1'999)},
      {"not a number", usual, 1, std::nan(""), seconds(0), milliseconds(1)},
      {"the server asks for more", usual, 1, 0.5, seconds(30), milliseconds(30'000)},
      {"the server asks for less", usual, 9, 0.5, seconds(30), milliseconds(256'000)},
      {"the server asks for too much", usual, 1, 0.5, hours(48), hours(1)},
      {"beyond all arithmetic", usual, 1, 0.5, seconds::max(), hours(1)},
      {"before all arithmetic", usual, 1, 0.5, seconds::min(), milliseconds(1'000)},
      {"the server asks for the past", usual, 1, 0.5, seconds(-5), milliseconds(1'000)},
      {"first above max", {milliseconds(5'000), milliseconds(100)}, 3, 0.5, seconds(0), milliseconds(50)},
      {"cap that is no power of two", {milliseconds(3), milliseconds(10)}, 3, 0.5, seconds(0), milliseconds(5)},
      {"tiny", {milliseconds(1), milliseconds(1)}, 4, 0.9, seconds(0), milliseconds(1)},
      {"huge", {milliseconds(1), milliseconds::max()}, 100, 0.0, seconds(0), milliseconds(1)},
  };
  for (const auto& row : rows) {
    EXPECT_EQ(backoff(row.options, row.step, row.uniform, row.retry_after), row.delay) << row.name;
  }
}

}  // namespace
}  // namespace titip::rules
