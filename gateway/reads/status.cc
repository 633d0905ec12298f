#include "gateway/reads/status.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "gateway/clock/local_date.h"
#include "upstream/rules/deadlines.h"

namespace titip::reads {
namespace {

constexpr std::size_t most_gates_shown = 100;

using nlohmann::ordered_json;
using storage::State;

std::uint64_t of(const storage::DestinationCounts& counts, State state) {
  return counts.by_state[static_cast<std::size_t>(state)];
}

struct Totals {
  std::uint64_t pending = 0;
  std::uint64_t attention = 0;
  std::optional<client::WallTime> outage_since;
  std::optional<client::WallTime> asked_to_wait_until;
};

Totals add_up(const StatusFacts& facts) {
  Totals totals;
  for (const auto& each : facts.destinations) {
    // What is held goes nowhere until a person has looked at it: it is said under attention.
    totals.pending += pending(each.counts) - of(each.counts, State::held);
    totals.attention += needs_attention(each.counts);
    const auto until = each.health.asked_to_wait_until;
    if (until && (!totals.asked_to_wait_until || *until > *totals.asked_to_wait_until))
      totals.asked_to_wait_until = until;
    const auto since = each.health.outage_since;
    if (since && (!totals.outage_since || *since < *totals.outage_since)) totals.outage_since = since;
  }
  return totals;
}

rules::DeadlineOutlook outlook_of(const StatusFacts& facts, const DestinationFacts& each) {
  return rules::outlook(each.counts.pending_by_deadline, facts.now, each.sends_per_second, each.deadline_share);
}

// Only what somebody may have to act on: who will be too late, or may be, and who was.
words::Said on_deadlines(const StatusFacts& facts) {
  words::Said text;
  std::uint64_t missed = 0;
  std::uint64_t late = 0;
  std::uint64_t doubtful = 0;  // of the nearest deadline of a destination that is not being sent to
  std::optional<client::WallTime> by;
  for (const auto& each : facts.destinations) {
    const auto found = outlook_of(facts, each);
    missed += found.missed;
    late += found.will_miss.value_or(0);
    if (found.will_miss || !found.next_minute) continue;
    const client::WallTime at{std::chrono::minutes(*found.next_minute)};
    if (!by || at < *by) doubtful = 0;
    if (!by || at <= *by) doubtful += each.counts.pending_by_deadline.at(*found.next_minute);
    by = by ? std::min(*by, at) : at;
  }
  if (doubtful > 0) {
    const auto time = clock::local_hour_minute(*by, facts.utc_offset);
    const auto zone = clock::zone_name(facts.utc_offset);
    text += words::said(" {} must arrive by {} {}.", words::grouped(doubtful), time, zone);
  }
  if (late > 0) {
    text += late == 1 ? words::said(" At the present pace 1 will miss its deadline.")
                      : words::said(" At the present pace {} will miss their deadline.", words::grouped(late));
  }
  if (missed > 0) {
    text += missed == 1 ? words::said(" 1 missed its deadline.")
                        : words::said(" {} missed their deadline.", words::grouped(missed));
  }
  return text;
}

ordered_json deadlines_json(const rules::DeadlineOutlook& found) {
  ordered_json text{{"waiting", found.waiting}, {"next_at", nullptr}, {"will_miss", nullptr}, {"missed", found.missed}};
  if (found.next_minute) text["next_at"] = clock::rfc3339(client::WallTime(std::chrono::minutes(*found.next_minute)));
  if (found.will_miss) text["will_miss"] = *found.will_miss;
  return text;
}

void put_gate(ordered_json& document, const Gated& gate) {
  document["since"] = gate.since;
  document["reason"] = gate.reason.english();
  document["reason_id"] = gate.reason.in(words::Language::id);
}

words::Said opening(const StatusFacts& facts, const Totals& totals) {
  if (!facts.store.writable || facts.store.disk_low)
    return words::said("The gateway cannot store new records; call its operator.");
  const auto zone = clock::zone_name(facts.utc_offset);
  if (!totals.outage_since && totals.asked_to_wait_until) {
    const auto time = clock::local_hour_minute(*totals.asked_to_wait_until, facts.utc_offset);
    return words::said("The national server asked to be left alone until {} {}.", time, zone);
  }
  if (!totals.outage_since) return words::said("The national server is serving.");
  const auto time = clock::local_hour_minute(*totals.outage_since, facts.utc_offset);
  return words::said("The national server has been unavailable since {} {}.", time, zone);
}

}  // namespace

std::uint64_t pending(const storage::DestinationCounts& counts) {
  std::uint64_t sum = 0;
  for (const auto state : storage::all_states)
    if (!storage::is_terminal(state)) sum += of(counts, state);
  return sum;
}

std::uint64_t needs_attention(const storage::DestinationCounts& counts) {
  return of(counts, State::rejected) + of(counts, State::expired) + of(counts, State::held);
}

std::int64_t ledger_difference(const storage::DestinationCounts& counts) {
  std::uint64_t sum = 0;
  for (const auto state : storage::all_states) sum += of(counts, state);
  const std::uint64_t apart = counts.accepted > sum ? counts.accepted - sum : sum - counts.accepted;
  return static_cast<std::int64_t>(apart + counts.scan_difference);
}

words::Said sentence(const StatusFacts& facts) {
  const auto totals = add_up(facts);
  auto text = opening(facts, totals);
  for (const auto& each : facts.destinations) {
    if (const auto count = each.gated_facilities.size(); count > 0) {
      text += words::said(" Sending for {} to {} is held back until the operator resumes it.",
                          words::counted(count, words::text("facilities")), each.destination);
    }
    if (each.drain && each.drain->stands_still) {
      text += words::said(" Sending the backlog to {} is paused.", each.destination);
    }
    if (!each.gate) continue;
    text += words::said(" Sending to {} is held back until its operator opens the gate.", each.destination);
  }
  if (totals.pending > 0) {
    text += totals.pending == 1 ? words::said(" 1 record is safe here and will be sent, do not enter it again")
                                : words::said(" {} records are safe here and will be sent, do not enter them again",
                                              words::grouped(totals.pending));
  } else {
    text += words::said(" No record is waiting");
  }
  if (totals.attention == 1) text += words::said("; 1 needs attention");
  if (totals.attention > 1) text += words::said("; {} need attention", words::grouped(totals.attention));
  text += ".";
  return text += on_deadlines(facts);
}

ordered_json status_json(const StatusFacts& facts) {
  const auto words = sentence(facts);
  ordered_json document{{"sentence", {{"id", words.in(words::Language::id)}, {"en", words.english()}}}};
  auto list = ordered_json::array();
  for (const auto& each : facts.destinations) {
    ordered_json entry{{"destination", each.destination},
                       {"upstream", rules::name(each.health.state)},
                       {"outage_since", nullptr},
                       {"asked_to_wait_until", nullptr},
                       {"gate", nullptr},
                       {"accepted", each.counts.accepted}};
    if (each.health.outage_since) entry["outage_since"] = clock::rfc3339(*each.health.outage_since);
    if (each.health.asked_to_wait_until)
      entry["asked_to_wait_until"] = clock::rfc3339(*each.health.asked_to_wait_until);
    entry["gated_facilities"] = ordered_json::array();
    for (const auto& [facility, gate] : each.gated_facilities) {
      if (entry["gated_facilities"].size() == most_gates_shown) break;
      put_gate(entry["gated_facilities"].emplace_back(ordered_json{{"facility", facility}}), gate);
    }
    entry["drain"] = each.drain ? drain_json(*each.drain) : ordered_json(nullptr);
    if (each.gate) put_gate(entry["gate"], *each.gate);
    for (const auto state : storage::all_states) entry[std::string(storage::name(state))] = of(each.counts, state);
    entry["pending"] = pending(each.counts);
    entry["needs_attention"] = needs_attention(each.counts);
    entry["ledger_difference"] = ledger_difference(each.counts);
    entry["unknown_outcomes"] = each.unknown_outcomes;
    entry["probes"] = each.probes;
    entry["outages"] = each.health.outages;
    entry["deadlines"] = deadlines_json(outlook_of(facts, each));
    entry["open_attempts_at_start"] = facts.store.found_open_attempts;
    list.push_back(std::move(entry));
  }
  document["destinations"] = std::move(list);
  document["store"] = {{"writable", facts.store.writable},
                       {"why_not", facts.store.why_not.english()},
                       {"why_not_id", facts.store.why_not.in(words::Language::id)},
                       {"last_position", facts.store.last_position},
                       {"epoch", facts.store.epoch},
                       {"writer_queue", facts.store.writer_queue}};
  return document;
}

}  // namespace titip::reads
