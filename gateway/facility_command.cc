// `titip facility …`: reads the files it is given, asks the gateway or the store, says how it came out.
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <nlohmann/json.hpp>
#include <utility>

#include "gateway/commands.h"
#include "gateway/exit_status.h"
#include "gateway/facility_file.h"
#include "gateway/progress_line.h"
#include "gateway/reach.h"
#include "gateway/say.h"
#include "gateway/secret.h"
#include "metrics/log.h"
#include "metrics/words/said.h"
#include "upstream/scheme/api_key.h"

namespace titip::gateway {
namespace {

using admin::Command;
using admin::Ended;
using admin::Trouble;
using nlohmann::ordered_json;

constexpr std::size_t file_bytes = 64U << 20U;
constexpr std::size_t beside_facilities = 8U << 10U;  // of a request: the reason and the rest

Ended misused(words::Said sentence) {
  return admin::in_trouble(Trouble::usage, std::move(sentence) + ".");
}
Ended unintelligible() {
  return admin::in_trouble(
      Trouble::failed, words::said("The answer cannot be read: gateway and command line are of different versions."));
}

// --- ls ----------------------------------------------------------------------------------------------------------

std::string keys_words(int keys) {
  return keys == 0 ? "" : keys == 1 ? words::tell(" (API key)") : words::tell(" (two API keys)");
}

void print_row(const ordered_json& each) {
  fmt::print("{:<16}{:<10}{:<10}{:<8}{:<24}{}{}{}\n", each.value("code", "?"), each.value("state", "?"),
             each.value("kept_in", "?"), each.value("utc_offset", "?"), each.value("consumer_id", ""),
             each.value("name", ""), each.value("is_rotating", false) ? words::tell(" (two secrets)") : "",
             keys_words(each.value("api_keys", 0)));
}

Ended list(const Config& config, admin::Request request, bool as_json) {
  Reach reach(config);
  bool first = true;
  Ended ended;
  do {
    ended = reach.ask(request, {});
    if (ended.trouble) return ended;
    const auto document = ordered_json::parse(ended.result, nullptr, false);
    const auto rows = document.is_object() ? document.find("facilities") : document.end();
    if (rows == document.end() || !rows->is_array()) return unintelligible();
    for (const auto& each : *rows) {
      if (as_json) {
        fmt::print("{}{}", std::exchange(first, false) ? "[\n" : ",\n", each.dump());
      } else {
        print_row(each);
      }
    }
    request.after = document.value("next", "");
  } while (!request.after.empty());
  if (as_json) fmt::print("{}", first ? "[]\n" : "\n]\n");
  ended.result.clear();
  return ended;
}

// --- import ------------------------------------------------------------------------------------------------------

// A file's facilities on their way, a request after the other; each is durable as a whole before the next is sent.
class Import {
 public:
  Import(const Config& config, const FacilityCommand& command)
      : config_(config), command_(command), reach_(config), progress_(stderr, ::isatty(STDERR_FILENO) != 0) {}

  Ended run() {
    const auto text = read_private_file(command_.file, file_bytes);
    if (!text) return misused(words::verbatim(text.error()));
    file_ = read_facility_file(*text, config_.utc_offset);
    if (!file_.lines.empty()) {
      const auto fault = admin::fault_of(request_of(0, 1, command_.request.dry_run));
      if (!fault.empty()) return misused(fault);
    }
    auto ended = look_and_add();
    progress_.end();
    return ended;
  }

 private:
  Ended look_and_add() {
    if (auto looked = pass(true); looked.trouble) return looked;
    const auto total = file_.lines.size() + file_.faults.size();
    tell_faults();
    if (!file_.faults.empty() && (!command_.skip_faulty || file_.lines.empty()))
      return {Trouble::usage, false,
              words::said("{}: {} of {} cannot be added, so none was. Mend them{} and run it again.", command_.file,
                          words::grouped(file_.faults.size()), words::counted(total, words::text("lines")),
                          command_.skip_faulty ? words::Said() : words::said(", or say --skip-faulty,")),
              result()};
    if (command_.request.dry_run) return concluded();
    if (auto done = pass(false); done.trouble) return cut_short(std::move(done));
    return concluded();
  }

  // Only looks, and takes what the registry would refuse out of the lines; or adds them.
  Ended pass(bool only_looks) {
    added_ = replaced_ = unchanged_ = 0;
    for (std::size_t from = 0; from < file_.lines.size();) {
      const auto count = fitting(from);
      auto ended = reach_.ask(request_of(from, count, only_looks), {});
      const auto document = ordered_json::parse(ended.result, nullptr, false);
      const auto faults = document.is_object() ? document.find("faults") : document.end();
      if (ended.trouble && only_looks && faults != document.end()) {
        if (!set_apart(from, count, *faults)) return unintelligible();
        continue;  // the same place again, without them
      }
      if (ended.trouble) return ended;
      if (!document.is_object()) return unintelligible();
      added_ += document.value("added", std::size_t{0});
      replaced_ += document.value("replaced", std::size_t{0});
      unchanged_ += document.value("unchanged", std::size_t{0});
      from += count;
      progress_.show({from, file_.lines.size()});
    }
    return {};
  }

  bool set_apart(std::size_t from, std::size_t count, const ordered_json& faults) {
    if (!faults.is_array() || faults.empty()) return false;
    std::vector<std::string> why(count);
    for (const auto& each : faults) {
      const auto at = each.value("at", count);
      if (at >= count) return false;
      why[at] = each.value("code", "") + ": " + own_of(each, "fault");
    }
    auto kept = file_.lines.begin() + static_cast<std::ptrdiff_t>(from);
    for (std::size_t at = from; at < file_.lines.size(); ++at) {
      auto& line = file_.lines[at];
      if (at < from + count && !why[at - from].empty()) {
        file_.faults.push_back({line.line, std::move(why[at - from])});
      } else if (auto& place = *kept++; &place != &line) {
        place = std::move(line);
      }
    }
    file_.lines.erase(kept, file_.lines.end());
    return true;
  }

  admin::Request request_of(std::size_t from, std::size_t count, bool only_looks) const {
    auto request = command_.request;
    request.dry_run = only_looks;
    for (std::size_t at = from; at < from + std::min(count, file_.lines.size() - from); ++at)
      request.facilities.push_back(file_.lines[at].facility);
    return request;
  }
  // How many from here on go into one request.
  std::size_t fitting(std::size_t from) const {
    std::size_t bytes = 0;
    std::size_t count = 0;
    while (from + count < file_.lines.size() && count < admin::facilities_at_once) {
      bytes += admin::facilities_json({file_.lines[from + count].facility}).dump().size();
      if (bytes > admin::request_bytes - beside_facilities) break;
      ++count;
    }
    return count;
  }

  void tell_faults() {
    std::ranges::sort(file_.faults, {}, &FileFault::line);
    progress_.end();
    for (const auto& [line, sentence] : file_.faults) say(words::tell("{} line {}: {}", command_.file, line, sentence));
  }
  std::string result() const {
    ordered_json document{
        {"added", added_}, {"replaced", replaced_}, {"unchanged", unchanged_}, {"faults", ordered_json::array()}};
    if (!file_.faults.empty() && !command_.skip_faulty) document["added"] = document["replaced"] = 0;
    for (const auto& [line, sentence] : file_.faults)
      document["faults"].push_back({{"line", line}, {"fault", sentence}});
    return document.dump(-1, ' ', false, ordered_json::error_handler_t::replace);
  }
  Ended concluded() const {
    auto sentence = command_.request.dry_run
                        ? words::said("{} would be added.", words::counted(added_, words::text("facilities")))
                        : words::said("{} added.", words::counted(added_, words::text("facilities")));
    if (replaced_ > 0) sentence += words::said(" {} replaced.", words::grouped(replaced_));
    if (unchanged_ > 0) sentence += words::said(" {} there already, and the same.", words::grouped(unchanged_));
    if (!file_.faults.empty())
      sentence += words::said(" {} left out.", words::counted(file_.faults.size(), words::text("lines")));
    return {{}, !file_.faults.empty(), std::move(sentence), result()};
  }
  Ended cut_short(Ended why) const {
    if (added_ + replaced_ == 0) return why;
    return {{},
            true,
            words::said("{} done of {}, then: {} Run it again: what is there already is passed over.",
                        words::grouped(added_ + replaced_),
                        words::counted(file_.lines.size(), words::text("facilities")), why.sentence),
            result()};
  }

  const Config& config_;
  const FacilityCommand& command_;
  Reach reach_;
  ProgressLine progress_;
  FacilityFile file_;
  std::size_t added_ = 0;
  std::size_t replaced_ = 0;
  std::size_t unchanged_ = 0;
};

// --- one facility --------------------------------------------------------------------------------------------------

// Empty: `facility` is as the command line and its files say.
std::string complete(const Config& config, const FacilityCommand& command, storage::Facility& facility) {
  facility.utc_offset = std::chrono::minutes(0);
  if (command.request.command == Command::facility_add) {
    const auto offset = command.utc_offset.empty() ? config.utc_offset : read_utc_offset(command.utc_offset);
    if (!offset) return words::tell("--utc-offset is written like +07:00, or WIB, WITA or WIT");
    facility.utc_offset = *offset;
    if (!read_encrypted(command.encrypted, facility)) return words::tell("--encrypted is yes, no or profile");
    if (!command.signature_age.empty() && !read_signature_age(command.signature_age, facility))
      return words::tell("--signature-age is a whole number of seconds");
    if (!command.most_pending.empty() && !read_most_pending(command.most_pending, facility))
      return words::tell("--most-pending is a whole number of records");
  }
  const std::pair<const std::string&, std::string&> secrets[] = {
      {command.secret_file, facility.consumer_secret},
      {command.password_file, facility.password},
      {command.callback_secret_file, facility.callback_secret}};
  for (const auto& [path, into] : secrets) {
    if (path.empty()) continue;
    auto secret = read_secret(path);
    if (!secret) return secret.error();
    into = std::move(*secret);
  }
  return {};
}

Ended change(const Config& config, const FacilityCommand& command) {
  auto request = command.request;
  auto facility = command.facility;
  if (const auto fault = complete(config, command, facility); !fault.empty()) return misused(words::verbatim(fault));
  request.facilities.push_back(std::move(facility));
  if (const auto fault = admin::fault_of(request); !fault.empty()) return misused(fault);
  Reach reach(config);
  return reach.ask(request, {});
}

// Made here, so that the gateway only ever sees its hash.
int give_key(const Config& config, FacilityCommand command, Saying saying) {
  auto& request = command.request;
  if (request.key_done || request.keys_revoked) return conclude(change(config, command), saying);
  const auto key = scheme::make_api_key();
  if (!key)
    return conclude(admin::in_trouble(Trouble::failed, words::said("The machine gives no random bytes now.")), saying);
  command.facility.api_key_hash = scheme::api_key_hash(*key);
  auto ended = change(config, command);
  if (ended.trouble || request.dry_run) return conclude(ended, saying);
  if (saying.json) {
    auto result = ordered_json::parse(ended.result, nullptr, false);
    if (!result.is_object()) return conclude(unintelligible(), saying);
    result["api_key"] = *key;
    ended.result = result.dump();
    return conclude(ended, saying);
  }
  fmt::print("{}\n", *key);
  return conclude(ended, {}, true);
}

}  // namespace

int run_facility(const Config& config, const FacilityCommand& command, Saying saying) {
  metrics::set_log_level(metrics::Level::warning);  // what there is to say is said in sentences
  if (command.request.command == Command::facility_ls)
    return conclude(list(config, command.request, saying.json), {}, true);
  if (command.request.command == Command::facility_import) return conclude(Import(config, command).run(), saying);
  if (command.makes_key) return give_key(config, command, saying);
  return conclude(change(config, command), saying);
}

}  // namespace titip::gateway
