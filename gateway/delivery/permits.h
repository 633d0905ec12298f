// Who may send next, as far as it is a matter of rates and shares: the destination's pace (a token bucket), how many of
// the places that are free go to deadlines, to fresh records and to the backlog, and how much of what is in flight may
// be repetition. The breaker and the window say whether there is a place at all; this says who gets it. Pure: time is
// an argument; owned by one dispatcher.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>

#include "upstream/rules/retry_budget.h"
#include "upstream/rules/shares.h"
#include "upstream/rules/token_bucket.h"

namespace titip::delivery {

struct PermitOptions {
  rules::TokenBucketOptions pace;  // 0 a second: no limit but the window
  rules::SharesOptions shares;
  rules::RetryBudgetOptions retries;
};

class Permits {
 public:
  Permits(PermitOptions options, rules::SteadyTime now);

  // How many of `places` the pace leaves now.
  std::size_t within_pace(std::size_t places, rules::SteadyTime now) const;
  // When the pace leaves one again; nothing: it does now.
  std::optional<rules::SteadyTime> wakes_at(rules::SteadyTime now) const;

  struct Deal {
    std::size_t deadline = 0;
    std::size_t fresh = 0;
    std::size_t backlog = 0;
    std::size_t& of(rules::SendClass which) {
      if (which == rules::SendClass::backlog) return backlog;
      return which == rules::SendClass::fresh ? fresh : deadline;
    }
  };
  Deal deal(std::size_t places, const rules::Waiting& waiting) const;

  // A record that was tried before is about to be sent.
  bool may_retry() const { return rules::may_retry(options_.retries, in_flight_, retries_); }

  // Each record that takes a place, and gives it back once.
  void took(rules::SendClass which, const rules::Waiting& waiting, bool retry, rules::SteadyTime now);
  void gave_back(bool retry);
  // A question is a call like any other to the server, but neither a send nor a repetition.
  void asked(rules::SteadyTime now) { pace_.take(now); }

 private:
  PermitOptions options_;
  rules::TokenBucket pace_;
  rules::Shares shares_;
  std::uint32_t in_flight_ = 0;
  std::uint32_t retries_ = 0;
};

}  // namespace titip::delivery
