#include <algorithm>

#include "metrics/catalogue.h"
#include "metrics/words/said.h"

namespace titip::metrics {
namespace {

constexpr Definition queue{"titip_queue_submissions", words::text("Submissions in custody, by state.")};
constexpr Definition queue_bytes{"titip_queue_bytes",
                                 words::text("Payload bytes of submissions that are not terminal.")};
constexpr Definition oldest{
    "titip_queue_oldest_accepted_timestamp_seconds",
    words::text("Acceptance of the oldest record that is not terminal, to the minute; absent if none is.")};
constexpr Definition by_age{"titip_queue_submissions_by_age",
                            words::text("Records that are not terminal, by age: up to this and above the one before.")};
constexpr Definition need_attention{"titip_needs_attention_unseen",
                                    words::text("Rejected, expired or held records that nobody has dealt with.")};
constexpr Definition ledger{
    "titip_ledger_difference",
    words::text("Accepted against all states, and counts against records: anything but 0 is a defect.")};
constexpr Definition gated{"titip_destination_gated",
                           words::text("1 while a gate keeps the destination from sending.")};

}  // namespace

QueueProbes::QueueProbes(Registry& registry, const std::string& destination)
    : bytes(registry.gauge(queue_bytes, {{"destination", destination}})),
      ledger_difference(registry.gauge(ledger, {{"destination", destination}})),
      needs_attention(registry.gauge(need_attention, {{"destination", destination}})),
      gated(registry.gauge(metrics::gated, {{"destination", destination}})),
      registry_(registry),
      destination_(destination),
      oldest_(registry.optional_gauge(oldest, {{"destination", destination}})) {
  submissions("queued", 0);
  for (const auto minutes : age_bounds)
    by_age_.push_back(
        registry.gauge(by_age, {{"destination", destination}, {"age", std::to_string(minutes.count()) + "m"}}));
  by_age_.push_back(registry.gauge(by_age, {{"destination", destination}, {"age", "+Inf"}}));
}

// One turn for each minute in which anything was accepted that still waits, however many that is.
void QueueProbes::ages(const std::map<std::int64_t, std::uint64_t>& pending_by_minute,
                       std::chrono::sys_time<std::chrono::milliseconds> now) {
  std::vector<std::uint64_t> counts(by_age_.size(), 0);
  const auto this_minute = std::chrono::floor<std::chrono::minutes>(now).time_since_epoch();
  for (const auto& [minute, count] : pending_by_minute) {
    const auto age = this_minute - std::chrono::minutes(minute);
    const auto bound = std::ranges::lower_bound(age_bounds, age);
    counts[static_cast<std::size_t>(bound - age_bounds.begin())] += count;
  }
  for (std::size_t at = 0; at < counts.size(); ++at) by_age_[at].set(static_cast<double>(counts[at]));
  if (pending_by_minute.empty()) return oldest_.clear();
  oldest_.set(60.0 * static_cast<double>(pending_by_minute.begin()->first));
}

void QueueProbes::submissions(std::string_view state, std::uint64_t count) {
  auto found = by_state_.find(state);
  if (found == by_state_.end()) {
    found = by_state_
                .emplace(std::string(state),
                         registry_.gauge(queue, {{"destination", destination_}, {"state", std::string(state)}}))
                .first;
  }
  found->second.set(static_cast<double>(count));
}

}  // namespace titip::metrics
