// How fast one facility may ask: a token bucket for each, so that a program gone wild at one clinic costs the others
// nothing. Only who was let in has a bucket. Threads: any; shared by all front loops, a short lock a request.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>

#include "gateway/clock/buckets.h"
#include "gateway/clock/clock.h"
#include "gateway/http/message.h"

namespace titip::front {

struct RateOptions {
  std::uint32_t per_second = 500;  // 0: as many as come
  std::uint32_t burst = 2'000;
};

clock::Pace pace_of(const RateOptions& options);

struct Allowance {
  bool allowed = true;
  std::uint32_t left = 0;        // requests at once, after this one
  std::chrono::seconds wait{0};  // until the bucket holds one again; at least one second where it is empty
};

class FacilityRates {
 public:
  explicit FacilityRates(RateOptions options) : options_(options) {}

  Allowance take(std::string_view facility, clock::SteadyTime now);
  const RateOptions& options() const { return options_; }

 private:
  struct Hash : std::hash<std::string_view> {
    using is_transparent = void;
  };
  const RateOptions options_;
  std::mutex mutex_;
  // When the bucket is full again.
  std::unordered_map<std::string, clock::SteadyTime, Hash, std::equal_to<>> full_at_;
};

// RateLimit and RateLimit-Policy (draft-ietf-httpapi-ratelimit-headers).
void say_rate(const RateOptions& options, const Allowance& allowance, http::Response& response);

// A responder whose answer says how much is left, once that is less than half.
http::Responder with_rate(const RateOptions& options, const Allowance& allowance, http::Responder respond);

}  // namespace titip::front
