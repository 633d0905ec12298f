#include <fmt/format.h>

#include "tests/day/checker.h"

// When a day counts as passed, and its last line. Apart from the judging itself, which knows no thresholds.
namespace titip::day {

std::vector<std::string> broken_rules(const Verdict& v, const Demands& demands) {
  std::vector<std::string> broken;
  const auto demand = [&](bool holds, std::string sentence) {
    if (!holds) broken.push_back(std::move(sentence));
  };
  for (const Fault fault : {Fault::duplicate, Fault::lost, Fault::out_of_order, Fault::stale_value, Fault::foreign,
                            Fault::contradiction, Fault::unacknowledged}) {
    if (fault == Fault::unacknowledged && demands.may_refuse) continue;
    demand(v.count(fault) == 0, fmt::format("{} findings of the kind \"{}\"", v.count(fault), name(fault)));
  }
  demand(v.submissions > 0, "nobody submitted anything");
  demand(v.acknowledged == v.submissions || demands.may_refuse,
         fmt::format("acknowledged is {}, submissions are {}", v.acknowledged, v.submissions));
  demand(v.delivered + v.rejected + v.cancelled == v.acknowledged,
         fmt::format("delivered + rejected + cancelled is {}, acknowledged is {}",
                     v.delivered + v.rejected + v.cancelled, v.acknowledged));
  demand(v.blocked == 0 && v.held == 0 && v.pending == 0,
         fmt::format("{} blocked, {} held, {} pending at the end", v.blocked, v.held, v.pending));
  const Counters& c = v.counters;
  if (demands.deaths > 0) {
    demand(c.kills >= demands.deaths, fmt::format("the gateway died {} times, not {}", c.kills, demands.deaths));
    demand(c.open_at_kill >= 1 || demands.may_refuse, "no attempt was open at any of its deaths");
    return broken;
  }
  demand(v.slowest_answer_ms < patience_ms, fmt::format("the slowest answer took {} ms", v.slowest_answer_ms));
  demand(c.outages >= 3, fmt::format("the gateway saw {} outages, 3 are needed", c.outages));
  demand(c.unknown >= 1, "no attempt ended unknown");
  demand(c.probes >= 1, "nothing was probed");
  demand(c.lost_replies >= 1, "the simulator lost no reply");
  demand(c.late_applies >= 1, "the simulator applied nothing late");
  if (demands.kill) {
    demand(c.kills == 1, fmt::format("the gateway was killed {} times, not once", c.kills));
    demand(c.open_at_kill >= 1, "no attempt was open when the gateway was killed");
  }
  return broken;
}

std::string last_line(const Verdict& v) {
  const Counters& c = v.counters;
  std::string line = fmt::format(
      "demo: people={} submissions={} acknowledged={} delivered={} rejected={} cancelled={} blocked={} held={} "
      "pending={} "
      "duplicates={} lost={} out_of_order={} stale_values={} unknown={} probes={} lost_replies={} late_applies={} "
      "open_at_kill={} outages={} kills={} slowest_answer_ms={}",
      v.people, v.submissions, v.acknowledged, v.delivered, v.rejected, v.cancelled, v.blocked, v.held, v.pending,
      v.count(Fault::duplicate), v.count(Fault::lost), v.count(Fault::out_of_order), v.count(Fault::stale_value),
      c.unknown, c.probes, c.lost_replies, c.late_applies, c.open_at_kill, c.outages, c.kills, v.slowest_answer_ms);
  if (!c.by_fault.empty()) line += fmt::format(" faults={}", c.faults);
  for (const auto& [fault, times] : c.by_fault) line += fmt::format(" {}={}", fault, times);
  return line;
}

}  // namespace titip::day
