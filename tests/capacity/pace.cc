#include "tests/capacity/pace.h"

#include <algorithm>

namespace titip::capacity {
namespace {

constexpr std::uint64_t long_slice = 100'000;

}  // namespace

PacePlan plan_pace(std::uint64_t all) {
  PacePlan plan;
  plan.warm_up = std::min<std::uint64_t>(all / 4, 50'000);
  plan.measured = all - plan.warm_up;
  plan.slice = std::min(std::max<std::uint64_t>(plan.measured / 20, 40'000), plan.measured / 4);
  plan.pieces = plan.slice < long_slice ? 8 : 1;
  return plan;
}

Pace::Pace(PacePlan plan)
    : tenths_(plan.warm_up, plan.measured, 10),
      first_(plan.warm_up, plan.slice, plan.pieces),
      last_(plan.warm_up + plan.measured - plan.slice, plan.slice, plan.pieces) {}

bool Pace::Stretch::reached(Mark here) {
  if (is_over() || here.done < from_ + length_ * marks_.size() / parts_) return false;
  marks_.push_back(here);
  return true;
}

std::optional<double> Pace::rate_between(const Mark& from, const Mark& to) {
  if (to.at <= from.at || to.done <= from.done) return std::nullopt;
  return static_cast<double>(to.done - from.done) / std::chrono::duration<double>(to.at - from.at).count();
}

std::optional<double> Pace::Stretch::median_rate() const {
  if (!is_over()) return std::nullopt;
  std::vector<double> rates;
  for (std::size_t i = 0; i + 1 < marks_.size(); ++i)
    if (const auto rate = rate_between(marks_[i], marks_[i + 1])) rates.push_back(*rate);
  if (rates.empty()) return std::nullopt;
  std::ranges::sort(rates);
  return (rates[(rates.size() - 1) / 2] + rates[rates.size() / 2]) / 2;
}

std::optional<Pace::Tenth> Pace::reached(std::uint64_t done, SteadyTime now) {
  const Mark here{done, now};
  first_.reached(here);
  last_.reached(here);
  if (!tenths_.reached(here) || tenths_.marks().size() < 2) return std::nullopt;
  const auto& marks = tenths_.marks();
  return Tenth{static_cast<int>(marks.size()) - 1, rate_between(marks[marks.size() - 2], marks.back()).value_or(0)};
}

std::optional<double> Pace::rate() const {
  return is_over() ? rate_between(tenths_.marks().front(), tenths_.marks().back()) : std::nullopt;
}

std::optional<double> Pace::ratio() const {
  const auto first = first_.median_rate();
  const auto last = last_.median_rate();
  if (!first || !last) return std::nullopt;
  return *last / *first;
}

}  // namespace titip::capacity
