#include "tests/simulation/breaker_watch.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace titip::simulation {
namespace {

constexpr std::chrono::seconds window{10};
constexpr std::size_t least_calls = 5;

}  // namespace

BreakerWatch::Call BreakerWatch::began(clock::SteadyTime now, bool is_write, std::string who) {
  if (const auto since = std::exchange(idle_since_, std::nullopt))
    idle_ += std::chrono::duration_cast<std::chrono::milliseconds>(now - *since);
  ++calls_under_way_;
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
  const bool is_late = call.era != era_;
  if (--calls_under_way_ == 0) idle_since_ = now;
  const bool surely_counts = !failing_ && !is_late && writes_answered_ >= successes_to_end;
  const bool own = is_own_trouble(now, call, served, surely_counts);
  note_silence(now, call, served, surely_counts && !own);
  if (!failing_) return note(now, call, served, is_late, own);
  if (is_late) return;
  if (call.is_write) --writes_;
  if (!served) return trip(now, call.is_write);
  answered_ = true;
  if (call.is_write) ++writes_answered_;
  if (++successes_ < successes_to_end) return;
  failing_ = false;
  writes_ = 0;
}

// The gateway need not count who was not answered before, while nearly everybody else was, and is not again. Nor need
// it see an answer that came while it may have counted none.
bool BreakerWatch::is_own_trouble(clock::SteadyTime now, const Call& call, bool served, bool surely_counts) {
  if (!call.is_write) return false;
  if (served && surely_counts) in_trouble_.erase(call.who);
  if (served) return false;
  if (in_trouble_.contains(call.who)) return true;
  const auto answered =
      std::ranges::count_if(ended_, [&](const auto& each) { return each.served && each.at >= now - window; });
  if (answered >= answered_while_well) in_trouble_.insert(call.who);
  return false;
}

// Whether the gateway counts questions among the three answers is its own affair, and so is whether it has taken
// fright before. Until three writes in a row were answered after that it may count from anywhere: what it may have left
// out says nothing against the server, and all speaks for it. Nor is it sure of what began before: where it had taken
// none, that counts, and it may do so now.
void BreakerWatch::note(clock::SteadyTime now, const Call& call, bool served, bool is_late, bool own) {
  const bool surely_counted = writes_answered_ >= successes_to_end;
  if (served && call.is_write && !is_late) ++writes_answered_;
  const bool need_not_count = own || (is_late && !served);
  ended_.push_back({now, served, surely_counted && !need_not_count, call.who});
  while (ended_.front().at < now - window) ended_.pop_front();
  if (served) return;
  // What the gateway need not count makes it look at nothing either.
  const auto since = need_not_count ? std::nullopt : surely_failing().or_else([this] { return surely_silent(); });
  if (since) return trip(*since, false);
  if (surely_counted && !may_be_failing()) return;
  writes_answered_ = 0;
  ++era_;
}

// Whoever ends first after an answer is taken for one that began before it.
void BreakerWatch::note_silence(clock::SteadyTime now, const Call& call, bool served, bool surely_counted) {
  unanswered_.push_back(idle_);
  if (unanswered_.size() > least_calls) unanswered_.pop_front();
  if (served) {
    unanswered_.clear();
    silence_.clear();
    overtaken_ = calls_under_way_;
  } else if (overtaken_ > 0) {
    --overtaken_;
  } else if (!call.who.empty()) {
    silence_.push_back({now, idle_, surely_counted, call.who});
    if (silence_.size() > least_calls) silence_.pop_front();
  }
}

std::optional<clock::SteadyTime> BreakerWatch::surely_silent() const {
  if (ended_.size() >= least_calls) return std::nullopt;  // of ten seconds, and they did not say it
  if (silence_.size() < least_calls || silence_.back().idle - silence_.front().idle > window) return std::nullopt;
  const bool counted = std::ranges::all_of(silence_, &Silent::surely_counted);
  const bool of_two = std::ranges::any_of(silence_, [&](const auto& each) { return each.who != silence_.front().who; });
  return counted && of_two ? std::optional(silence_.front().at) : std::nullopt;
}

// Since when.
std::optional<clock::SteadyTime> BreakerWatch::surely_failing() const {
  const Ended* first = nullptr;
  std::size_t served = 0;
  std::size_t failed = 0;
  std::size_t counted = 0;
  bool of_two = false;
  for (const auto& each : ended_) {
    served += each.served ? 1 : 0;
    counted += each.surely_counted ? 1 : 0;
    if (each.served || !each.surely_counted) continue;
    ++failed;
    if (each.who.empty()) continue;
    if (first == nullptr) first = &each;
    of_two = of_two || each.who != first->who;
  }
  if (!of_two || counted < least_calls || failed < served) return std::nullopt;
  return first->at;
}

// Of what it may have left out, it may have left out any part.
bool BreakerWatch::may_be_failing() const {
  const bool sure = ended_.size() >= least_calls && std::ranges::all_of(ended_, &Ended::surely_counted);
  const bool silent = unanswered_.size() == least_calls && unanswered_.back() - unanswered_.front() <= window;
  if (silent && !sure) return true;  // where ten seconds hold too few that it counted
  std::size_t calls = 0;
  std::size_t failed = 0;
  for (auto each = ended_.rbegin(); each != ended_.rend(); ++each) {
    ++calls;
    failed += each->served ? 0 : 1;
    const auto before = std::next(each);
    const bool may_begin_here = before == ended_.rend() || !before->surely_counted;
    if (may_begin_here && calls >= least_calls && failed * 2 >= calls) return true;
  }
  return false;
}

void BreakerWatch::trip(clock::SteadyTime since, bool by_write) {
  if (!failing_) pause_ = pauses_.first;
  if (by_write) pause_ = std::min(pause_ * 2, pauses_.most);
  failing_ = true;
  answered_ = false;
  successes_ = writes_ = writes_answered_ = 0;
  not_before_ = since + (by_write ? pause_ : pauses_.first);
  ++era_;
  ended_.clear();
  silence_.clear();
}

}  // namespace titip::simulation
