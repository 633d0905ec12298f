// titip_load, the program: asks one server, prints one line of JSON. Exit status 1: it was not there, or said no.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <chrono>
#include <cstdio>
#include <ctime>

#include "tests/bench/load.h"

int main(int count, char** arguments) {
  titip::bench::LoadOptions options;
  options.wire.date = [] {
    const std::time_t there = std::time(nullptr) + 7 * 3600;  // Indonesia's western zone
    std::tm parts{};
    gmtime_r(&there, &parts);
    return fmt::format("{:04}-{:02}-{:02}", parts.tm_year + 1900, parts.tm_mon + 1, parts.tm_mday);
  }();
  CLI::App app("Asks a server on loopback with payloads that nobody sent before");
  app.add_option("--protocol", options.wire.protocol)->required()->check(CLI::IsMember({"http", "redis", "nats"}));
  app.add_option("--port", options.port)->required();
  app.add_option("--path", options.wire.path)->capture_default_str();
  app.add_option("--facility", options.wire.facility)->capture_default_str();
  app.add_option("--connections", options.connections)->capture_default_str()->check(CLI::Range(1, 20'000));
  app.add_option("--seconds", options.seconds)->capture_default_str();
  app.add_option("--warm-up", options.warm_up_s)->capture_default_str();
  app.add_option("--rate", options.per_second, "requests a second, as people come; 0: as fast as it answers")
      ->capture_default_str();
  app.add_option("--first", options.first_number, "the first payload's number")->capture_default_str();
  app.add_option("--watch", options.watched, "processes whose CPU is counted");
  CLI11_PARSE(app, count, arguments);
  const auto done = titip::bench::run_load(options);
  if (!done) {
    fmt::print(stderr, "titip_load: {}\n", done.error());
    return 1;
  }
  fmt::print(R"({{"accepted":{},"refused":{},"seconds":{:.3f},"cpu_s":{:.3f},"p50_ms":{:.3f},"p99_ms":{:.3f},)"
             R"("p999_ms":{:.3f},"next":{}}})"
             "\n",
             done->accepted, done->refused, done->seconds, done->watched_cpu_s, done->p50_ms, done->p99_ms,
             done->p999_ms, done->last_number);
  return done->accepted > 0 && done->refused == 0 ? 0 : 1;
}
