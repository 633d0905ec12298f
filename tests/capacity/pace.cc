#include "tests/capacity/pace.h"

#include <algorithm>

namespace titip::capacity {

PacePlan plan_pace(std::uint64_t all) {
  PacePlan plan;
  plan.warm_up = std::min<std::uint64_t>(all / 4, 50'000);
  plan.measured = all - plan.warm_up;
  plan.slice = std::min(std::max<std::uint64_t>(plan.measured / 20, 40'000), plan.measured / 4);
  return plan;
}

std::optional<double> Pace::rate_between(const std::optional<Mark>& from, const std::optional<Mark>& to) {
  if (!from || !to || to->at <= from->at || to->done <= from->done) return std::nullopt;
  return static_cast<double>(to->done - from->done) / std::chrono::duration<double>(to->at - from->at).count();
}

std::optional<Pace::Tenth> Pace::reached(std::uint64_t done, SteadyTime now) {
  const auto mark = [&](std::optional<Mark>& place, std::uint64_t at_least) {
    if (!place && done >= at_least) place = Mark{done, now};
  };
  mark(begin_, plan_.warm_up);
  mark(tenth_begin_, plan_.warm_up);
  mark(first_slice_end_, plan_.warm_up + plan_.slice);
  mark(last_slice_begin_, plan_.warm_up + plan_.measured - plan_.slice);
  mark(end_, plan_.warm_up + plan_.measured);
  if (tenths_ == 10 || done < plan_.warm_up + plan_.measured * static_cast<std::uint64_t>(tenths_ + 1) / 10)
    return std::nullopt;
  const std::optional<Mark> here = Mark{done, now};
  Tenth tenth{++tenths_, rate_between(tenth_begin_, here).value_or(0)};
  tenth_begin_ = here;
  return tenth;
}

std::optional<double> Pace::rate() const {
  return rate_between(begin_, end_);
}

std::optional<double> Pace::ratio() const {
  const auto first = rate_between(begin_, first_slice_end_);
  const auto last = rate_between(last_slice_begin_, end_);
  if (!first || !last) return std::nullopt;
  return *last / *first;
}

}  // namespace titip::capacity
