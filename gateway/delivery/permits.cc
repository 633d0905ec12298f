#include "gateway/delivery/permits.h"

namespace titip::delivery {

Permits::Permits(PermitOptions options, rules::SteadyTime now)
    : options_(options), pace_(options.pace, now), shares_(options.shares) {}

std::size_t Permits::within_pace(std::size_t places, rules::SteadyTime now) const {
  if (options_.pace.per_second == 0) return places;
  auto pace = pace_;
  std::size_t within = 0;
  for (; within < places && pace.may_take(now); ++within) pace.take(now);
  return within;
}

std::optional<rules::SteadyTime> Permits::wakes_at(rules::SteadyTime now) const {
  if (pace_.may_take(now)) return std::nullopt;
  return pace_.next_at(now);
}

Permits::Deal Permits::deal(std::size_t places, const rules::Waiting& waiting) const {
  auto shares = shares_;
  Deal dealt;
  for (std::size_t i = 0; i < places; ++i) {
    const auto next = shares.next(waiting);
    if (!next) break;
    shares.sent(*next, waiting);
    ++dealt.of(*next);
  }
  return dealt;
}

void Permits::took(rules::SendClass which, const rules::Waiting& waiting, bool retry, rules::SteadyTime now) {
  pace_.take(now);
  shares_.sent(which, waiting);
  ++in_flight_;
  if (retry) ++retries_;
}

void Permits::gave_back(bool retry) {
  --in_flight_;
  if (retry) --retries_;
}

}  // namespace titip::delivery
