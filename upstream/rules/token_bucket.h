// How many sends a second a destination (a drain's pace, a configured limit) allows: a bucket that fills at
// `per_second` up to `burst`. Pure; one owner. Time only moves forward; a clock that stands still gives nothing.
#pragma once

#include <chrono>

#include "upstream/rules/exchange.h"

namespace titip::rules {

struct TokenBucketOptions {
  double per_second = 0;  // 0: no limit
  double burst = 1;       // at least 1
};

class TokenBucket {
 public:
  TokenBucket(TokenBucketOptions options, SteadyTime now);

  bool may_take(SteadyTime now) const;
  void take(SteadyTime now);                                // the caller has asked may_take()
  SteadyTime next_at(SteadyTime now) const;                 // when may_take() turns true; `now` if it is
  void change(TokenBucketOptions options, SteadyTime now);  // what has been saved up is kept, up to the new burst

 private:
  double level(SteadyTime now) const;

  TokenBucketOptions options_;
  double saved_;
  SteadyTime at_;
};

}  // namespace titip::rules
