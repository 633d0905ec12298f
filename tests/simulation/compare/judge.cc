#include "tests/simulation/compare/judge.h"

#include <fmt/format.h>

namespace titip::compare {
namespace {

class Goals {
 public:
  void at_most(std::string_view what, double value, double most) {
    if (!(value <= most)) missed_.push_back(fmt::format("{}: {:.4g}, {:.4g} at most", what, value, most));
  }
  void at_least(std::string_view what, double value, double least) {
    if (!(value >= least)) missed_.push_back(fmt::format("{}: {:.4g}, {:.4g} at least", what, value, least));
  }
  std::vector<std::string> missed() && { return std::move(missed_); }

 private:
  std::vector<std::string> missed_;
};

double of(std::uint64_t count) {
  return static_cast<double>(count);
}

}  // namespace

std::vector<std::string> missed_on_the_weather(const Figures& f, double capacity) {
  Goals goals;
  goals.at_most("duplicates", of(f.duplicates), 0);
  goals.at_most("not delivered at the end", of(f.left + f.held), 0);
  goals.at_most("writes for each delivered record", f.writes_per_delivered(), most_writes);
  goals.at_most("probes for each delivered record", f.probes_per_delivered(), most_probes);
  goals.at_least("seconds the drain took", f.drain_s, 1);
  goals.at_most("drain against capacity", f.drain_ratio(capacity), longest_drain);
  goals.at_least("fresh records during the drain", of(f.fresh), of(fewest_fresh));
  goals.at_most("p99 wait of a fresh record during the drain, s", f.fresh_p99_s, longest_wait_s);
  goals.at_most("refused requests during the drain", f.refused_share(), most_refused);
  return std::move(goals).missed();
}

std::vector<std::string> missed_beside_it(const std::map<std::string, Figures>& all) {
  Goals goals;
  for (const auto& [with, without] : {std::pair("poison", "clean"), std::pair("calm-poison", "calm")}) {
    const auto& sick = all.at(with);
    const auto& well = all.at(without);
    goals.at_least(fmt::format("{}: poison records that came", with), of(well.accepted - sick.accepted), 1);
    goals.at_most(fmt::format("{}: p99 of the others, s", with), sick.p99_s, well.p99_s * poison_may_cost);
    goals.at_most(fmt::format("{}: times the breaker opened", with), of(sick.breaker_opened), of(well.breaker_opened));
    goals.at_most(fmt::format("{}: duplicates and others not delivered", with),
                  of(sick.duplicates + sick.left + sick.held), 0);
  }
  const auto& import = all.at("import");
  goals.at_most("import: p99 of the other facilities, s", import.others_p99_s,
                all.at("no-import").others_p99_s + import_may_cost_s);
  goals.at_most("import: duplicates and not delivered", of(import.duplicates + import.left + import.held), 0);
  const auto& small = all.at("small-backlog");
  const auto& large = all.at("large-backlog");
  goals.at_least("memory: the store grew with the backlog, times", of(large.store_bytes), 5.0 * of(small.store_bytes));
  goals.at_least("memory: bytes of the gateway that were counted", of(small.gateway_bytes), 1);
  goals.at_most("memory: heap of the gateway, bytes", of(large.gateway_bytes), heap_may_grow * of(small.gateway_bytes));
  for (const auto* name : {"fixed", "exponential", "breaker"})
    goals.at_least(fmt::format("{}: duplicates, for the weather has teeth", name), of(all.at(name).duplicates), 1);
  return std::move(goals).missed();
}

}  // namespace titip::compare
