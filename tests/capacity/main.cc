// titip_capacity: how much one machine holds, and how fast. See --help, and run.h.
#include <fmt/format.h>
#include <stdlib.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <filesystem>
#include <string>

#include "tests/capacity/accept_phase.h"
#include "tests/capacity/drain_phase.h"
#include "tests/capacity/run.h"

namespace {

using titip::capacity::Limit;

constexpr int could_not_run = 2;

// "rss_mb=512"
bool change_limit(std::vector<Limit>& limits, const std::string& text) {
  const auto at = text.find('=');
  for (Limit& limit : limits) {
    if (at == std::string::npos || limit.name != text.substr(0, at)) continue;
    char* end = nullptr;
    limit.bound = std::strtod(text.c_str() + at + 1, &end);
    return end != text.c_str() + at + 1 && *end == '\0';
  }
  return false;
}

// A run leaves nothing behind unless it is told where to.
class Place {
 public:
  explicit Place(std::filesystem::path wanted) : path_(std::move(wanted)), keep_(!path_.empty()) {
    if (keep_) {
      std::filesystem::create_directories(path_);
      return;
    }
    std::string made = (std::filesystem::temp_directory_path() / "titip-capacity-XXXXXX").string();
    if (::mkdtemp(made.data()) != nullptr) path_ = made;
  }
  Place(const Place&) = delete;
  Place& operator=(const Place&) = delete;
  ~Place() {
    std::error_code ignored;
    if (!keep_ && !path_.empty()) std::filesystem::remove_all(path_, ignored);
  }
  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
  bool keep_;
};

int run_in(titip::capacity::Settings settings, const std::vector<Limit>& limits) {
  std::error_code error;
  const Place place(settings.data);
  settings.data = place.path();
  if (settings.data.empty() || !std::filesystem::is_empty(settings.data, error) || error) {
    fmt::print(stderr, "titip_capacity: --data must name a directory that is empty or can be made\n");
    return could_not_run;
  }
  return titip::capacity::run(settings, limits);
}

}  // namespace

int main(int argc, char** argv) {
  titip::capacity::Settings settings;
  std::vector<std::string> changes;
  std::string phase;
  CLI::App app(
      "Accepts submissions of 1 KB through intake into a store on RocksDB, kills the process, opens the store again,\n"
      "delivers everything to a national server in the same process, and says what that took. It needs about 2.5 KB "
      "of\n"
      "disk a submission. Exit status: 0 every limit holds, 1 one does not or something was lost, 2 it could not run.");
  app.add_option("--submissions", settings.submissions, "how many to accept before the kill")
      ->check(CLI::Range(1'000ULL, 1'000'000'000ULL))
      ->capture_default_str();
  app.add_option("--data", settings.data, "an empty directory, kept afterwards (default: a temporary one)");
  app.add_option("--facilities", settings.facilities, "how many clinics")
      ->check(CLI::Range(1, 100'000))
      ->capture_default_str();
  app.add_option("--waiting", settings.waiting, "accepts in flight")
      ->check(CLI::Range(1, 8'000))
      ->capture_default_str();
  app.add_option("--window", settings.window, "records in flight to the destination")
      ->check(CLI::Range(1, 10'000))
      ->capture_default_str();
  app.add_option("--slowing", settings.slowing,
                 "another control: the further a run is, the slower it goes, at its end 1 + this times")
      ->check(CLI::Range(0.0, 100.0));
  app.add_option("--seed", settings.seed, "of the bodies")->capture_default_str();
  app.add_option("--limit", changes, "NAME=VALUE: another bound than the one that must hold, to try the checker");
  // Of the processes it starts.
  app.add_option("--phase", phase)->group("");
  app.add_option("--acknowledged", settings.acknowledged)->group("");
  app.add_option("--started-at-ns", settings.started_at_steady_ns)->group("");
  CLI11_PARSE(app, argc, argv);
  auto limits = titip::capacity::the_limits(settings.submissions);
  for (const auto& change : changes) {
    if (change_limit(limits, change)) continue;
    fmt::print(stderr, "titip_capacity: --limit {}: no such limit, or no number\n", change);
    return could_not_run;
  }
  if (phase == "accept") titip::capacity::accept_until_killed(settings);
  if (phase == "open-and-close") return titip::capacity::open_and_close(settings);
  if (phase == "drain") return titip::capacity::drain(settings);
  return run_in(std::move(settings), limits);
}
