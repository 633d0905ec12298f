#include "gateway/clock/buckets.h"

#include <algorithm>
#include <functional>
#include <random>

namespace titip::clock {
namespace {

std::uint64_t random_salt() {
  std::random_device device;
  return (std::uint64_t{device()} << 32U) | device();
}

SteadyTime at(std::int64_t ns) {
  return SteadyTime(std::chrono::nanoseconds(ns));
}

}  // namespace

Pace Pace::per_second(std::uint32_t tokens, std::uint32_t burst) {
  return {tokens == 0 ? std::chrono::nanoseconds(0) : std::chrono::nanoseconds(std::chrono::seconds(1)) / tokens,
          burst};
}

Pace::Taken Pace::take(SteadyTime full_at, SteadyTime now) const {
  if (each.count() <= 0) return {now, true, burst, {}};
  full_at = std::max(full_at, now);
  const auto whole = each * std::max(burst, 1U);
  const std::chrono::nanoseconds missing = full_at + each - now;
  if (missing > whole) return {full_at, false, 0, missing - whole};
  return {full_at + each, true, static_cast<std::uint32_t>((whole - missing) / each), {}};
}

Buckets::Buckets(Pace pace, std::size_t count)
    : pace_(pace),
      count_(std::max<std::size_t>(count, 1)),
      salt_(random_salt()),
      full_at_(std::make_unique<std::atomic<std::int64_t>[]>(count_)) {}

std::optional<std::chrono::nanoseconds> Buckets::take(Whom whom, SteadyTime now) {
  auto& bucket = full_at_[place(whom)];
  for (auto was = bucket.load(std::memory_order_relaxed);;) {
    const auto taken = pace_.take(at(was), now);
    if (!taken.given) return taken.wait;
    const std::int64_t is = taken.full_at.time_since_epoch().count();
    if (bucket.compare_exchange_weak(was, is, std::memory_order_relaxed)) return std::nullopt;
  }
}

bool Buckets::is_empty(Whom whom, SteadyTime now) const {
  return !pace_.take(at(full_at_[place(whom)].load(std::memory_order_relaxed)), now).given;
}

std::size_t Buckets::place(Whom whom) const {
  const std::hash<std::string_view> hash;
  std::uint64_t mixed = salt_;
  for (const auto part : whom) mixed = (mixed ^ hash(part)) * 0x9e3779b97f4a7c15U;
  return (mixed >> 32U) % count_;
}

}  // namespace titip::clock
