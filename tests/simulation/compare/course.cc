#include "tests/simulation/compare/course.h"

#include <algorithm>

namespace titip::compare {
namespace {

Requests minus(const Requests& a, const Requests& b) {
  return {a.writes - b.writes, a.probes - b.probes, a.others - b.others, a.above_capacity - b.above_capacity};
}

}  // namespace

double p99(std::vector<double>& values) {
  if (values.empty()) return 0;
  const auto at = values.begin() + static_cast<std::ptrdiff_t>((values.size() - 1) * 99 / 100);
  std::ranges::nth_element(values, at);
  return *at;
}

double Figures::drain_ratio(double capacity) const {
  const auto work = backlog + accepted_meanwhile;
  if (drain_s <= 0 || work <= 0) return 0;
  return (drain_s * capacity - static_cast<double>(recovery.probes)) / work;
}

double Figures::refused_share() const {
  return recovery.all() > 0 ? static_cast<double>(recovery.above_capacity) / static_cast<double>(recovery.all()) : 0;
}

// Called with every change: what the world was like at the first one in the recovery is what it was at its beginning.
void Course::look(milliseconds at) {
  if (!weather_.outages || at < weather_.last_outage_ends() || emptied_at_) return;
  if (!at_recovery_) {
    at_recovery_ = server_.seen();
    backlog_ = pending();
    accepted_before_ = accepted_;
  }
  // What is on its way is no backlog: at most as much as comes in a second.
  if (static_cast<double>(pending()) > weather_.per_second) return;
  emptied_at_ = at;
  at_empty_ = server_.seen();
  accepted_at_empty_ = accepted_;
}

void Course::accepted(std::uint32_t record, milliseconds at, bool imported) {
  look(at);
  if (record >= accepted_at_.size()) {
    accepted_at_.resize(record + 1);
    delivered_at_.resize(record + 1);
    imported_.resize(record + 1);
  }
  accepted_at_[record] = static_cast<std::uint32_t>(at.count());
  imported_[record] = imported;
  if (server_.is_poison(record)) return;
  ++accepted_;
  peak_ = std::max(peak_, pending());
}

void Course::delivered(std::uint32_t record, milliseconds at) {
  delivered_at_[record] = std::max<std::uint32_t>(1, static_cast<std::uint32_t>(at.count()));
  ++delivered_;
  ended(record, at);
}

void Course::ended(std::uint32_t record, milliseconds at) {
  look(at);
  if (!server_.is_poison(record)) ++done_;
  look(at);
}

Figures Course::figures() const {
  Figures made;
  made.accepted = accepted_;
  made.delivered = delivered_;
  made.left = pending();
  made.duplicates = server_.duplicates();
  made.seen = server_.seen();
  made.peak_backlog = peak_;
  made.p99_s = p99_of([this](std::uint32_t record, milliseconds) { return !server_.is_poison(record); });
  made.others_p99_s = p99_of([this](std::uint32_t record, milliseconds at) {
    return !server_.is_poison(record) && !imported_[record] && at >= weather_.import_at;
  });
  if (!at_recovery_) return made;
  const auto begins = weather_.last_outage_ends();
  made.backlog = static_cast<double>(backlog_);
  made.recovery = minus(emptied_at_ ? at_empty_ : server_.seen(), *at_recovery_);
  if (!emptied_at_) return made;
  made.drain_s = std::chrono::duration<double>(*emptied_at_ - begins).count();
  made.accepted_meanwhile = static_cast<double>(accepted_at_empty_ - accepted_before_);
  std::vector<double> waits;
  for (std::uint32_t i = 0; i < accepted_at_.size(); ++i) {
    const milliseconds at(accepted_at_[i]);
    if (at < begins || at >= *emptied_at_ || server_.is_poison(i)) continue;
    // One that has not come yet has waited for as long as there was.
    waits.push_back(delivered_at_[i] > 0 ? static_cast<double>(delivered_at_[i] - accepted_at_[i]) / 1000.0 : 1e9);
  }
  made.fresh = waits.size();
  made.fresh_p99_s = p99(waits);
  if (!waits.empty()) made.fresh_max_s = *std::ranges::max_element(waits);
  return made;
}

}  // namespace titip::compare
