#include <fmt/format.h>

#include <CLI/CLI.hpp>

#include "gateway/serve.h"

#ifndef TITIP_VERSION
#define TITIP_VERSION "unknown"
#endif

namespace titip::gateway {

int run(int argc, char** argv, const Seams& seams) {
  constexpr int exit_usage = 2;
  CLI::App program("Titip takes custody of clinic submissions and hands them on to the national server.", "titip");
  program.set_version_flag("--version", TITIP_VERSION);
  program.require_subcommand(1);
  std::string config_file;
  auto* serve_command = program.add_subcommand("serve", "Run the gateway until SIGTERM.");
  serve_command->add_option("--config", config_file, "the configuration, a JSON file")->required();
  try {
    program.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return program.exit(error) == 0 ? 0 : exit_usage;
  }
  auto config = load_config(config_file);
  if (!config) {
    fmt::print(stderr, "titip: {}{}{}{}\n", config_file, config.error().pointer.empty() ? "" : " at ",
               config.error().pointer, ": " + config.error().sentence);
    return exit_usage;
  }
  return serve(std::move(*config), seams);
}

}  // namespace titip::gateway
