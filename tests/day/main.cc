// titip_day: one vaccination day against child processes. See --help, and tests/day/checker.h for what is judged.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <csignal>
#include <cstdio>
#include <filesystem>
#include <string>

#include "tests/day/run.h"
#include "tests/day/settings.h"
#include "tests/day/weather.h"

int main(int argc, char** argv) {
  titip::day::Settings settings;
  std::error_code ignored;
  const auto beside = std::filesystem::read_symlink("/proc/self/exe", ignored).parent_path();
  settings.titip = beside / "titip";
  settings.sim = beside / "pcare_sim";
  bool no_kill = false;

  CLI::App app(
      "Runs one vaccination day against the gateway and a simulated national server that fails again and again, kills "
      "the\n"
      "gateway once, and judges from outside whether every record had its effect exactly once, in order.\n"
      "Exit status: 0 passed, 1 not passed, 2 could not be run.");
  app.add_option("--titip", settings.titip, "the gateway (default: beside this program)");
  app.add_option("--sim", settings.sim, "the simulated national server (default: beside this program)");
  app.add_option("--data", settings.data,
                 "an empty directory, kept afterwards (default: a fresh one beside this program, "
                 "removed if the day passes)");
  app.add_option("--people", settings.people, "who come this day")
      ->check(CLI::Range(20, 1'000'000))
      ->capture_default_str();
  app.add_option("--seconds", settings.seconds, "what the day is compressed to; draining comes on top")
      ->check(CLI::Range(titip::day::shortest_day_s, 86'400.0))
      ->capture_default_str();
  app.add_option("--seed", settings.seed, "repeats a run's people, timetable and dice")->capture_default_str();
  app.add_option("--weather", settings.weather, "a script for the simulator in place of the built-in one");
  app.add_option("--drain-limit-s", settings.drain_limit_s, "how long to wait for the last pending record")
      ->check(CLI::Range(0.0, 86'400.0))
      ->capture_default_str();
  app.add_flag("--no-kill", no_kill, "do not kill the gateway; the day then proves less");
  app.add_option("--deaths", settings.deaths, "kill the gateway so often, at random moments, in place of once");
  app.add_flag("--faults", settings.faults,
               "with --deaths: of failing system calls that strace injects, where they come in time");
  app.add_flag("--keep", settings.keep, "leave gateway and simulator running and say how to look at them");
  app.add_flag("--quiet", settings.quiet, "only the last line, unless something is wrong");
  app.add_flag(
      "--expect-violation", settings.expect_violation,
      "for faulty gateways: exit 0 only if the checker catches duplicates, losses, disorder, stale values or a "
      "contradicted acknowledgement");
  CLI11_PARSE(app, argc, argv);
  settings.kill = !no_kill;

  bool seed_given = false;
  for (int i = 0; i < argc; ++i) {
    settings.command_line += fmt::format("{}{}", i == 0 ? "" : " ", argv[i]);
    seed_given = seed_given || std::string_view(argv[i]).starts_with("--seed");
  }
  if (!seed_given) settings.command_line += fmt::format(" --seed {}", settings.seed);

  std::signal(SIGPIPE, SIG_IGN);
  const auto status = titip::day::run_day(settings);
  if (!status) {
    std::fputs(fmt::format("titip_day: {}\nto run it again: {}\n", status.error(), settings.command_line).c_str(),
               stderr);
    return 2;
  }
  return *status;
}
