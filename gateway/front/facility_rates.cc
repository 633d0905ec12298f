#include "gateway/front/facility_rates.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace titip::front {

clock::Pace pace_of(const RateOptions& options) {
  return clock::Pace::per_second(options.per_second, options.burst);
}

Allowance FacilityRates::take(std::string_view facility, clock::SteadyTime now) {
  if (options_.per_second == 0) return {true, options_.burst, {}};
  const std::lock_guard lock(mutex_);
  auto found = full_at_.find(facility);
  if (found == full_at_.end()) found = full_at_.emplace(std::string(facility), now).first;
  const auto taken = pace_of(options_).take(found->second, now);
  found->second = taken.full_at;
  return {taken.given, taken.left, std::chrono::ceil<std::chrono::seconds>(taken.wait)};
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
