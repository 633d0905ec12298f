// How fast log-ins may come. Nobody knows yet whose one is, so it goes by the address: each has a bucket of its own,
// but for those that stand for many (a proxy that keeps silent, a program on this machine), whose bucket is larger.
// Threads: any, one for all front loops; no lock, and no memory that grows with who asks.
#pragma once

#include <chrono>
#include <functional>
#include <optional>
#include <string_view>

#include "gateway/clock/buckets.h"
#include "gateway/clock/clock.h"
#include "gateway/front/facility_rates.h"
#include "gateway/http/message.h"

namespace titip::front {

struct LogInPaceOptions {
  RateOptions of_one{2, 60};     // a clinic's desks behind one address, in the morning
  RateOptions of_many{20, 300};  // a province's
  // A proxy stands before the listener, so an address that none that is trusted told is a proxy's.
  bool behind_proxy = false;
};

class LogInPaces {
 public:
  // `tell` hears of who was told to wait: "log_in_rate".
  LogInPaces(const LogInPaceOptions& options, const clock::Clock& clock, std::function<void(std::string_view)> tell);

  // Nothing: let it in. Otherwise it is to come again after so long.
  std::optional<std::chrono::seconds> wait(const http::Request& request);

 private:
  bool stands_for_many(const http::Request& request) const;

  const bool behind_proxy_;
  const clock::Clock& clock_;
  const std::function<void(std::string_view)> tell_;
  clock::Buckets of_one_;
  clock::Buckets of_many_;
};

}  // namespace titip::front
