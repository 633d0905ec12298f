#include "upstream/rules/backoff.h"

#include <algorithm>

namespace titip::rules {

std::chrono::milliseconds backoff(const BackoffOptions& options, std::uint32_t step, double uniform,
                                  std::chrono::seconds retry_after) {
  using std::chrono::milliseconds;
  constexpr std::chrono::seconds longest_wish = std::chrono::hours{1};
  milliseconds ceiling = std::min(options.first, options.max);
  for (std::uint32_t i = 1; i < step && ceiling < options.max; ++i) {
    ceiling = ceiling > options.max / 2 ? options.max : ceiling * 2;
  }
  const double share = uniform > 0.0 ? std::min(uniform, 1.0) : 0.0;
  const auto drawn = milliseconds(static_cast<milliseconds::rep>(static_cast<double>(ceiling.count()) * share));
  // Clamped while still in seconds: the number came from outside, and its milliseconds may not fit.
  const milliseconds wished = std::clamp(retry_after, std::chrono::seconds{0}, longest_wish);
  return std::max({milliseconds{1}, std::min(drawn, ceiling - milliseconds{1}), wished});
}

}  // namespace titip::rules
