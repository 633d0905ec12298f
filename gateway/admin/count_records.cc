#include "gateway/admin/count_records.h"

#include <algorithm>
#include <optional>
#include <vector>

#include "gateway/clock/local_date.h"
#include "storage/waiting_home.h"

namespace titip::admin {
namespace {

bool is_wanted(const QueueWords& words, storage::State state) {
  return words.states.empty() || std::ranges::find(words.states, state) != words.states.end();
}

// These lie in memory.
std::uint64_t by_state(const QueueWords& words, const storage::Counts& counts) {
  std::uint64_t sum = 0;
  for (const auto& [name, each] : counts.destinations) {
    if (!words.destination.empty() && name != words.destination) continue;
    for (const auto state : storage::all_states)
      if (is_wanted(words, state)) sum += each.by_state[static_cast<std::size_t>(state)];
  }
  return sum;
}

std::optional<std::int32_t> day_of(const QueueWords& words) {
  const auto begin = clock::beginning_of(words.day, storage::day_zone);
  if (!begin) return std::nullopt;
  const auto days = std::chrono::floor<std::chrono::days>(begin->time_since_epoch() + storage::day_zone);
  return static_cast<std::int32_t>(days.count());
}

storage::Result<std::uint64_t> by_rows(const QueueWords& words, const Doors& doors) {
  storage::CountQuery query;
  if (!words.destination.empty()) query.destination = words.destination;
  if (query.destination && !words.facility.empty()) query.facility = words.facility;
  storage::WaitingHome home;
  const auto rows =
      home.ask<std::vector<storage::CountRow>>([&](auto done) { doors.store.count(query, home, std::move(done)); });
  if (!rows) return std::unexpected(rows.error());
  const auto day = day_of(words);
  std::uint64_t sum = 0;
  for (const auto& row : *rows) {
    const bool fits = (words.facility.empty() || row.facility == words.facility) &&
                      (words.rule.empty() || row.outcome_rule == words.rule) && (!day || row.day == *day) &&
                      is_wanted(words, row.state);
    if (fits) sum += row.count;
  }
  return sum;
}

storage::Result<CountedRecords> by_looking(const QueueWords& words, const Doors& doors, Telling& telling) {
  const auto of = by_state({}, doors.store.counts());
  storage::ScanQuery query;
  query.filter = filter_of(words);
  query.limit = 1'000;
  query.examine = 10'000;
  storage::WaitingHome home;
  CountedRecords counted;
  for (std::uint64_t examined = 0;;) {
    const auto page =
        home.ask_patiently<storage::ScanPage>([&](auto done) { doors.store.scan(query, home, std::move(done)); });
    if (!page) return std::unexpected(page.error());
    counted.records += page->items.size();
    examined += page->examined;
    if (!page->next) return counted;
    query.after = page->next;
    counted.stopped = !telling.progress({examined, of});
    if (counted.stopped) return counted;
  }
}

}  // namespace

bool counts_know(const QueueWords& words) {
  return !words.from_ms && !words.before_ms;
}

storage::Result<CountedRecords> count_records(const QueueWords& words, const Doors& doors, Telling& telling) {
  if (!counts_know(words)) return by_looking(words, doors, telling);
  if (words.facility.empty() && words.rule.empty() && words.day.empty())
    return CountedRecords{by_state(words, doors.store.counts()), true, false};
  const auto rows = by_rows(words, doors);
  if (rows) return CountedRecords{*rows, true, false};
  // So many rows that the store does not give them at once.
  if (rows.error() == storage::Error::overloaded) return by_looking(words, doors, telling);
  return std::unexpected(rows.error());
}

}  // namespace titip::admin
