#include "tests/simulation/compare/server.h"

#include <algorithm>
#include <limits>

namespace titip::compare {

Server::Server(const Weather& weather) : weather_(weather), random_(weather.seed, 21) {}

double Server::lot(std::uint32_t record) const {
  std::uint64_t state = weather_.seed * 0x9E3779B97F4A7C15U + record;
  return static_cast<double>(sampler::splitmix64(state) >> 11U) * 0x1.0p-53;
}

milliseconds Server::latency() {
  return milliseconds(
      random_.between(static_cast<std::uint32_t>(fastest.count()), static_cast<std::uint32_t>(slowest.count())));
}

void Server::apply(std::uint32_t record) {
  if (record >= ledger_.size()) ledger_.resize(record + 1);
  auto& times = ledger_[record];
  if (times < std::numeric_limits<std::uint16_t>::max()) ++times;
}

std::uint64_t Server::duplicates() const {
  std::uint64_t more = 0;
  for (const auto times : ledger_) more += times > 1 ? times - 1U : 0U;
  return more;
}

bool Server::is_above_capacity(milliseconds now) {
  const auto second = now.count() / 1'000;
  if (second != second_) in_second_ = 0;
  second_ = second;
  return ++in_second_ > weather_.capacity;
}

Reaction Server::arrive(Call call, std::uint32_t record, milliseconds now) {
  ++(call == Call::write ? seen_.writes : call == Call::probe ? seen_.probes : seen_.others);
  if (weather_.is_down(now)) return fail(call, record);
  if (is_above_capacity(now)) {
    ++seen_.above_capacity;
    return {Fate::above_capacity, refusal_takes};
  }
  if (call == Call::write && is_poison(record)) {
    if (is_rejected(record)) return {Fate::rejected, latency()};
    return {Fate::hangs, time_out};
  }
  if (call == Call::write) apply(record);
  return {Fate::served, latency()};
}

Reaction Server::fail(Call call, std::uint32_t record) {
  const auto dice = random_.below(100);
  if (dice < 40) return {Fate::connect_refused, milliseconds(1)};
  if (dice < 50) {
    if (call == Call::write && !is_poison(record)) apply(record);
    return {Fate::reply_lost, latency()};
  }
  if (dice < 75) return {Fate::hangs, time_out};
  return {Fate::error, latency()};
}

}  // namespace titip::compare
