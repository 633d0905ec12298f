#include "gateway/front/facility_rates.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace titip::front {

Allowance FacilityRates::take(std::string_view facility, clock::SteadyTime now) {
  using std::chrono::nanoseconds;
  if (options_.per_second == 0) return {true, options_.burst, {}};
  const nanoseconds each = nanoseconds(std::chrono::seconds(1)) / options_.per_second;
  const nanoseconds whole = each * std::max(options_.burst, 1U);
  const std::lock_guard lock(mutex_);
  auto found = full_at_.find(facility);
  if (found == full_at_.end()) found = full_at_.emplace(std::string(facility), now).first;
  auto& full_at = found->second;
  full_at = std::max(full_at, now);
  const nanoseconds missing = full_at + each - now;
  if (missing > whole) {
    const auto wait = std::chrono::ceil<std::chrono::seconds>(missing - whole);
    return {false, 0, std::max(wait, std::chrono::seconds(1))};
  }
  full_at += each;
  return {true, static_cast<std::uint32_t>((whole - missing) / each), {}};
}

void say_rate(const RateOptions& options, const Allowance& allowance, http::Response& response) {
  const auto window = std::max(1U, options.burst / std::max(options.per_second, 1U));
  response.headers.push_back({"RateLimit-Policy", fmt::format("\"facility\";q={};w={}", options.burst, window)});
  response.headers.push_back(
      {"RateLimit", fmt::format("\"facility\";r={};t={}", allowance.left, std::max<long>(allowance.wait.count(), 1))});
}

http::Responder with_rate(const RateOptions& options, const Allowance& allowance, http::Responder respond) {
  if (options.per_second == 0 || allowance.left >= options.burst / 2) return respond;
  return {[options, allowance, respond = std::move(respond)](http::Response response) mutable {
            say_rate(options, allowance, response);
            respond(std::move(response));
          },
          nullptr};
}

}  // namespace titip::front
