#include "upstream/rules/window.h"

#include <algorithm>

namespace titip::rules {

Window::Window(WindowOptions options)
    : options_{.initial = std::max(1U, options.initial),
               .cap = std::max({1U, options.initial, options.cap}),
               .decrease = std::clamp(options.decrease, 0.1, 0.99)},
      size_(options_.initial),
      slow_start_below_(options_.cap),
      peak_(size_) {}

std::uint32_t Window::size() const {
  return refused_.places(size_);
}

void Window::served(std::uint32_t in_flight, std::chrono::milliseconds, SteadyTime) {
  const bool used = size() < in_flight + options_.initial;
  refused_.served();
  if (!used) {
    return;
  }
  slow_start_ = slow_start_ && size_ < slow_start_below_;
  size_ += slow_start_ ? 1.0 : refused_.growth(size_, 1.0 / size_);
  size_ = std::min(size_, static_cast<double>(options_.cap));
  peak_ = std::max(peak_, size_);
}

void Window::not_served(std::uint32_t in_flight, bool refused, SteadyTime) {
  if (refused && !refused_.refused(in_flight, size_)) {
    return;
  }
  if (!refused) {
    refused_.failed();
  }
  if (slow_start_) {
    slow_start_ = false;
    size_ /= 2.0;
  } else if (refused) {
    size_ = std::min(size_ * options_.decrease, size_ - 0.5);
  } else {
    size_ -= 1.0 / size_;
  }
  size_ = std::max(size_, 1.0);
}

void Window::restart() {
  // An outage at the very start says little about what the destination bears, so what is known fades only by halves.
  slow_start_below_ = std::max({static_cast<double>(options_.initial), slow_start_below_ / 2.0, peak_ / 2.0});
  size_ = options_.initial;
  peak_ = size_;
  slow_start_ = true;
  refused_.forget();
}

}  // namespace titip::rules
