#include "tests/simulation/weather.h"

#include <algorithm>

namespace titip::simulation {
namespace {

using std::chrono::hours;
using std::chrono::minutes;

//                                                serve refus lose  hang  late  page  appl  html  busy  unav  login
//                                                needs
constexpr Odds calm{"calm", {10000}};
constexpr Odds fair{"fair", {9930, 10, 12, 8, 8, 8, 4, 2, 4, 2, 8, 4}};
constexpr Odds uneasy{"uneasy", {9300, 100, 150, 80, 80, 80, 60, 40, 30, 20, 30, 30}};
constexpr Odds flaky{"flaky", {6000, 800, 800, 600, 600, 500, 400, 200, 50, 20, 10, 20}};
constexpr Odds down{"down", {0, 4000, 1000, 1500, 1000, 1500, 500, 500, 0, 0, 0, 0}};
constexpr Odds refusing{"refusing", {0, 10000}};
constexpr Odds silent{"silent", {0, 0, 500, 7500, 2000}};
constexpr Odds pages{"error pages", {0, 0, 0, 0, 0, 8000, 500, 1500}};
constexpr Odds busy{"busy", {3000, 0, 0, 0, 0, 0, 0, 0, 5500, 1500}};
constexpr Odds forgetful{"log-ins are forgotten", {6000, 0, 100, 0, 0, 0, 0, 0, 0, 0, 3900, 0}};
constexpr Odds stubborn{"sees no registrations", {7000, 0, 100, 0, 0, 0, 0, 0, 0, 0, 0, 2900}};
constexpr std::array bad{&uneasy,   &flaky,    &flaky,  &down,  &down, &down,      &down,
                         &refusing, &refusing, &silent, &pages, &busy, &forgetful, &stubborn};

}  // namespace

std::string_view name(Fate fate) {
  constexpr std::array<std::string_view, fate_count> names{"served",
                                                           "refused",
                                                           "applied, reply lost",
                                                           "hangs",
                                                           "hangs, applied late",
                                                           "503 page",
                                                           "502, applied",
                                                           "HTML 200",
                                                           "429",
                                                           "503 with Retry-After",
                                                           "log-in expired",
                                                           "needs registration"};
  return names[static_cast<std::size_t>(fate)];
}

Fate Odds::draw(sampler::Random& random) const {
  auto dice = random.below(10'000);
  for (std::size_t i = 0; i < fate_count; ++i) {
    if (dice < of[i]) return static_cast<Fate>(i);
    dice -= of[i];
  }
  return Fate::serve;
}

Weather::Weather(sampler::Random& random, milliseconds last_fault)
    : last_fault_(last_fault), usual_(random.chance(0.5) ? &fair : &uneasy) {
  // Some days it is an hour up and then dead again; on others a few outages of any length.
  const bool in_turns = random.chance(0.2);
  milliseconds at = minutes(random.between(1, 120));
  while (at < last_fault) {
    const milliseconds lasts = in_turns             ? minutes(random.between(30, 180))
                               : random.chance(0.5) ? minutes(random.between(1, 15))
                                                    : minutes(random.between(10, 240));
    const auto* odds = bad[random.below(bad.size())];
    spells_.push_back({at, std::min(at + lasts, last_fault), odds});
    at += lasts + (in_turns ? minutes(60) : minutes(random.between(10, 300)));
  }
}

const Odds& Weather::at(milliseconds time) const {
  if (time >= last_fault_) return calm;
  for (const auto& spell : spells_)
    if (time >= spell.from && time < spell.until) return *spell.odds;
  return *usual_;
}

}  // namespace titip::simulation
