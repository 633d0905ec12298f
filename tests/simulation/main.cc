// titip_simulate: simulated days from seeds, every promise checked, and the controls that the checks must catch.
#include <fmt/format.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <chrono>
#include <cstdio>

#include "tests/simulation/runner.h"

namespace titip::simulation {
namespace {

constexpr std::uint64_t seeds_for_a_control = 200;
constexpr std::size_t lines_shown = 60;

struct Options {
  std::uint64_t seeds = 2'000;
  std::uint64_t first = 1;
  std::optional<std::uint64_t> seed;
  std::string control;
  std::uint64_t least_a_day = 1'000;
  bool no_controls = false;
  bool progress = false;
  bool log = false;
  bool whole = false;
};

struct Totals : DayCounts {
  std::uint64_t seeds = 0;
  std::uint64_t violations = 0;
  std::set<std::size_t> moves;
  std::uint64_t fewest_a_day = ~0ULL;

  void add(const DayResult& result) {
    ++seeds;
    DayCounts::add(result);
    moves.insert(result.moves.begin(), result.moves.end());
    if (result.promise.empty())
      fewest_a_day = std::min(fewest_a_day, result.submissions * 86'400'000 / result.simulated_ms);
    else
      ++violations;
  }
  double days() const { return static_cast<double>(simulated_ms) / 86'400'000.0; }
};

std::string replay(std::uint64_t seed, const std::string& control) {
  return fmt::format("build/release/titip_simulate --seed {}{}{}", seed, control.empty() ? "" : " --control ", control);
}

// The last lines, and before them all that speaks of the person the violation names.
void print_trace(const DayResult& result, bool whole = false) {
  std::string person;
  if (const auto at = result.words.find("33000"); at != std::string::npos) person = result.words.substr(at, 16);
  const auto shown_from = result.trace.size() > lines_shown && !whole ? result.trace.size() - lines_shown : 0;
  for (std::size_t i = 0; i < result.trace.size(); ++i) {
    const bool of_all = result.trace[i].find(" --- ") != std::string::npos;
    const bool of_person = !person.empty() && result.trace[i].find(person) != std::string::npos;
    if (i >= shown_from || of_person || (of_all && !person.empty())) fmt::print("  {}\n", result.trace[i]);
  }
}

void print_failure(std::uint64_t seed, Control control, const std::string& control_name, const DayResult& found) {
  fmt::print("\nseed {} broke the promise '{}': {}\n", seed, found.promise, found.words);
  print_trace(run_apart({seed, control, true, false}));
  fmt::print("again: {}\n", replay(seed, control_name));
  std::fflush(stdout);
}

int one_seed(const Options& options, Control control) {
  const auto result = run_apart({*options.seed, control, true, options.log});
  print_trace(result, options.whole);
  fmt::print("seed={} submissions={} crashes={} unknown={} probes={} writes={} steps={}\n", *options.seed,
             result.submissions, result.crashes, result.unknown, result.probes, result.writes, result.steps);
  if (result.promise.empty()) {
    fmt::print("no promise was broken\n");
    return 0;
  }
  fmt::print("broken: '{}': {}\n", result.promise, result.words);
  return 1;
}

// How many seeds it took; nothing: it was not caught.
std::optional<std::uint64_t> catch_control(const ControlName& control, std::uint64_t first, unsigned at_once) {
  std::uint64_t tried = 0;
  std::optional<std::uint64_t> caught;
  run_many(first, seeds_for_a_control, control.control, at_once, [&](std::uint64_t seed, const DayResult& result) {
    ++tried;
    if (!is_caught_by(control, result.promise) || caught) return !caught;
    caught = tried;
    fmt::print("control {}: caught by seed {} ({}: {})\n", control.name, seed, result.promise, result.words);
    return false;
  });
  if (!caught) fmt::print("control {}: NOT CAUGHT by {} seeds from {}\n", control.name, tried, first);
  return caught;
}

int run(const Options& options) {
  const auto began = std::chrono::steady_clock::now();
  const auto at_once = static_cast<unsigned>(std::max(1L, ::sysconf(_SC_NPROCESSORS_ONLN)));
  Totals totals;
  if (options.control.empty()) {
    run_many(options.first, options.seeds, Control::none, at_once, [&](std::uint64_t seed, const DayResult& result) {
      totals.add(result);
      if (!result.promise.empty() && totals.violations <= 5) print_failure(seed, Control::none, {}, result);
      if (options.progress && totals.seeds % 100 == 0)
        fmt::print(stderr, "{} of {} seeds\n", totals.seeds, options.seeds);
      return totals.violations < 20;
    });
  }
  std::size_t wanted = 0;
  std::size_t caught = 0;
  for (const auto& control : all_controls) {
    if (options.no_controls || (!options.control.empty() && control.name != options.control)) continue;
    ++wanted;
    if (catch_control(control, options.first, at_once)) ++caught;
  }
  const auto& all = all_moves();
  for (std::size_t i = 0; options.control.empty() && i < all.size(); ++i)
    if (!totals.moves.contains(i)) fmt::print("never made: {}\n", all[i].text());
  const auto seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - began).count();
  fmt::print(
      "simulation: seeds={} simulated_days={:.0f} submissions={} crashes={} unknown={} probes={} transitions={}/{} "
      "violations={} controls={}/{} seconds={:.0f}\n",
      totals.seeds, totals.days(), totals.submissions, totals.crashes, totals.unknown, totals.probes,
      totals.moves.size(), all.size(), totals.violations, caught, wanted, seconds);
  // A day on which hardly anybody comes proves little.
  const bool busy = totals.seeds == totals.violations || totals.fewest_a_day >= options.least_a_day;
  if (!busy)
    fmt::print("too quiet: a day had {} submissions; each must have {} at least\n", totals.fewest_a_day,
               options.least_a_day);
  const bool covered =
      !options.control.empty() || options.seeds < seeds_for_a_control || totals.moves.size() == all.size();
  return totals.violations == 0 && caught == wanted && covered && busy ? 0 : 1;
}

}  // namespace
}  // namespace titip::simulation

int main(int argc, char** argv) {
  using namespace titip::simulation;
  CLI::App app("Simulated days of the whole gateway, from seeds, with every promise checked.");
  Options options;
  app.add_option("--seeds", options.seeds, "how many");
  app.add_option("--first", options.first, "the first of them");
  app.add_option("--seed", options.seed, "one alone, with its trace");
  app.add_option("--control", options.control, "with this fault built in");
  app.add_option("--least-a-day", options.least_a_day, "submissions that each day must have, to try the checker");
  app.add_flag("--no-controls", options.no_controls, "leave the controls out");
  app.add_flag("--log", options.log, "with --seed: show what the gateway logs");
  app.add_flag("--whole", options.whole, "with --seed: show all that happened");
  app.add_flag("--progress", options.progress, "say how far it is");
  CLI11_PARSE(app, argc, argv);
  const auto control = control_named(options.control);
  if (!options.control.empty() && !control) {
    fmt::print(stderr, "titip_simulate: no control is called '{}'; there are:", options.control);
    for (const auto& each : all_controls) fmt::print(stderr, " {}", each.name);
    fmt::print(stderr, "\n");
    return 2;
  }
  if (options.seed) return one_seed(options, control.value_or(Control::none));
  return run(options);
}
