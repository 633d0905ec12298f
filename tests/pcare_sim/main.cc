// pcare_sim, the program: reads the command line, runs the simulator until it is told to stop (SIGINT, SIGTERM).
#include <fmt/format.h>
#include <pthread.h>

#include <CLI/CLI.hpp>
#include <csignal>
#include <cstdio>
#include <expected>
#include <fstream>
#include <iterator>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "tests/pcare_sim/consumers.h"
#include "tests/pcare_sim/dates.h"
#include "tests/pcare_sim/facilities.h"
#include "tests/pcare_sim/simulator.h"
#include "tests/pcare_sim/weather.h"

namespace {

using titip::pcare_sim::Facility;
using titip::pcare_sim::Options;

struct CommandLine {
  Options options;
  std::string weather_file;
  std::string weather_from = "first-request";
  std::string utc_offset = "+07:00";
  std::vector<std::string> facilities;
  std::string facilities_file;
  std::string consumers_file;
  std::int64_t signature_tolerance_s = 300;
  std::int64_t capacity_patience_ms = 2'000;
};

void declare(CLI::App& app, CommandLine& line) {
  Options& options = line.options;
  app.add_option("--listen", options.listen, "address:port; port 0 picks a free one")->capture_default_str();
  app.add_option("--control", options.control, "address:port of a second listener for /_sim alone, out of the weather");
  app.add_option("--base", options.base, "path the service lives under")->capture_default_str();
  app.add_option("--weather", line.weather_file, "JSON script of what goes wrong when (tests/pcare_sim/weather.h)");
  app.add_option("--weather-from", line.weather_from, "start | first-request: where the script's time begins")
      ->check(CLI::IsMember({"start", "first-request"}))
      ->capture_default_str();
  app.add_option("--seed", options.seed, "of the weather's dice")->capture_default_str();
  app.add_option("--capacity-per-s", options.capacity_per_s, "requests per second; 0: unlimited")
      ->check(CLI::Range(0, 1'000'000))
      ->capture_default_str();
  app.add_option("--capacity-patience-ms", line.capacity_patience_ms,
                 "how long a request beyond the capacity waits at most; then 503")
      ->check(CLI::Range(0, 600'000))
      ->capture_default_str();
  app.add_option("--utc-offset", line.utc_offset, "the server's time zone")->capture_default_str();
  app.add_flag("--honour-idempotency-key", options.rules.honour_idempotency_key,
               "answer a repeated Idempotency-Key again instead of applying it again");
  app.add_flag("--refuse-duplicates", options.rules.refuse_duplicates, "refuse a save that changes nothing");
  app.add_flag("--accept-unregistered", options.rules.accept_unregistered,
               "take doses of people who were not registered before (benchmarks)");
  app.add_option("--max-effects", options.rules.max_effects, "beyond these writes get 503: a guard for memory")
      ->check(CLI::Range(std::size_t{1}, std::size_t{4'000'000'000}))
      ->capture_default_str();
  app.add_option("--ledger-log", options.ledger_log, "append one line of JSON an effect to this file");
  app.add_option("--facilities", line.facilities, "code:user:password …; none at all: any x-kdppk is welcome");
  app.add_option(
      "--consumers-file", line.consumers_file,
      "P-Care REST: JSON array of {\"cons_id\", \"secret\", \"user_key\", \"facility\", \"user\", \"password\"}");
  app.add_option("--signature-tolerance-s", line.signature_tolerance_s,
                 "P-Care REST: how old or new a timestamp may be")
      ->check(CLI::Range(1, 86'400))
      ->capture_default_str();
  app.add_option("--facilities-file", line.facilities_file, "JSON array of {\"code\", \"user\", \"password\"}");
}

std::expected<std::string, std::string> read_file(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) return std::unexpected(fmt::format("cannot read {}", path));
  return std::string(std::istreambuf_iterator<char>(file), {});
}

std::expected<Options, std::string> complete(CommandLine line) {
  Options& options = line.options;
  options.weather_from_start = line.weather_from == "start";
  options.capacity_patience = std::chrono::milliseconds(line.capacity_patience_ms);
  const auto offset = titip::pcare_sim::parse_utc_offset(line.utc_offset);
  if (!offset) return std::unexpected(fmt::format("--utc-offset: '{}' must be like +07:00", line.utc_offset));
  options.rules.utc_offset = *offset;
  for (const auto& text : line.facilities) {
    auto facility = titip::pcare_sim::parse_facility(text);
    if (!facility) return std::unexpected("--facilities: " + facility.error());
    options.facilities.push_back(*std::move(facility));
  }
  if (!line.facilities_file.empty()) {
    const auto text = read_file(line.facilities_file);
    if (!text) return std::unexpected("--facilities-file: " + text.error());
    auto facilities = titip::pcare_sim::parse_facilities(*text);
    if (!facilities)
      return std::unexpected(fmt::format("--facilities-file: {}{}", line.facilities_file, facilities.error()));
    options.facilities.insert(options.facilities.end(), facilities->begin(), facilities->end());
  }
  options.signature_tolerance = std::chrono::seconds(line.signature_tolerance_s);
  if (!line.consumers_file.empty()) {
    const auto text = read_file(line.consumers_file);
    if (!text) return std::unexpected("--consumers-file: " + text.error());
    auto consumers = titip::pcare_sim::parse_consumers(*text);
    if (!consumers)
      return std::unexpected(fmt::format("--consumers-file: {}{}", line.consumers_file, consumers.error()));
    options.consumers = *std::move(consumers);
  }
  if (!line.weather_file.empty()) {
    const auto text = read_file(line.weather_file);
    if (!text) return std::unexpected("--weather: " + text.error());
    auto script = titip::pcare_sim::parse_weather(*text);
    if (!script)
      return std::unexpected(
          fmt::format("--weather: {} at '{}': {}", line.weather_file, script.error().pointer, script.error().sentence));
    options.weather = *std::move(script);
  }
  return options;
}

int run(CommandLine line) {
  auto options = complete(std::move(line));
  if (!options) {
    fmt::print(stderr, "pcare_sim: {}\n", options.error());
    return 2;
  }
  // The loop's thread inherits the mask, so the signals wait for sigwait below.
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGINT);
  sigaddset(&signals, SIGTERM);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  auto simulator = titip::pcare_sim::Simulator::start(*std::move(options));
  if (!simulator) {
    fmt::print(stderr, "pcare_sim: {}\n", simulator.error());
    return 1;
  }
  const std::string url = (*simulator)->base_url();
  const std::string host_and_port = url.substr(7, url.find('/', 7) - 7);
  fmt::print("listening on {}\n", host_and_port);
  if ((*simulator)->control_port() != 0) fmt::print("control on port {}\n", (*simulator)->control_port());
  std::fflush(stdout);
  int signal = 0;
  sigwait(&signals, &signal);
  (*simulator)->stop();
  fmt::print("{}\n", (*simulator)->totals().json());
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app("The simulated national server: P-Care Vaksinasi and P-Care REST as they really behave, with weather");
  CommandLine line;
  declare(app, line);
  CLI11_PARSE(app, argc, argv);
  return run(std::move(line));
}
