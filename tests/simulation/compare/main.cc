// titip_compare: Titip's delivery, with either window, beside what a hospital's program does by itself, on one and the
// same weather; poison, an import, and the heap. Exit status 1: a goal was missed.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <cstdio>

#include "tests/simulation/compare/judge.h"
#include "tests/simulation/compare/runs.h"
#include "upstream/rules/concurrency.h"

namespace titip::compare {
namespace {

constexpr std::string_view shipped =
    rules::ConcurrencyOptions{}.rule == rules::ConcurrencyOptions::Rule::feedback ? "feedback" : "adaptive";

void print_row(std::string_view name, const Figures& f, double capacity) {
  const auto drain = f.drain_s > 0 ? fmt::format("{:.3f}", f.drain_ratio(capacity)) : std::string("never");
  fmt::print("| {:<30} | {:>8.4f} | {:>8.4f} | {:>7} | {:>9.2f} | {:>8.2f} % | {:>10} | {:>9} | {:>6.0f} |\n", name,
             f.writes_per_delivered(), f.probes_per_delivered(), drain, f.fresh_p99_s, 100 * f.refused_share(),
             f.duplicates, f.left + f.held, f.seconds);
}

void print_table(const std::map<std::string, Figures>& all, double capacity) {
  fmt::print("\n| {:<30} | {:>8} | {:>8} | {:>7} | {:>9} | {:>10} | {:>10} | {:>9} | {:>6} |\n", "delivery", "writes",
             "probes", "drain", "fresh p99", "refused", "duplicates", "not there", "took s");
  fmt::print("|---|---|---|---|---|---|---|---|---|\n");
  const std::pair<std::string_view, std::string_view> rows[] = {
      {"feedback", "Titip, feedback window"}, {"adaptive", "Titip, adaptive window"},
      {"faulty", "Titip with the fault"},     {"fixed", "again every 10 s"},
      {"exponential", "exponential"},         {"breaker", "exponential, breaker"}};
  for (const auto& [name, words] : rows)
    if (const auto found = all.find(std::string(name)); found != all.end()) print_row(words, found->second, capacity);
}

void print_beside(const std::map<std::string, Figures>& all) {
  const auto p99 = [&](const char* name) { return all.at(name).p99_s; };
  fmt::print("\npoison on the weather: p99 {:.2f} s, without {:.2f} s; on a calm day {:.3f} s, without {:.3f} s\n",
             p99("poison"), p99("clean"), p99("calm-poison"), p99("calm"));
  for (const auto* name : {"poison", "clean", "calm-poison", "calm"})
    fmt::print("{}: the breaker opened {} times, {} of them when nobody came any more\n", name,
               all.at(name).breaker_opened, all.at(name).opened_alone);
  fmt::print("import of 100,000: p99 of the others {:.2f} s, without {:.2f} s\n", all.at("import").others_p99_s,
             all.at("no-import").others_p99_s);
  for (const auto* name : {"small-backlog", "large-backlog"}) {
    const auto& f = all.at(name);
    fmt::print("heap, {} in the queue: gateway {:.2f} MB at most, store {:.0f} MB; {} records in hand at most\n",
               f.peak_backlog, static_cast<double>(f.gateway_bytes) / 1e6, static_cast<double>(f.store_bytes) / 1e6,
               f.most_active);
  }
}

int compare(const Plan& plan) {
  const double capacity = weather_of(plan).capacity;
  const bool faulty = !plan.fault.empty();
  const auto all = run_all(faulty ? runs_of_fault(plan) : runs_of(plan),
                           [](const std::string& name) { fmt::print(stderr, "{} has ended\n", name); });
  print_table(all, capacity);
  if (!faulty) print_beside(all);
  const auto& ours = all.at(faulty ? "faulty" : std::string(shipped));
  auto missed = missed_on_the_weather(ours, capacity);
  if (!faulty)
    for (auto& more : missed_beside_it(all)) missed.push_back(std::move(more));
  fmt::print("\n");
  for (const auto& words : missed) fmt::print("missed: {}\n", words);
  fmt::print(
      "comparison: days={} seed={} window={} accepted={} backlog={:.0f} writes={:.4f} probes={:.4f} drain={:.3f} "
      "fresh={} fresh_p99_s={:.2f} refused={:.4f} duplicates={} missed={}\n",
      plan.small ? "small" : std::to_string(plan.days), plan.seed, shipped, ours.accepted, ours.backlog,
      ours.writes_per_delivered(), ours.probes_per_delivered(), ours.drain_ratio(capacity), ours.fresh,
      ours.fresh_p99_s, ours.refused_share(), ours.duplicates, missed.size());
  return missed.empty() ? 0 : 1;
}

}  // namespace
}  // namespace titip::compare

int main(int argc, char** argv) {
  using namespace titip::compare;
  CLI::App app("Titip's delivery beside what a hospital's program does by itself, on one and the same weather.");
  Plan plan;
  app.add_option("--days", plan.days, "of weather")->check(CLI::Range(1, 28));
  app.add_flag("--small", plan.small, "a morning in place of days");
  app.add_option("--seed", plan.seed, "of weather, people and server");
  app.add_option("--fault", plan.fault, "the gateway alone, with this fault: it must miss a goal")
      ->check(CLI::IsMember({std::string(no_breaker), std::string(no_share)}));
  CLI11_PARSE(app, argc, argv);
  try {
    return compare(plan);
  } catch (const std::exception& error) {
    fmt::print(stderr, "titip_compare: {}\n", error.what());
    return 2;
  }
}
