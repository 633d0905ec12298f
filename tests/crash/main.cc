// titip_crash: the crash tests' own program. tests/run.sh crash runs it; see --help.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <csignal>
#include <cstdio>
#include <string>

#include "tests/crash/power_loss.h"

int main(int argc, char** argv) {
  using namespace titip::crash;
  constexpr int exit_usage = 2;
  std::signal(SIGPIPE, SIG_IGN);
  CLI::App app("Crashes a store in every way that works on this machine, and judges from outside what was kept.\n"
               "Exit status: 0 all was kept (of a control: it was caught), 1 not, 2 could not be run, 77 not possible here.");
  app.require_subcommand(1);

  PowerLoss power_loss;
  std::string control = "none";
  auto* power = app.add_subcommand("power_loss", "power cuts under a store in this process");
  power->add_option("--rounds", power_loss.rounds, "power cuts")->required();
  power->add_option("--seed", power_loss.first_seed, "of the first chain")->capture_default_str();
  power->add_option("--control", control, "a fault built in on purpose, which must be caught");
  power->add_flag("--tell", power_loss.tell, "say each schedule");
  CLI11_PARSE(app, argc, argv);

  const auto spoiled = spoiled_named(control);
  if (!spoiled) {
    fmt::print(stderr, "titip_crash: there is no control '{}'\n", control);
    return exit_usage;
  }
  power_loss.spoiled = *spoiled;
  return run_power_loss(power_loss) ? 0 : 1;
}
