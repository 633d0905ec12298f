#include "tests/simulation/breaker_watch.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace titip::simulation {
namespace {

constexpr std::chrono::seconds window{10};
constexpr std::size_t least_calls = 5;
constexpr std::uint32_t successes_to_end = 3;

}  // namespace

BreakerWatch::Call BreakerWatch::began(bool is_write, std::string who) {
  if (failing_ && is_write) ++writes_;
  return {is_write, std::move(who), era_};
}

std::optional<std::string> BreakerWatch::objection(clock::SteadyTime now) const {
  if (!failing_) return std::nullopt;
  if (now < not_before_)
    return fmt::format("{} ms too early after the server failed everybody",
                       std::chrono::duration_cast<std::chrono::milliseconds>(not_before_ - now).count());
  if (!answered_) return "though the server has answered nobody since it failed everybody";
  if (writes_ > 0) return "beside another, though the server has only just begun to answer";
  return std::nullopt;
}

void BreakerWatch::ended(clock::SteadyTime now, const Call& call, bool served) {
  if (call.era != era_) return;
  if (!failing_) return note(now, call, served);
  if (call.is_write) --writes_;
  if (!served) return trip(now, call.is_write);
  answered_ = true;
  if (++successes_ < successes_to_end) return;
  failing_ = false;
  writes_ = 0;
  ++era_;
}

void BreakerWatch::note(clock::SteadyTime now, const Call& call, bool served) {
  ended_.push_back({now, served, call.who});
  while (ended_.front().at < now - window) ended_.pop_front();
  if (served || ended_.size() < least_calls) return;
  const Ended* first = nullptr;
  std::size_t failed = 0;
  bool of_two = false;
  for (const auto& each : ended_) {
    if (each.served) continue;
    ++failed;
    if (each.who.empty()) continue;
    if (first == nullptr) first = &each;
    of_two = of_two || each.who != first->who;
  }
  if (of_two && failed * 2 >= ended_.size()) trip(first->at, false);
}

void BreakerWatch::trip(clock::SteadyTime since, bool by_write) {
  if (!failing_) pause_ = pauses_.first;
  if (by_write) pause_ = std::min(pause_ * 2, pauses_.most);
  failing_ = true;
  answered_ = false;
  successes_ = writes_ = 0;
  not_before_ = since + (by_write ? pause_ : pauses_.first);
  ++era_;
  ended_.clear();
}

}  // namespace titip::simulation
