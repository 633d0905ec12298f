// `titip hold|release|requeue|cancel` and `titip bulk`: counted, confirmed, done with progress, and whoever was refused
// is listed.
#include <fmt/format.h>
#include <unistd.h>

#include <fstream>
#include <iostream>
#include <nlohmann/json.hpp>
#include <utility>

#include "gateway/commands.h"
#include "gateway/exit_status.h"
#include "gateway/progress_line.h"
#include "gateway/reach.h"
#include "gateway/say.h"
#include "metrics/log.h"
#include "metrics/words/said.h"

namespace titip::gateway {
namespace {

using admin::Command;
using admin::Ended;
using nlohmann::ordered_json;

class Acting {
 public:
  Acting(const Config& config, Saying saying)
      : saying_(saying), reach_(config), progress_(stderr, ::isatty(STDERR_FILENO) != 0) {}

  int one(const admin::Request& request) { return conclude(ask(request), saying_); }

  // How many fit is shown before any is touched.
  int many(const admin::Request& request) {
    auto foreseen = request;
    foreseen.dry_run = true;
    const auto seen = ask(foreseen);
    if (request.dry_run || seen.trouble) return conclude(seen, saying_);
    const auto document = ordered_json::parse(seen.result, nullptr, false);
    const auto count = document.is_object() ? document.value("count", std::uint64_t{0}) : 0;
    if (!confirmed(std::to_string(count), seen.sentence.own(), saying_, true)) return exit_usage;
    return with_refused(ask(request));
  }

  int proposals(const admin::Request& request) {
    const auto ended = ask(request);
    const auto document = ordered_json::parse(ended.result, nullptr, false);
    if (!saying_.json && document.is_object())
      for (const auto& each : document.value("items", ordered_json::array()))
        fmt::print("{}  {}  {}  {}  {}  {}\n", each.value("id", "?"), each.value("digest", "?"), each.value("at", "?"),
                   each.value("by", "?"),
                   each.value("unreadable", false)
                       ? words::tell("cannot be read")
                       : fmt::format("{}", fmt::join(each.value("changed", std::vector<std::string>{}), ", ")),
                   each.value("reason", ""));
    return conclude(ended, saying_, !saying_.json);
  }

  int bulk(admin::Request request) {
    auto ended = ask(request);
    if (request.command != Command::bulk_status || saying_.json) return with_refused(std::move(ended));
    lists_all_ = true;
    // The first page is told with the sentence; the others follow.
    const auto status = with_refused(ended);
    for (auto next = next_of(ended); !next.empty(); next = next_of(ended)) {
      request.after = next;
      ended = ask(request);
      if (ended.trouble) return conclude(ended, saying_);
      print_refused(ended);
    }
    return status;
  }

 private:
  Ended ask(const admin::Request& request) {
    auto ended = reach_.ask(request, {[this](storage::Progress progress) { progress_.show(progress); }, {}});
    progress_.end();
    return ended;
  }
  int with_refused(const Ended& ended) {
    if (!saying_.json && !ended.trouble) print_refused(ended);
    const bool has_data = !saying_.json && !ended.trouble && ended.partial;
    const auto status = conclude(ended, saying_, has_data);
    if (!saying_.json && !lists_all_ && !next_of(ended).empty())
      say(words::tell("There are more: `titip bulk status` lists them all."));
    return status;
  }
  static std::string next_of(const Ended& ended) {
    const auto document = ordered_json::parse(ended.result, nullptr, false);
    return document.is_object() ? document.value("next", "") : std::string();
  }
  static void print_refused(const Ended& ended) {
    const auto document = ordered_json::parse(ended.result, nullptr, false);
    if (!document.is_object()) return;
    for (const auto& each : document.value("refused", ordered_json::array()))
      fmt::print("{}  {}: {}\n", each.value("id", "?"), each.value("why", "?"), own_of(each, "sentence"));
  }

  const Saying saying_;
  Reach reach_;
  ProgressLine progress_;
  bool lists_all_ = false;
};

// Empty: they were read. Never says what stands there.
std::string read_edits(const ActCommand& command, std::vector<admin::Edit>& edits) {
  const auto take = [&edits](std::string_view text) {
    edits.push_back(admin::parse_edit(text));
    return !edits.back().pointer.empty();
  };
  for (std::size_t at = 0; at < command.edits.size(); ++at)
    if (!take(command.edits[at])) return words::tell("--set number {} is not written /place=value", at + 1);
  if (command.edits_file.empty()) return {};
  std::ifstream file;
  if (command.edits_file != "-") file.open(command.edits_file);
  auto& in = command.edits_file == "-" ? std::cin : file;
  if (!in) return words::tell("{}: cannot be read", command.edits_file);
  std::size_t number = 0;
  for (std::string text; std::getline(in, text);) {
    ++number;
    if (text.ends_with('\r')) text.pop_back();
    if (!text.empty() && !take(text)) return words::tell("{} line {}: write /place=value", command.edits_file, number);
  }
  return {};
}

}  // namespace

int run_act(const Config& config, const ActCommand& command, Saying saying) {
  metrics::set_log_level(metrics::Level::warning);
  auto request = command.request;
  auto words = read_filter(command.filter, clock::SystemClock().wall());
  if (!words) {
    say(words.error());
    return exit_usage;
  }
  if (auto fault = read_edits(command, request.edits); !fault.empty()) {
    say(fault);
    return exit_usage;
  }
  words->id = request.queue.id;
  request.queue = std::move(*words);
  if (auto fault = admin::fault_of(request); !fault.empty())
    return conclude(admin::in_trouble(admin::Trouble::usage, std::move(fault)), saying);
  Acting acting(config, saying);
  if (request.command == Command::edit_proposals) return acting.proposals(request);
  if (request.command == Command::edit || admin::is_of_proposals(request.command)) return acting.one(request);
  if (!admin::acts_on_records(request.command)) return acting.bulk(std::move(request));
  return request.queue.id.empty() ? acting.many(request) : acting.one(request);
}

}  // namespace titip::gateway
