#include "tests/crash/report.h"

#include <fmt/format.h>

#include <cstdio>
#include <cstdlib>

#include "tests/crash/process_crashes.h"

namespace titip::crash {

void Report::add(const std::vector<Finding>& findings) {
  for (const Finding& finding : findings) {
    switch (finding.kind) {
      case Finding::Kind::lost:
      case Finding::Kind::damaged:
        ++lost;
        break;
      case Finding::Kind::duplicate:
        ++duplicates;
        break;
      case Finding::Kind::corrupt_served:
        ++corrupt_served;
        break;
      case Finding::Kind::broken:
        ++broken;
        break;
    }
  }
}

std::string Report::line() const {
  const std::chrono::duration<double> taken = std::chrono::steady_clock::now() - began_;
  std::string text =
      fmt::format("{}: rounds={} acknowledged={} lost={} duplicates={} corrupt_served={} broken={} seconds={:.1f}",
                  kind, rounds, acknowledged, lost, duplicates, corrupt_served, broken, taken.count());
  for (const auto& [what, times] : details) text += fmt::format(" {}={}", what, times);
  return text;
}

int cannot_go_on(Report& report, const std::string& why) {
  if (report.rounds == 0 && report.clean()) return skipped(report.kind, why);
  fmt::print("NOT KEPT: {} commit={}: after {} rounds the machine would not go on: {}\n", report.kind,
             commit_under_test(), report.rounds, why);
  ++report.broken;
  fmt::print("{}\n", report.line());
  return exit_not_kept;
}

int skipped(const std::string& kind, const std::string& why) {
  fmt::print("{}: SKIPPED: {}\n", kind, why);
  return exit_not_possible_here;
}

void complain(const std::string& kind, std::uint64_t seed, const std::string& schedule,
              const std::vector<Finding>& findings) {
  constexpr std::size_t most = 12;
  std::string text =
      fmt::format("NOT KEPT: {} seed={} commit={}\n  schedule: {}\n", kind, seed, commit_under_test(), schedule);
  for (std::size_t i = 0; i < findings.size() && i < most; ++i) {
    text += fmt::format("  {}: {}\n", name(findings[i].kind), findings[i].what);
  }
  if (findings.size() > most) text += fmt::format("  and {} more\n", findings.size() - most);
  text += fmt::format("  again: tests/run.sh crash --replay {}:{}\n", kind, seed);
  std::fputs(text.c_str(), stdout);
  std::fflush(stdout);
}

std::string commit_under_test() {
  const char* said = std::getenv("TITIP_COMMIT");
  return said != nullptr ? said : "unknown";
}

}  // namespace titip::crash
