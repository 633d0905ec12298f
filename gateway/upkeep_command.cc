// The commands that a running gateway can do as well: asked, shown, concluded.
#include <fmt/format.h>
#include <unistd.h>

#include <cstdio>
#include <nlohmann/json.hpp>

#include "gateway/commands.h"
#include "gateway/exit_status.h"
#include "gateway/people_file.h"
#include "gateway/progress_line.h"
#include "gateway/reach.h"
#include "gateway/say.h"
#include "metrics/log.h"
#include "metrics/words/said.h"

namespace titip::gateway {
namespace {

using admin::Command;
using admin::Ended;
using admin::Request;
using admin::Trouble;

class Session {
 public:
  Session(const Config& config, Saying saying)
      : saying_(saying), reach_(config), progress_(stderr, ::isatty(STDERR_FILENO) != 0) {}

  Ended ask(const Request& request) {
    const admin::Heard heard{[this](storage::Progress progress) { progress_.show(progress); },
                             [](const std::string& json) { fmt::print("{}\n", json); }};
    auto ended = reach_.ask(request, heard);
    progress_.end();
    return ended;
  }
  bool is_offline() const { return reach_.is_offline(); }

  // The records are counted and shown before any is touched.
  int erase(Request request, bool stdin_is_free) {
    auto foreseen = request;
    foreseen.dry_run = true;
    const auto seen = ask(foreseen);
    // Of whom nothing is kept here something may be in a backup: they go on the list all the same.
    const bool nothing_kept = seen.trouble == Trouble::not_found;
    if (request.dry_run || (seen.trouble && !nothing_kept)) return conclude(seen, saying_);
    const auto document = nlohmann::json::parse(seen.result, nullptr, false);
    const auto records = document.is_object() ? document.value("records", std::uint64_t{0}) : 0;
    const auto means = nothing_kept ? words::tell(" They would stand on the list that is applied after a restore.")
                                    : words::tell(" This cannot be taken back.");
    if (!confirmed(std::to_string(records), seen.sentence.own() + means, saying_, stdin_is_free)) return exit_usage;
    return conclude(ask(request), saying_);
  }

  // What would go is shown before it goes.
  int drain(const Request& request) {
    auto foreseen = request;
    foreseen.dry_run = true;
    const auto seen = ask(foreseen);
    if (request.dry_run || seen.trouble) return conclude(seen, saying_);
    if (!confirmed("y", seen.sentence.own(), saying_, true)) return exit_usage;
    return conclude(ask(request), saying_);
  }

  int status(const Request& request) {
    const auto ended = ask(request);
    if (ended.trouble) return conclude(ended, saying_);
    if (saying_.json) {
      fmt::print("{}\n", ended.result);
    } else {
      fmt::print("{}", status_text(ended));
    }
    return is_offline() ? exit_unreachable : exit_ok;
  }

 private:
  const Saying saying_;
  Reach reach_;
  ProgressLine progress_;
};

}  // namespace

int run_upkeep(const Config& config, Request request, const std::string& people_file, Saying saying) {
  metrics::set_log_level(metrics::Level::warning);  // what there is to say is said in sentences
  if (!people_file.empty()) {
    auto people = read_people_file(people_file);
    if (!people) {
      say(fmt::format("{}: {}", people_file == "-" ? "stdin" : people_file, people.error()));
      return exit_usage;
    }
    request.people = std::move(*people);
  }
  if (!request.to.empty()) {
    std::error_code error;
    request.to = std::filesystem::absolute(request.to, error).lexically_normal().string();
  }
  if (auto fault = admin::fault_of(request); !fault.empty())
    return conclude(admin::in_trouble(Trouble::usage, std::move(fault)), saying);
  Session session(config, saying);
  if (request.command == Command::status) return session.status(request);
  if (request.command == Command::drain) return session.drain(request);
  if (request.command == Command::erase) return session.erase(std::move(request), people_file != "-");
  const bool has_data = request.command == Command::export_person;
  return conclude(session.ask(request), saying, has_data);
}

}  // namespace titip::gateway
