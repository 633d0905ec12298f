#include "tests/simulation/compare/runs.h"

#include <fmt/format.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <stdexcept>
#include <type_traits>

#include "metrics/log.h"
#include "tests/simulation/compare/baseline.h"
#include "tests/simulation/compare/gateway.h"
#include "tests/upstream/shipped_profile.h"

namespace titip::compare {
namespace {

using Rule = rules::ConcurrencyOptions::Rule;
using std::chrono::minutes;

static_assert(std::is_trivially_copyable_v<Figures>);

// One for all children, made before the first.
const storage::Sealer& sealer() {
  static const tests::TestSealer one;
  return *one;
}

GatewayOptions options_of(Rule rule) {
  GatewayOptions made;
  made.window.rule = rule;
  return made;
}

Run gateway_run(std::string name, Weather weather, GatewayOptions options) {
  return {std::move(name), [weather, options] { return Gateway(options, weather, sealer()).run(); }};
}

// No outage; people come for an hour, for two where an import has to be over.
Weather calm(const Plan& plan, bool long_enough) {
  Weather made;
  made.seed = plan.seed;
  made.days = 1;
  made.outages = false;
  made.closes = minutes(long_enough ? 75 : 40);
  return made;
}

Weather poisoned(Weather weather) {
  weather.rejected = 0.01;
  weather.hanging = 0.001;
  return weather;
}

// So many come in the hour before the server is back; it is looked at for ten minutes of the drain.
Run weighed(std::string name, const Plan& plan, std::uint32_t backlog) {
  Weather weather;
  weather.seed = plan.seed;
  weather.days = 1;
  weather.opens = minutes(60);
  weather.closes = minutes(120);
  weather.per_second = backlog / 3600.0;
  auto options = options_of({});
  options.window = rules::ConcurrencyOptions{};
  options.weighs = true;
  options.until = minutes(130);
  return gateway_run(std::move(name), weather, options);
}

}  // namespace

// In small, people come from 09:00 of one day, and until the backlog is gone.
Weather weather_of(const Plan& plan) {
  Weather made;
  made.seed = plan.seed;
  made.days = plan.small ? 1 : plan.days;
  if (plan.small) {
    made.opens = minutes(90);
    made.closes = minutes(150);
  }
  return made;
}

std::uint32_t small_backlog(const Plan&) {
  return 10'000;
}
std::uint32_t large_backlog(const Plan& plan) {
  return plan.small ? 100'000 : 1'000'000;
}

std::vector<Run> runs_of(const Plan& plan) {
  const auto weather = weather_of(plan);
  const auto shipped = options_of(rules::ConcurrencyOptions{}.rule);
  // What poison and an import do is told by a day, whatever the plan.
  auto day = plan;
  day.days = 1;
  auto importing = calm(plan, true);
  importing.import_records = 100'000;
  return {gateway_run("feedback", weather, options_of(Rule::feedback)),
          gateway_run("adaptive", weather, options_of(Rule::adaptive)),
          {"fixed", [weather] { return run_baseline(Manner::fixed, weather); }},
          {"exponential", [weather] { return run_baseline(Manner::exponential, weather); }},
          {"breaker", [weather] { return run_baseline(Manner::breaker, weather); }},
          gateway_run("clean", weather_of(day), shipped),
          gateway_run("poison", poisoned(weather_of(day)), shipped),
          gateway_run("calm", calm(plan, false), shipped),
          gateway_run("calm-poison", poisoned(calm(plan, false)), shipped),
          gateway_run("no-import", calm(plan, true), shipped),
          gateway_run("import", importing, shipped),
          weighed("small-backlog", plan, small_backlog(plan)),
          weighed("large-backlog", plan, large_backlog(plan))};
}

std::vector<Run> runs_of_fault(const Plan& plan) {
  auto options = options_of(rules::ConcurrencyOptions{}.rule);
  if (plan.fault == no_breaker) options.breaker = false;
  if (plan.fault == no_share) options.fresh_share = 0.05;
  return {gateway_run("faulty", weather_of(plan), options)};
}

namespace {

[[noreturn]] void be_the_child(int out, const Run& run) {
  metrics::set_log_level(metrics::Level::error);
  int status = 1;
  try {
    const auto began = std::chrono::steady_clock::now();
    auto figures = run.work();
    figures.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - began).count();
    if (::write(out, &figures, sizeof figures) == static_cast<ssize_t>(sizeof figures)) status = 0;
  } catch (const std::exception& error) {
    fmt::print(stderr, "{}: {}\n", run.name, error.what());
  }
  ::_exit(status);
}

struct Child {
  std::string name;
  int out = -1;
};

}  // namespace

std::map<std::string, Figures> run_all(const std::vector<Run>& runs,
                                       const std::function<void(const std::string&)>& ended) {
  (void)tests::pcare_vaksin();
  (void)sealer();
  const auto at_once = static_cast<std::size_t>(std::max(1L, ::sysconf(_SC_NPROCESSORS_ONLN)));
  std::map<pid_t, Child> children;
  std::map<std::string, Figures> found;
  auto next = runs.begin();
  while (next != runs.end() || !children.empty()) {
    if (next != runs.end() && children.size() < at_once) {
      std::fflush(nullptr);
      int ends[2];
      if (::pipe(ends) != 0) throw std::runtime_error("no pipe can be made");
      const auto child = ::fork();
      if (child < 0) throw std::runtime_error("no process can be made");
      if (child == 0) be_the_child(ends[1], *next);
      ::close(ends[1]);
      children[child] = {next->name, ends[0]};
      ++next;
      continue;
    }
    int status = 0;
    const auto child = ::wait(&status);
    const auto over = children.at(child);
    children.erase(child);
    Figures figures;
    const bool whole = ::read(over.out, &figures, sizeof figures) == static_cast<ssize_t>(sizeof figures);
    ::close(over.out);
    if (!whole || status != 0) throw std::runtime_error("the run '" + over.name + "' died");
    found.emplace(over.name, figures);
    ended(over.name);
  }
  return found;
}

}  // namespace titip::compare
