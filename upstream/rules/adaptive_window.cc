#include "upstream/rules/adaptive_window.h"

#include <algorithm>
#include <cmath>

namespace titip::rules {

AdaptiveWindow::AdaptiveWindow(AdaptiveWindowOptions options) : options_(options) {
  options_.initial = std::max(1U, options_.initial);
  options_.cap = std::max(options_.initial, options_.cap);
  options_.decrease = std::clamp(options_.decrease, 0.1, 0.99);
  options_.smoothing = std::clamp(options_.smoothing, 0.01, 1.0);
  size_ = options_.initial;
  peak_ = size_;
}

std::uint32_t AdaptiveWindow::size() const {
  return refused_.places(size_);
}

void AdaptiveWindow::served(std::uint32_t in_flight, std::chrono::milliseconds round_trip, SteadyTime now) {
  if (since_ == SteadyTime{}) since_ = now;
  used_ = used_ || in_flight >= size();
  refused_.served();
  sum_ms_ += static_cast<double>(round_trip.count());
  ++round_trips_;
  if (size_ < slow_start_below_ && used_ && !failed_) {
    size_ = std::min({size_ + 1.0, slow_start_below_, static_cast<double>(options_.cap)});
    peak_ = std::max(peak_, size_);
  }
  decide(now);
}

void AdaptiveWindow::not_served(std::uint32_t in_flight, bool refused, SteadyTime now) {
  if (since_ == SteadyTime{}) since_ = now;
  if (refused) {
    failed_ = refused_.refused(in_flight, size_) || failed_;
  } else {
    refused_.failed();
    failed_ = true;
  }
  decide(now);
}

void AdaptiveWindow::decide(SteadyTime now) {
  // One decision per mean round trip; before there is one, every call decides.
  if (mean_ms_ > 0 && now - since_ < std::chrono::duration<double, std::milli>(mean_ms_)) return;
  const double current_ms = round_trips_ > 0 ? sum_ms_ / round_trips_ : 0;
  const bool slow = round_trips_ > 0 && mean_ms_ > 0 &&
                    current_ms > mean_ms_ + options_.deviations * std::sqrt(variance_) && current_ms > mean_ms_ * 1.05;
  if (failed_ || slow) {
    shrink();
  } else if (used_ && size_ >= slow_start_below_) {
    const double grown = refused_.is_near(size_) ? refused_.growth(size_, 1.0) * round_trips_ : 1.0;
    size_ = std::min(size_ + std::min(1.0, grown), static_cast<double>(options_.cap));
    peak_ = std::max(peak_, size_);
  }
  if (round_trips_ > 0) {
    const double step = current_ms - mean_ms_;
    const double weight = mean_ms_ > 0 ? options_.smoothing : 1.0;
    mean_ms_ += weight * step;
    variance_ = mean_ms_ > 0 && weight < 1.0 ? (1.0 - weight) * (variance_ + weight * step * step) : 0.0;
    mean_ms_ = std::max(mean_ms_, 0.001);
  }
  since_ = now;
  used_ = failed_ = false;
  sum_ms_ = 0;
  round_trips_ = 0;
}

void AdaptiveWindow::shrink() {
  size_ = std::max(1.0, std::floor(size_ * options_.decrease));
  slow_start_below_ = std::min(slow_start_below_, size_);
}

void AdaptiveWindow::restart() {
  slow_start_below_ = std::max({static_cast<double>(options_.initial), slow_start_below_ / 2.0, peak_ / 2.0});
  size_ = options_.initial;
  peak_ = size_;
  refused_.forget();
  since_ = SteadyTime{};
  used_ = failed_ = false;
  sum_ms_ = 0;
  round_trips_ = 0;
}

}  // namespace titip::rules
