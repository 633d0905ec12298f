#include "tests/capacity/slowing.h"

#include <thread>

namespace titip::capacity {
namespace {

using namespace std::chrono_literals;

// Shorter sleeps are mostly the kernel's own delay.
constexpr auto worth_sleeping = 1ms;

}  // namespace

void Slowing::wait(std::uint64_t done) {
  if (strength_ <= 0) return;
  const auto now = std::chrono::steady_clock::now();
  if (!worked_from_) worked_from_ = now;
  const double share = static_cast<double>(done) / static_cast<double>(all_);
  const std::chrono::duration<double> worked = now - *worked_from_;
  const auto sleep = worked * (strength_ * share * share);
  if (sleep < worth_sleeping) return;
  std::this_thread::sleep_for(sleep);
  worked_from_ = std::chrono::steady_clock::now();
}

}  // namespace titip::capacity
