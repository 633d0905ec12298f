#include "upstream/rules/token_bucket.h"

#include <algorithm>
#include <cmath>

namespace titip::rules {
namespace {

// Sums of fractions fall short of whole tokens by rounding.
constexpr double whole = 1.0 - 1e-9;

TokenBucketOptions sane(TokenBucketOptions options) {
  return {.per_second = std::max(0.0, options.per_second), .burst = std::max(1.0, options.burst)};
}

}  // namespace

TokenBucket::TokenBucket(TokenBucketOptions options, SteadyTime now)
    : options_(sane(options)), saved_(options_.burst), at_(now) {}

double TokenBucket::level(SteadyTime now) const {
  const double seconds = std::max(0.0, std::chrono::duration<double>(now - at_).count());
  return std::min(options_.burst, saved_ + seconds * options_.per_second);
}

bool TokenBucket::may_take(SteadyTime now) const {
  return options_.per_second == 0 || level(now) >= whole;
}

void TokenBucket::take(SteadyTime now) {
  if (options_.per_second == 0) return;
  saved_ = std::max(0.0, level(now) - 1.0);
  at_ = std::max(at_, now);
}

SteadyTime TokenBucket::next_at(SteadyTime now) const {
  if (may_take(now)) return now;
  const double seconds = (1.0 - level(now)) / options_.per_second;
  return now + std::chrono::ceil<std::chrono::milliseconds>(std::chrono::duration<double>(seconds));
}

void TokenBucket::change(TokenBucketOptions options, SteadyTime now) {
  saved_ = level(now);
  at_ = std::max(at_, now);
  options_ = sane(options);
  saved_ = std::min(saved_, options_.burst);
}

}  // namespace titip::rules
