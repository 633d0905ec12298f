// titip_hostile: a gateway under attack while clinics go on working. See --help, and tests/README.md.
#include <fmt/format.h>
#include <sys/resource.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <string>

#include "tests/hostile/corpus.h"
#include "tests/hostile/flood.h"
#include "tests/hostile/honest.h"
#include "tests/hostile/judge.h"
#include "tests/hostile/proxied.h"
#include "tests/hostile/slow.h"
#include "tests/hostile/stage.h"
#include "tests/hostile/wire.h"

namespace {

namespace fs = std::filesystem;
using namespace titip::hostile;
using namespace std::chrono_literals;

constexpr std::size_t least_cases = 150;
constexpr double most_p99_ms = 50;
constexpr std::uint8_t proxy_net = 20;
constexpr std::size_t a_spoiled_header_in = 10;  // of the mutated requests
constexpr std::size_t a_tls_request_in = 10;

struct Settings {
  Stage::Programs programs;
  fs::path corpus;
  std::size_t requests = 100'000;
  std::uint64_t seed = 1;
  std::string slowhttptest;
  bool expect_violation = false;
};

struct Report {
  std::size_t cases = 0;
  std::size_t beast_accepts = 0;  // of those that must be refused
  Findings corpus;
  FloodResult flood;
  SlowResult slow;
  ProxiedResult proxied;
  Findings tls_corpus;
  FloodResult tls_flood;
  Served calm;
  Served served;
  std::size_t crashes = 0;
  std::string tool = "absent";
  std::vector<std::string> wrong;

  std::size_t hangs() const {
    return corpus.hangs + flood.hangs + slow.left_open + proxied.hangs + tls_corpus.hangs + tls_flood.hangs;
  }
  std::size_t wrong_verdicts() const {
    return corpus.wrong.size() + flood.wrong_in_all + proxied.wrong.size() + tls_corpus.wrong.size() +
           tls_flood.wrong_in_all;
  }
};

void tell(const char* what, const std::vector<std::string>& lines) {
  for (const auto& line : lines) fmt::print("{}: {}\n", what, line);
  std::fflush(stdout);
}

// Debian's slowhttptest, where it is: headers, bodies, reads.
void run_tool(const Settings& settings, std::uint16_t port, Report& report) {
  if (settings.slowhttptest.empty()) return;
  for (const char* kind : {"-H -i 1 -x 8", "-B -i 1 -s 8192 -x 8", "-X -w 1 -y 8 -n 1 -z 8 -k 3"}) {
    const auto command =
        fmt::format("{} {} -c 250 -r 250 -l 6 -p 5 -u http://127.0.0.1:{}/openapi.json >/dev/null 2>&1",
                    settings.slowhttptest, kind, port);
    if (std::system(command.c_str()) != 0) report.wrong.push_back(fmt::format("'{}' failed", command));
  }
  report.tool = "ran";
}

std::string on_path(const char* program) {
  std::string path = std::getenv("PATH") == nullptr ? "" : std::getenv("PATH");
  path += ":/usr/bin";
  for (std::size_t at = 0; at < path.size();) {
    const auto end = std::min(path.find(':', at), path.size());
    const auto file = path.substr(at, end - at) + "/" + program;
    if (::access(file.c_str(), X_OK) == 0) return file;
    at = end + 1;
  }
  return {};
}

void end(Stage& stage, Report& report) {
  const bool ran = stage.gateway_runs();
  if (ran && stage.stop()) return;
  ++report.crashes;
  fmt::print("{}:\n{}\n", ran ? "the gateway did not end in order" : "the gateway's last words", stage.last_words());
}

// What mutations begin with.
std::vector<std::string> sound(const std::vector<Case>& corpus) {
  std::vector<std::string> sound;
  for (const auto& each : corpus)
    if (const auto bytes = each.bytes(); bytes.size() < 4'000 && !bytes.empty()) sound.push_back(bytes);
  return sound;
}

void attack(const Settings& settings, const std::vector<Case>& corpus, Stage& stage, Report& report) {
  {
    Honest calm(stage.port(), 0);
    std::this_thread::sleep_for(3s);
    report.calm = calm.stop();
  }
  Honest honest(stage.port(), 1'000'000);
  report.corpus = judge(corpus, stage.port());
  tell("wrong verdict", report.corpus.wrong);
  if (settings.expect_violation) {
    report.served = honest.stop();
    // It wants no header, so none of the lies may go by unseen.
    report.proxied = tell_lies({.port = stage.port(), .proxy_net = proxy_net});
    return;
  }
  report.flood = flood({.port = stage.port(), .requests = settings.requests, .seed = settings.seed}, sound(corpus));
  tell("wrong answer", report.flood.wrong);
  report.slow = be_slow({.port = stage.port(), .share = share_of_an_address, .connections = [&stage] {
                           return stage.metric("titip_http_connections{listener=\"front\"}");
                         }});
  tell("slow", report.slow.wrong);
  run_tool(settings, stage.port(), report);
  report.served = honest.stop();
  tell("a clinic", report.served.wrong);
}

// False: it could not be run.
bool attack_behind_a_proxy(const Settings& settings, Report& report) {
  auto stage = Stage::set_up(settings.programs, {.proxy_net = proxy_net});
  if (!stage) return fmt::print(stderr, "titip_hostile: {}\n", stage.error()), false;
  report.proxied = attack_proxied({.port = stage->port(),
                                   .proxy_net = proxy_net,
                                   .share = share_of_an_address,
                                   .mutated = settings.requests / a_spoiled_header_in,
                                   .seed = settings.seed});
  tell("wrong verdict", report.proxied.wrong);
  end(*stage, report);
  if (!report.proxied.wrong.empty()) stage->keep();
  return true;
}

// The same once more, inside of TLS. False: it could not be run.
bool attack_under_tls(const Settings& settings, const std::vector<Case>& corpus, Report& report) {
  auto stage = Stage::set_up(settings.programs, {.tls = true});
  if (!stage) return fmt::print(stderr, "titip_hostile: {}\n", stage.error()), false;
  Wire::speaks_tls(stage->port());
  report.tls_corpus = judge(corpus, stage->port());
  tell("wrong verdict under TLS", report.tls_corpus.wrong);
  if (!settings.expect_violation) {
    report.tls_flood =
        flood({.port = stage->port(), .requests = settings.requests / a_tls_request_in, .seed = settings.seed},
              sound(corpus));
    tell("wrong answer under TLS", report.tls_flood.wrong);
  }
  end(*stage, report);
  if (!report.tls_corpus.wrong.empty() || report.tls_flood.wrong_in_all > 0) stage->keep();
  return true;
}

// On a machine that is slow without any attack, an attack may not make it twice as slow.
double allowed_p99_ms(const Report& report) {
  return std::max(most_p99_ms, 2 * report.calm.p99_ms());
}

void judge_limits(const Settings& settings, Report& report) {
  const auto& slow = report.slow;
  const auto want = [&report](bool holds, std::string otherwise) {
    if (!holds) report.wrong.push_back(std::move(otherwise));
  };
  want(report.cases >= least_cases, fmt::format("{} cases are too few", report.cases));
  want(report.flood.sent >= settings.requests,
       fmt::format("{} mutated requests were sent instead of {}", report.flood.sent, settings.requests));
  want(report.tls_flood.sent >= settings.requests / a_tls_request_in,
       fmt::format("{} mutated requests were sent under TLS instead of {}", report.tls_flood.sent,
                   settings.requests / a_tls_request_in));
  want(report.tool == "ran",
       "slowhttptest did not run; install the Debian package slowhttptest (deploy/install-packages.sh --with-tests "
       "does)");
  want(slow.idle >= 2'000, fmt::format("{} idle connections at once instead of 2,000", slow.idle));
  want(slow.left_open == 0, fmt::format("{} slow connections were left open", slow.left_open));
  want(slow.turned_away == slow.beyond_share,
       fmt::format("{} of {} connections beyond an address's share were turned away", slow.turned_away,
                   slow.beyond_share));
  want(slow.throttled > 0, "a facility that asks too fast was never told to wait");
  want(report.crashes == 0, "the gateway ended");
  const double allowed = allowed_p99_ms(report);
  if (allowed > most_p99_ms)
    fmt::print("this machine is busy: {:.1f} ms without an attack, so {:.1f} ms are allowed instead of {:.0f}\n",
               report.calm.p99_ms(), allowed, most_p99_ms);
  if (report.served.p99_ms() >= allowed) tell("slow clinic", report.served.slow);
  want(report.served.p99_ms() < allowed,
       fmt::format("p99 of the clinics' requests {:.1f} ms (without an attack {:.1f} ms)", report.served.p99_ms(),
                   report.calm.p99_ms()));
  want(report.served.asked > 0 && report.served.ok == report.served.asked, "a clinic was not served");
  want(report.calm.ok == report.calm.asked, "a clinic was not served before the attack began");
}

int run(const Settings& settings) {
  const auto corpus = read_corpus(settings.corpus);
  if (!corpus) return fmt::print(stderr, "titip_hostile: {}\n", corpus.error()), 2;
  auto stage = Stage::set_up(settings.programs, {});
  if (!stage) return fmt::print(stderr, "titip_hostile: {}\n", stage.error()), 2;
  Report report;
  report.cases = corpus->size();
  report.beast_accepts = static_cast<std::size_t>(std::ranges::count_if(*corpus, [](const Case& one) {
    return one.beast == Alone::accepts &&
           std::ranges::any_of(one.answers, [](const auto& owed) { return !owed.reason.empty(); });
  }));
  attack(settings, *corpus, *stage, report);
  end(*stage, report);
  if (!attack_under_tls(settings, *corpus, report)) return 2;
  if (settings.expect_violation) {
    const auto& proxied = report.proxied;
    const bool caught = !report.corpus.wrong.empty() && !report.tls_corpus.wrong.empty() &&
                        proxied.wrong.size() >= proxied.telling && report.crashes == 0;
    fmt::print("hostile control: wrong_verdicts={} under_tls={} proxy_headers={}/{} {}\n", report.corpus.wrong.size(),
               report.tls_corpus.wrong.size(), proxied.wrong.size(), proxied.telling, caught ? "caught" : "NOT caught");
    return caught ? 0 : 1;
  }
  if (!attack_behind_a_proxy(settings, report)) return 2;
  judge_limits(settings, report);
  const bool passed =
      report.wrong.empty() && report.wrong_verdicts() == 0 && report.hangs() == 0 && report.slow.wrong.empty();
  tell("not as it must be", report.wrong);
  if (!passed) {
    stage->keep();
    fmt::print("kept: {}; again with --seed {}\n", stage->directory().string(), settings.seed);
  }
  fmt::print(
      "hostile: beast_alone_accepts={} p99_ms={:.1f} allowed_p99_ms={:.0f} calm_p99_ms={:.1f} clinics_requests={} "
      "answered_mutations={} "
      "idle={} turned_away={} hoarders_refused={} throttled={} slowhttptest={} proxy_headers={} spoiled_headers={} "
      "tls_requests={} answered_under_tls={}\n",
      report.beast_accepts, report.served.p99_ms(), allowed_p99_ms(report), report.calm.p99_ms(), report.served.asked,
      report.flood.answered, report.slow.idle, report.slow.turned_away, report.slow.hoarders_refused,
      report.slow.throttled, report.tool, report.proxied.cases, report.proxied.mutated, report.tls_flood.sent,
      report.tls_flood.answered);
  fmt::print(
      "hostile: corpus={} wrong_verdicts={} mutated_requests={} crashes={} hangs={} served_ok_meanwhile={:.4g}%\n",
      report.cases, report.wrong_verdicts(), report.flood.sent, report.crashes, report.hangs(),
      report.served.percent());
  return passed ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) {
  Settings settings;
  std::error_code ignored;
  const auto beside = fs::read_symlink("/proc/self/exe", ignored).parent_path();
  settings.programs = {beside / "titip", beside / "pcare_sim"};
  settings.corpus = TITIP_HOSTILE_CORPUS;
  settings.slowhttptest = on_path("slowhttptest");

  CLI::App app(
      "Attacks a gateway (the corpus of hostile requests, mutated ones, slow ones) while clinics go on working, and\n"
      "judges its answers by the letter. Exit status: 0 passed, 1 not passed, 2 could not be run.");
  app.add_option("--titip", settings.programs.titip, "the gateway (default: beside this program)");
  app.add_option("--sim", settings.programs.sim, "the simulated national server (default: beside this program)");
  app.add_option("--corpus", settings.corpus, "the folder of the cases")->capture_default_str();
  app.add_option("--requests", settings.requests, "mutated ones")->capture_default_str();
  app.add_option("--seed", settings.seed, "repeats their dice")->capture_default_str();
  app.add_flag("--expect-violation", settings.expect_violation,
               "for a gateway without its guard: exit 0 only if the corpus finds that out");
  CLI11_PARSE(app, argc, argv);
  // Each connection of ours is a descriptor; the gateway has its own limit.
  rlimit limit{};
  ::getrlimit(RLIMIT_NOFILE, &limit);
  limit.rlim_cur = limit.rlim_max;
  ::setrlimit(RLIMIT_NOFILE, &limit);
  return run(settings);
}
