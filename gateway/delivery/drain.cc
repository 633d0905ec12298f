#include "gateway/delivery/drain.h"

#include <algorithm>
#include <bit>
#include <nlohmann/json.hpp>

namespace titip::delivery {
namespace {

using nlohmann::json;
using std::chrono::milliseconds;
using std::chrono::minutes;

constexpr std::uint32_t largest_sample = 64;  // bits of `last_`
constexpr int text_version = 1;

DrainPlan sane(DrainPlan plan) {
  plan.per_second = std::max(0.0, plan.per_second);
  plan.abort_share = std::clamp(plan.abort_share, 0.0, 1.0);
  plan.abort_sample = std::clamp(plan.abort_sample, 1U, largest_sample);
  return plan;
}

minutes minute_of_day(WallTime now, minutes utc_offset) {
  const auto local = now + utc_offset;
  return std::chrono::floor<minutes>(local - std::chrono::floor<std::chrono::days>(local));
}

std::int64_t number(WallTime at) {
  return at.time_since_epoch().count();
}
WallTime time_of(const json& value) {
  return WallTime(milliseconds(value.get<std::int64_t>()));
}

}  // namespace

std::string_view name(DrainState state) {
  switch (state) {
    case DrainState::canary:
      return "canary";
    case DrainState::running:
      return "running";
    case DrainState::paused:
      return "paused";
    case DrainState::aborted:
      return "aborted";
    case DrainState::done:
      return "done";
  }
  return "?";
}

Drain::Drain(DrainPlan plan, std::uint64_t of, WallTime now) : plan_(sane(plan)), of_(of), started_at_(now) {}

DrainState Drain::state(WallTime now) const {
  if (done_) return DrainState::done;
  if (aborted_) return DrainState::aborted;
  if (paused_ && (!paused_until_ || now < *paused_until_)) return DrainState::paused;
  if (in_daily_pause(now)) return DrainState::paused;
  return canary_over() ? DrainState::running : DrainState::canary;
}

bool Drain::in_daily_pause(WallTime now) const {
  if (!plan_.daily_pause) return false;
  const auto [from, until] = *plan_.daily_pause;
  const auto minute = minute_of_day(now, plan_.utc_offset);
  return from <= until ? minute >= from && minute < until : minute >= from || minute < until;
}

bool Drain::may_send(std::uint64_t in_flight, WallTime now) const {
  switch (state(now)) {
    case DrainState::canary:
      return results_ + in_flight < plan_.canary;
    case DrainState::running:
      return true;
    case DrainState::paused:
    case DrainState::aborted:
    case DrainState::done:
      return false;
  }
  return false;
}

std::optional<WallTime> Drain::wakes_at(WallTime now) const {
  if (state(now) != DrainState::paused) return std::nullopt;
  const bool by_person = paused_ && (!paused_until_ || now < *paused_until_);
  if (by_person && !paused_until_) return std::nullopt;
  WallTime at = by_person ? *paused_until_ : now;
  if (in_daily_pause(at)) {
    auto left = plan_.daily_pause->until - minute_of_day(at, plan_.utc_offset);
    if (left <= minutes(0)) left += std::chrono::days(1);
    at = std::chrono::floor<minutes>(at) + left;
  }
  return at;
}

void Drain::settled(DrainResult result, WallTime now) {
  const bool bad = result != DrainResult::delivered;
  delivered_ += result == DrainResult::delivered ? 1 : 0;
  rejected_ += result == DrainResult::rejected ? 1 : 0;
  unknown_ += result == DrainResult::unknown ? 1 : 0;
  ++results_;
  last_ = last_ << 1U | (bad ? 1U : 0U);
  last_size_ = std::min(last_size_ + 1, plan_.abort_sample);
  if (aborted_ || done_) return;
  const std::uint64_t counted = last_size_ == largest_sample ? ~0ULL : (1ULL << last_size_) - 1;
  const auto bad_ones = static_cast<std::uint32_t>(std::popcount(last_ & counted));
  // A verdict needs a full sample; at the canary's end, or at that of a short backlog, what there is.
  const bool enough = last_size_ == plan_.abort_sample || results_ == plan_.canary || settled_so_far() == of_;
  if (!enough || static_cast<double>(bad_ones) <= plan_.abort_share * static_cast<double>(last_size_)) return;
  if (paused_) stood_still_ += std::min(now, paused_until_.value_or(now)) - still_since_;
  paused_ = false;
  aborted_ = true;
  still_since_ = now;
  reason_ = words::said("{} of the last {} were rejected or are unknown", bad_ones, last_size_);
}

void Drain::resolved(std::optional<DrainResult> as, bool counted) {
  // After a restart what was counted may be behind.
  if (counted && unknown_ > 0) --unknown_;
  delivered_ += as == DrainResult::delivered ? 1 : 0;
  rejected_ += as == DrainResult::rejected ? 1 : 0;
}

void Drain::pause(std::string reason, std::optional<WallTime> until, WallTime now) {
  if (done_ || aborted_) return;
  if (paused_ && paused_until_ && *paused_until_ <= now) {  // that one is over
    stood_still_ += *paused_until_ - still_since_;
    paused_ = false;
  }
  if (!paused_) still_since_ = now;
  paused_ = true;
  paused_until_ = until;
  reason_ = words::verbatim(reason);
}

bool Drain::resume(WallTime now) {
  if (!paused_ && !aborted_) return false;
  const auto until = paused_ && paused_until_ ? std::min(now, *paused_until_) : now;
  stood_still_ += std::max(milliseconds(0), until - still_since_);
  paused_ = aborted_ = false;
  paused_until_.reset();
  reason_ = {};
  last_ = 0;
  last_size_ = 0;
  return true;
}

void Drain::nothing_left(WallTime now) {
  if (paused_ || aborted_) resume(now);
  done_ = true;
}

milliseconds Drain::sending_for(WallTime now) const {
  auto still = stood_still_;
  if (paused_ || aborted_) {
    const auto until = paused_ && paused_until_ ? std::min(now, *paused_until_) : now;
    still += std::max(milliseconds(0), until - still_since_);
  }
  return std::max(milliseconds(0), now - started_at_ - still);
}

std::optional<std::chrono::seconds> Drain::eta(WallTime now) const {
  if (done_) return std::chrono::seconds(0);
  const DrainState at = state(now);
  if (at == DrainState::paused || at == DrainState::aborted) return std::nullopt;
  const double seconds = std::chrono::duration<double>(sending_for(now)).count();
  const auto settled = settled_so_far();
  if (settled == 0 || seconds <= 0) return std::nullopt;
  double rate = static_cast<double>(settled) / seconds;
  if (plan_.per_second > 0) rate = std::min(rate, plan_.per_second);
  const auto left = of_ > settled ? of_ - settled : 0;
  return std::chrono::seconds(static_cast<std::int64_t>(static_cast<double>(left) / rate + 0.5));
}

std::optional<std::chrono::seconds> estimate(const DrainPlan& plan, std::uint64_t records) {
  if (plan.per_second <= 0) return std::nullopt;
  double seconds = static_cast<double>(records) / plan.per_second;
  if (plan.daily_pause) {
    constexpr minutes day = std::chrono::days(1);
    const auto [from, until] = *plan.daily_pause;
    const auto still = from <= until ? until - from : day - from + until;
    if (still < day) seconds *= static_cast<double>(day.count()) / static_cast<double>((day - still).count());
  }
  return std::chrono::seconds(static_cast<std::int64_t>(std::min(seconds, 1e12) + 0.5));
}

std::string Drain::encode() const {
  json text{{"version", text_version},
            {"canary", plan_.canary},
            {"per_second", plan_.per_second},
            {"abort_share", plan_.abort_share},
            {"abort_sample", plan_.abort_sample},
            {"utc_offset_min", plan_.utc_offset.count()},
            {"of", of_},
            {"started_at_ms", number(started_at_)},
            {"delivered", delivered_},
            {"rejected", rejected_},
            {"unknown", unknown_},
            {"results", results_},
            {"last", last_},
            {"last_size", last_size_},
            {"paused", paused_},
            {"aborted", aborted_},
            {"done", done_},
            {"reason", reason_.english()},
            {"reason_id", reason_.in(words::Language::id)},
            {"stood_still_ms", stood_still_.count()},
            {"still_since_ms", number(still_since_)}};
  if (plan_.daily_pause) {
    text["daily_pause_min"] = {plan_.daily_pause->from.count(), plan_.daily_pause->until.count()};
  }
  if (paused_until_) text["paused_until_ms"] = number(*paused_until_);
  return text.dump(-1, ' ', false, json::error_handler_t::replace);
}

std::expected<Drain, words::Said> Drain::decode(std::string_view bytes) {
  const auto text = json::parse(bytes, nullptr, false);
  if (text.is_discarded() || !text.is_object()) return std::unexpected(words::said("the drain's record is not JSON"));
  if (text.value("version", 0) != text_version) {
    return std::unexpected(
        words::said("the drain's record has version {}, this Titip knows {}", text.value("version", 0), text_version));
  }
  try {
    DrainPlan plan{.canary = text.at("canary"),
                   .per_second = text.at("per_second"),
                   .abort_share = text.at("abort_share"),
                   .abort_sample = text.at("abort_sample"),
                   .utc_offset = minutes(text.at("utc_offset_min").get<int>())};
    if (text.contains("daily_pause_min")) {
      const auto& pause = text.at("daily_pause_min");
      plan.daily_pause = DailyPause{minutes(pause.at(0).get<int>()), minutes(pause.at(1).get<int>())};
    }
    Drain drain(plan, text.at("of"), time_of(text.at("started_at_ms")));
    drain.delivered_ = text.at("delivered");
    drain.rejected_ = text.at("rejected");
    drain.unknown_ = text.at("unknown");
    drain.results_ = text.at("results");
    drain.last_ = text.at("last");
    drain.last_size_ = std::min(text.at("last_size").get<std::uint32_t>(), drain.plan_.abort_sample);
    drain.paused_ = text.at("paused");
    drain.aborted_ = text.at("aborted");
    drain.done_ = text.at("done");
    // A version of before there were both wrote the one alone.
    const std::string reason = text.at("reason");
    drain.reason_ = {reason, text.value("reason_id", reason)};
    drain.stood_still_ = milliseconds(text.at("stood_still_ms").get<std::int64_t>());
    drain.still_since_ = time_of(text.at("still_since_ms"));
    if (text.contains("paused_until_ms")) drain.paused_until_ = time_of(text.at("paused_until_ms"));
    return drain;
  } catch (const json::exception& error) {
    return std::unexpected(words::said("the drain's record is damaged: {}", error.what()));
  }
}

}  // namespace titip::delivery
