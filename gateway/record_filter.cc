#include "gateway/record_filter.h"

#include <CLI/CLI.hpp>

#include "gateway/pause_end.h"
#include "metrics/words/said.h"

namespace titip::gateway {

void add_filter_options(CLI::App& command, RecordFilter& filter) {
  command.add_option("--state", filter.states, words::tell("in these states: rejected, or queued,deferred"))
      ->delimiter(',')
      ->allow_extra_args(false);
  command.add_option("--destination", filter.destination, words::tell("of this destination"));
  command.add_option("--facility", filter.facility, words::tell("from this facility, by its code"));
  command.add_option("--rule", filter.rule, words::tell("that this outcome rule of the profile decided last"));
  command.add_option("--day", filter.day, words::tell("accepted on this day in WIB, like 2026-08-15"));
  command.add_option("--older-than", filter.older_than, words::tell("accepted at least so long ago: 90m, 2h, 1d"));
  command.add_option("--newer-than", filter.newer_than, words::tell("accepted less long ago than this"));
}

std::expected<admin::QueueWords, std::string> read_filter(const RecordFilter& filter, clock::WallTime now) {
  admin::QueueWords words;
  for (const auto& each : filter.states) {
    const auto state = admin::state_named(each);
    if (!state)
      return std::unexpected(
          words::tell("'{}' is no state; there are queued, blocked, in_flight, deferred, unknown, held, delivered, "
                      "rejected, cancelled and expired",
                      each));
    words.states.push_back(*state);
  }
  words.destination = filter.destination;
  words.facility = filter.facility;
  words.rule = filter.rule;
  words.day = filter.day;
  for (const auto& [span, into] :
       {std::pair(&filter.older_than, &words.before_ms), std::pair(&filter.newer_than, &words.from_ms)}) {
    if (span->empty()) continue;
    const auto later = after_span(*span, now);
    if (!later) return std::unexpected(later.error());
    *into = (now - (*later - now)).time_since_epoch().count();
  }
  if (auto fault = admin::fault_of(words); !fault.empty()) return std::unexpected(fault.own());
  return words;
}

}  // namespace titip::gateway
