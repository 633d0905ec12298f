#include "tests/capacity/pace.h"

#include <algorithm>

namespace titip::capacity {
namespace {

constexpr std::uint64_t short_slice = 40'000;
constexpr std::size_t short_pieces = 8;

}  // namespace

PacePlan plan_pace(std::uint64_t all) {
  if (all >= long_run) return {.warm_up = 0, .measured = all, .slice = all / 20, .pieces = 1};
  PacePlan plan;
  plan.warm_up = std::min<std::uint64_t>(all / 4, 50'000);
  plan.measured = all - plan.warm_up;
  plan.slice = std::min(short_slice, plan.measured / 4);
  plan.pieces = short_pieces;
  return plan;
}

Pace::Pace(PacePlan plan)
    : tenths_(plan.warm_up, plan.measured, 10),
      first_(plan.warm_up, plan.slice, plan.pieces),
      last_(plan.warm_up + plan.measured - plan.slice, plan.slice, plan.pieces) {}

bool Pace::Stretch::reached(Mark here) {
  // Many may be done at once: the pieces in between are empty then, and count for nothing.
  bool any = false;
  for (; !is_over() && here.done >= from_ + length_ * marks_.size() / parts_; any = true) marks_.push_back(here);
  return any;
}

std::optional<double> Pace::rate_between(const Mark& from, const Mark& to) {
  if (to.at <= from.at || to.done <= from.done) return std::nullopt;
  return static_cast<double>(to.done - from.done) / std::chrono::duration<double>(to.at - from.at).count();
}

std::optional<double> Pace::Stretch::rate() const {
  if (!is_over()) return std::nullopt;
  struct Piece {
    double done, seconds;
    double pace() const { return done / seconds; }
  };
  std::vector<Piece> pieces;
  for (std::size_t i = 0; i + 1 < marks_.size(); ++i) {
    if (!rate_between(marks_[i], marks_[i + 1])) continue;
    const std::chrono::duration<double> took = marks_[i + 1].at - marks_[i].at;
    pieces.push_back({static_cast<double>(marks_[i + 1].done - marks_[i].done), took.count()});
  }
  if (pieces.empty()) return std::nullopt;
  std::ranges::sort(pieces, {}, &Piece::pace);
  const std::size_t left_out = pieces.size() > 2 ? 1 : 0;
  Piece all{0, 0};
  for (std::size_t i = left_out; i + left_out < pieces.size(); ++i) {
    all.done += pieces[i].done;
    all.seconds += pieces[i].seconds;
  }
  return all.pace();
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
  const auto first = first_.rate();
  const auto last = last_.rate();
  if (!first || !last) return std::nullopt;
  return *last / *first;
}

}  // namespace titip::capacity
