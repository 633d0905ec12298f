// What a scrape costs with ten million records in custody that came in over ninety days, a few in every minute: the
// copy of the counts, the gauges and the text, as gateway/app_views.cc does it. CPU time, so that neighbours do not
// count.
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <ctime>
#include <vector>

#include "metrics/catalogue.h"
#include "storage/keys.h"
#include "storage/ledger.h"
#include "storage/memory_kv.h"
#include "storage/records.h"

namespace titip::capacity {
namespace {

constexpr std::int64_t minutes = 90 * 24 * 60;
constexpr std::uint64_t submissions = 10'000'000;
constexpr std::int64_t first_minute = 29'000'000;
constexpr const char* destination = "pcare-vaksin";

void pile_up(storage::Kv& kv) {
  using namespace storage;
  KvBatch batch;
  const auto add = [&batch](std::string key, const auto& value) {
    std::string bytes = encode(Place{Family::counts, key}, value);
    batch.push_back({Family::counts, std::move(key), std::move(bytes)});
  };
  DestinationCounts totals;
  totals.accepted = submissions;
  totals.by_state[static_cast<std::size_t>(State::queued)] = submissions;
  add(keys::destination_counts(destination), totals);
  add(keys::attention_count(destination), std::uint64_t{0});
  for (std::int64_t at = 0; at < minutes; ++at)
    add(keys::minute_pending(destination, first_minute + at), submissions / minutes);
  EXPECT_TRUE(kv.commit(batch).has_value());
}

double cpu_ms() {
  timespec now{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return 1e3 * static_cast<double>(now.tv_sec) + 1e-6 * static_cast<double>(now.tv_nsec);
}

TEST(Scrape, of_ten_million_takes_less_than_20_ms) {
  storage::MemoryKv kv;
  pile_up(kv);
  storage::Ledger ledger;
  ASSERT_TRUE(ledger.load(kv).has_value());
  metrics::Registry registry;
  const metrics::DestinationProbes delivery(registry, destination);
  const metrics::IntakeProbes intake(registry);
  metrics::QueueProbes queue(registry, destination);
  metrics::CommitProbes commit(registry);
  metrics::process_metrics(registry);
  const std::chrono::sys_time<std::chrono::milliseconds> now =
      std::chrono::sys_time<std::chrono::minutes>(std::chrono::minutes(first_minute + minutes));
  registry.before_exposition([&] {
    const auto counts = ledger.counts();
    const auto& each = counts.destinations.at(destination);
    for (const auto state : storage::all_states)
      queue.submissions(storage::name(state), each.by_state[static_cast<std::size_t>(state)]);
    queue.ages(each.pending_by_minute, now);
  });
  std::vector<double> took;
  std::string text;
  for (int i = 0; i < 25; ++i) {
    const double before = cpu_ms();
    text = registry.expose();
    took.push_back(cpu_ms() - before);
  }
  std::ranges::sort(took);
  std::printf("scrape: submissions=%llu minutes=%lld bytes=%zu median_ms=%.2f worst_ms=%.2f\n",
              static_cast<unsigned long long>(submissions), static_cast<long long>(minutes), text.size(),
              took[took.size() / 2], took.back());
  EXPECT_TRUE(text.contains("titip_queue_submissions_by_age{age=\"5m\",destination=\"pcare-vaksin\"} 385\n"));
  EXPECT_LT(took[took.size() / 2], 20);
}

}  // namespace
}  // namespace titip::capacity
