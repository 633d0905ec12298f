#include "gateway/reads/status.h"

#include <fmt/format.h>

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

// 1203 -> "1.203" or "1,203".
std::string grouped(std::uint64_t number, char separator) {
  auto digits = std::to_string(number);
  for (auto at = static_cast<std::ptrdiff_t>(digits.size()) - 3; at > 0; at -= 3)
    digits.insert(static_cast<std::size_t>(at), 1, separator);
  return digits;
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
Sentence on_deadlines(const StatusFacts& facts) {
  Sentence text;
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
    text.id += fmt::format(" {} laporan harus sampai paling lambat {} {}.", grouped(doubtful, '.'), time, zone);
    text.en += fmt::format(" {} must arrive by {} {}.", grouped(doubtful, ','), time, zone);
  }
  if (late > 0) {
    text.id += fmt::format(" Dengan laju sekarang {} akan melewati batas waktunya.", grouped(late, '.'));
    text.en +=
        fmt::format(" At the present pace {} will miss {} deadline.", grouped(late, ','), late == 1 ? "its" : "their");
  }
  if (missed > 0) {
    text.id += fmt::format(" {} sudah melewati batas waktunya.", grouped(missed, '.'));
    text.en += fmt::format(" {} missed {} deadline.", grouped(missed, ','), missed == 1 ? "its" : "their");
  }
  return text;
}

ordered_json deadlines_json(const rules::DeadlineOutlook& found) {
  ordered_json text{{"waiting", found.waiting}, {"next_at", nullptr}, {"will_miss", nullptr}, {"missed", found.missed}};
  if (found.next_minute) text["next_at"] = clock::rfc3339(client::WallTime(std::chrono::minutes(*found.next_minute)));
  if (found.will_miss) text["will_miss"] = *found.will_miss;
  return text;
}

Sentence opening(const StatusFacts& facts, const Totals& totals) {
  if (!facts.store.writable || facts.store.disk_low)
    return {"Gateway tidak dapat menyimpan laporan baru; hubungi pengelolanya.",
            "The gateway cannot store new records; call its operator."};
  const auto zone = clock::zone_name(facts.utc_offset);
  if (!totals.outage_since && totals.asked_to_wait_until) {
    const auto time = clock::local_hour_minute(*totals.asked_to_wait_until, facts.utc_offset);
    return {fmt::format("Server nasional meminta jeda sampai {} {}.", time, zone),
            fmt::format("The national server asked to be left alone until {} {}.", time, zone)};
  }
  if (!totals.outage_since) return {"Server nasional melayani.", "The national server is serving."};
  const auto time = clock::local_hour_minute(*totals.outage_since, facts.utc_offset);
  return {fmt::format("Server nasional tidak tersedia sejak {} {}.", time, zone),
          fmt::format("The national server has been unavailable since {} {}.", time, zone)};
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

Sentence sentence(const StatusFacts& facts) {
  const auto totals = add_up(facts);
  auto text = opening(facts, totals);
  for (const auto& each : facts.destinations) {
    if (const auto count = each.gated_facilities.size(); count > 0) {
      text.id +=
          fmt::format(" Pengiriman dari {} faskes ke {} ditahan sampai pengelola membukanya.", count, each.destination);
      text.en +=
          fmt::format(" Sending for {} to {} is held back until the operator resumes it.",
                      count == 1 ? std::string("1 facility") : fmt::format("{} facilities", count), each.destination);
    }
    if (each.drain && each.drain->stands_still) {
      text.id += fmt::format(" Pengiriman laporan lama ke {} sedang dijeda.", each.destination);
      text.en += fmt::format(" Sending the backlog to {} is paused.", each.destination);
    }
    if (!each.gate) continue;
    text.id += fmt::format(" Pengiriman ke {} ditahan sampai pengelola membukanya.", each.destination);
    text.en += fmt::format(" Sending to {} is held back until its operator opens the gate.", each.destination);
  }
  if (totals.pending > 0) {
    text.id +=
        fmt::format(" {} laporan tersimpan aman dan akan dikirim, jangan diinput ulang", grouped(totals.pending, '.'));
    text.en += totals.pending == 1 ? " 1 record is safe here and will be sent, do not enter it again"
                                   : fmt::format(" {} records are safe here and will be sent, do not enter them again",
                                                 grouped(totals.pending, ','));
  } else {
    text.id += " Tidak ada laporan yang menunggu";
    text.en += " No record is waiting";
  }
  if (totals.attention > 0) {
    text.id += fmt::format("; {} perlu diperiksa.", grouped(totals.attention, '.'));
    text.en +=
        fmt::format("; {} {} attention.", grouped(totals.attention, ','), totals.attention == 1 ? "needs" : "need");
  } else {
    text.id += ".";
    text.en += ".";
  }
  const auto deadlines = on_deadlines(facts);
  text.id += deadlines.id;
  text.en += deadlines.en;
  return text;
}

ordered_json status_json(const StatusFacts& facts) {
  const auto words = sentence(facts);
  ordered_json document{{"sentence", {{"id", words.id}, {"en", words.en}}}};
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
      entry["gated_facilities"].push_back({{"facility", facility}, {"since", gate.since}, {"reason", gate.reason}});
    }
    entry["drain"] = each.drain ? drain_json(*each.drain) : ordered_json(nullptr);
    if (each.gate) entry["gate"] = {{"since", each.gate->since}, {"reason", each.gate->reason}};
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
                       {"why_not", facts.store.why_not},
                       {"last_position", facts.store.last_position},
                       {"epoch", facts.store.epoch},
                       {"writer_queue", facts.store.writer_queue}};
  return document;
}

}  // namespace titip::reads
