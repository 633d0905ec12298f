// `titip queue ls|show|shape`: asked, page by page where it is a list, and shown.
#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <nlohmann/json.hpp>
#include <utility>

#include "gateway/commands.h"
#include "gateway/exit_status.h"
#include "gateway/people_file.h"
#include "gateway/queue_words.h"
#include "gateway/reach.h"
#include "gateway/say.h"
#include "metrics/log.h"
#include "metrics/words/said.h"

namespace titip::gateway {
namespace {

using admin::Command;
using admin::Ended;
using admin::Trouble;
using nlohmann::ordered_json;

Ended of_another_version() {
  return admin::in_trouble(
      Trouble::failed, words::said("The answer cannot be read: gateway and command line are of different versions."));
}

// Prints what it is given, and keeps none of it.
class Listing {
 public:
  explicit Listing(bool json) : json_(json) {}

  void print(const ordered_json& item) {
    if (json_) {
      const auto text = item.dump(-1, ' ', false, ordered_json::error_handler_t::replace);
      fmt::print("{}{}", count_ == 0 ? "[\n" : ",\n", text);
    } else {
      if (count_ == 0) fmt::print("{}", list_heading());
      fmt::print("{}{}", list_line(item), advice_lines(item));
    }
    ++count_;
  }
  // Not after trouble: half a list must not look whole.
  void whole() const {
    if (json_) fmt::print("{}", count_ == 0 ? "[]\n" : "\n]\n");
  }
  std::uint64_t count() const { return count_; }

 private:
  const bool json_;
  std::uint64_t count_ = 0;
};

Ended list(const Config& config, const QueueCommand& command, admin::Request request, bool json) {
  Reach reach(config);
  Listing listing(json);
  std::uint64_t unreadable = 0;
  do {
    const auto left = command.all ? admin::queue_page : command.limit - listing.count();
    request.queue.limit = std::min<std::uint64_t>(left, admin::queue_page);
    const auto ended = reach.ask(request, {});
    if (ended.trouble) return ended;
    const auto page = ordered_json::parse(ended.result, nullptr, false);
    if (!page.is_object() || !page.contains("items")) return of_another_version();
    for (const auto& item : page.at("items")) listing.print(item);
    unreadable += page.value("unreadable", std::uint64_t{0});
    request.after = page.value("next", "");
  } while (!request.after.empty() && (command.all || listing.count() < command.limit));
  listing.whole();
  Ended sum{{}, unreadable > 0, words::counted(listing.count(), words::text("records")) + "."};
  if (!request.after.empty()) sum.sentence += words::said(" There may be more: --after {}, or --all.", request.after);
  if (sum.partial)
    sum.sentence +=
        words::said(" {} cannot be read; run `titip verify`.", words::counted(unreadable, words::text("records")));
  return sum;
}

// One answer, as text or as JSON on stdout.
int show(const Config& config, const admin::Request& request, Saying saying) {
  Reach reach(config);
  const auto ended = reach.ask(request, {});
  if (ended.trouble) return conclude(ended, saying);
  const auto document = ordered_json::parse(ended.result, nullptr, false);
  if (!document.is_object()) return conclude(of_another_version(), saying);
  if (saying.json) {
    fmt::print("{}\n", ended.result);
  } else if (request.command == Command::queue_shape) {
    fmt::print("{}", shape_text(document));
  } else {
    fmt::print("{}", record_text(document, config.utc_offset));
  }
  return std::fflush(stdout) == 0 ? exit_of(ended) : exit_failed;
}

int misused(const words::Said& sentence) {
  say(sentence.own());
  return exit_usage;
}

}  // namespace

int run_queue(const Config& config, const QueueCommand& command, Saying saying) {
  metrics::set_log_level(metrics::Level::warning);
  auto request = command.request;
  if (request.command != Command::queue_ls) {
    if (auto fault = admin::fault_of(request); !fault.empty()) return misused(fault);
    return show(config, request, saying);
  }
  if (command.limit == 0) return misused(words::said("--limit is 1 at least"));
  auto words = read_filter(command.filter, clock::SystemClock().wall());
  if (!words) return misused(words::verbatim(words.error()));
  request.queue = std::move(*words);
  request.queue.attention = command.attention;
  if (!command.people_file.empty()) {
    auto people = read_people_file(command.people_file);
    if (!people) return misused(words::said("{}: {}", command.people_file, people.error()));
    request.people = std::move(*people);
  }
  if (auto fault = admin::fault_of(request); !fault.empty()) return misused(fault);
  return conclude(list(config, command, std::move(request), saying.json), {}, true);
}

}  // namespace titip::gateway
