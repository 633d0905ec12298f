// `titip outages`: the outages that were written down, as a table or as evidence, asked for page by page.
#include <fmt/format.h>

#include <cstdio>
#include <nlohmann/json.hpp>
#include <utility>

#include "gateway/clock/local_date.h"
#include "gateway/commands.h"
#include "gateway/delivery/outages.h"
#include "gateway/exit_status.h"
#include "gateway/outage_words.h"
#include "gateway/reach.h"
#include "gateway/say.h"
#include "metrics/log.h"
#include "metrics/words/said.h"

namespace titip::gateway {
namespace {

using admin::Ended;
using admin::Trouble;
using nlohmann::json;

// Prints what it is given, and keeps none of it.
class Printing {
 public:
  Printing(const Config& config, OutagesCommand::Format format)
      : format_(format), table_(config.utc_offset, clock::SystemClock().wall()) {
    if (format_ == Format::csv) fmt::print("{}", delivery::csv_header());
  }

  void print(const delivery::Outage& outage) {
    const auto table = table_.lines(outage);
    if (format_ == Format::table) fmt::print("{}", table);
    if (format_ == Format::csv) fmt::print("{}", delivery::csv_line(outage));
    if (format_ == Format::json) fmt::print("{}{}", std::exchange(first_, false) ? "[\n" : ",\n", json_object(outage));
  }
  // Not after trouble: half a list must not look whole.
  void whole() {
    if (format_ == Format::json) fmt::print("{}", first_ ? "[]\n" : "\n]\n");
  }
  std::string sum() const { return table_.sum(); }

 private:
  using Format = OutagesCommand::Format;
  const Format format_;
  OutageTable table_;
  bool first_ = true;
};

struct Page {
  std::vector<delivery::Outage> outages;
  std::uint64_t unreadable = 0;
  std::string next;  // empty: that was all
};

std::optional<Page> page_of(const std::string& result) {
  const auto document = json::parse(result, nullptr, false);
  if (!document.is_object()) return std::nullopt;
  try {
    Page page{{}, document.at("unreadable"), document.value("next", "")};
    for (const auto& each : document.at("outages")) {
      auto outage = delivery::decode_outage(each.dump());
      if (!outage) return std::nullopt;
      page.outages.push_back(std::move(*outage));
    }
    return page;
  } catch (const json::exception&) {
    return std::nullopt;
  }
}

Ended list(const Config& config, const OutagesCommand& command, admin::Request request) {
  Reach reach(config);
  Printing printing(config, command.format);
  std::uint64_t unreadable = 0;
  do {
    const auto ended = reach.ask(request, {});
    if (ended.trouble) return ended;
    auto page = page_of(ended.result);
    if (!page)
      return admin::in_trouble(
          Trouble::failed, words::said("The list cannot be read: gateway and command line are of different versions."));
    for (const auto& outage : page->outages) printing.print(outage);
    unreadable += page->unreadable;
    request.after = std::move(page->next);
  } while (!request.after.empty());
  printing.whole();
  Ended sum;
  sum.sentence = words::verbatim(printing.sum());
  sum.partial = unreadable > 0;
  if (sum.partial) sum.sentence += words::said(" Beside these, records that cannot be read: {}.", unreadable);
  return sum;
}

}  // namespace

int run_outages(const Config& config, const OutagesCommand& command) {
  metrics::set_log_level(metrics::Level::warning);
  admin::Request request;
  request.command = admin::Command::outages;
  request.destination = command.destination;
  if (!command.since.empty()) {
    const auto since = clock::beginning_of(command.since, config.utc_offset);
    if (!since) {
      say(words::tell("--since: '{}' is no date; write it like 2026-08-15", command.since));
      return exit_usage;
    }
    request.since_ms = since->time_since_epoch().count();
  }
  return conclude(list(config, command, std::move(request)), {}, command.format != OutagesCommand::Format::table);
}

}  // namespace titip::gateway
