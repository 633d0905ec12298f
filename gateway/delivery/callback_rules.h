// What becomes of a callback after an attempt. Unlike a national write it may always be sent again: the receiver knows
// a repetition by its webhook-id. So there is no unknown outcome; whatever was not answered with 2xx is put off, with
// the same backoff as everything else, until it is too old or was tried too often. 410 says that nobody listens there
// any more (Standard Webhooks, "Operational considerations"). Pure.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>

#include "storage/store.h"
#include "upstream/rules/backoff.h"
#include "upstream/rules/exchange.h"

namespace titip::delivery {

struct CallbackPolicy {
  rules::BackoffOptions backoff{std::chrono::seconds(5), std::chrono::hours(6)};
  std::chrono::milliseconds maximum_age{std::chrono::hours(72)};
  std::uint32_t maximum_attempts = 40;
  std::uint64_t most_due = 10'000;  // of one facility; more are left out
};

enum class CallbackResult : std::uint8_t { delivered, deferred, gone, address_refused, not_sent };
std::string_view name(CallbackResult result);

struct CallbackAnswer {
  CallbackResult result = CallbackResult::not_sent;
  std::string rule;  // "http_204", or the failure's name
  std::uint16_t http_status = 0;
  std::chrono::seconds retry_after{0};
  bool served = false;  // the host is well, whatever it said
};
CallbackAnswer read_callback_answer(const rules::Exchange& exchange);

struct CallbackEnd {
  storage::WallTime opened_at{};
  storage::WallTime ended_at{};
  bool host_is_up = true;  // its breaker is closed, after counting this attempt
  double uniform = 0;      // [0, 1), for the jitter
};
// While its host is down an attempt is not counted: an outage of the receiver costs age, not attempts.
storage::Settlement settle_callback(const storage::Submission& record, const CallbackAnswer& answer,
                                    const CallbackEnd& end, const CallbackPolicy& policy);

// It is given up instead of being tried again.
bool is_given_up(const storage::Submission& record, storage::WallTime now, const CallbackPolicy& policy);

}  // namespace titip::delivery
